"""Settings models: a value of the wrong type is refused together with everything else that is wrong in the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.arguments.refusal import Refusal, refuse


class CheckedSettings(BaseModel):
    """Frozen, strict about unknown fields, and loadable from configuration in snake_case or camelCase.

    Constructing one checks only the types; what the values mean is checked by the component that takes them, together
    with its other arguments.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        arbitrary_types_allowed=True,
        # A value in the wrong place may be a secret.
        hide_input_in_errors=True,
    )

    _refused: bool = PrivateAttr(default=False)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            refuse(Refusal(type(self).__name__, "", tuple(problems_of(error))))
            # The program goes on, so that what comes after is checked too: it needs an object to pass around.
            stand_in = type(self).model_construct()
            for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
                object.__setattr__(self, slot, getattr(stand_in, slot))
            self._refused = True

    @property
    def refused(self) -> bool:
        """Whether a value was of the wrong type; the object then holds defaults and is good for nothing."""
        return self._refused

    @classmethod
    def type_problems(cls, values: Mapping[str, Any]) -> list[Problem]:
        """What constructing one with these values would refuse."""
        try:
            cls.__pydantic_validator__.validate_python(dict(values), self_instance=cls.__new__(cls))
        except ValidationError as error:
            return problems_of(error)
        return []
