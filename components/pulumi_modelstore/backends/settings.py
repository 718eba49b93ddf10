"""What the settings of all backends have in common."""

from __future__ import annotations

from typing import Annotated, Any

import pulumi
from pydantic import BaseModel, ConfigDict, InstanceOf
from pydantic.alias_generators import to_camel

TextInput = Annotated[str | InstanceOf[pulumi.Output[Any]], "a string, or an output of another resource"]


class BackendSettings(BaseModel):
    """Frozen, strict about unknown fields, and loadable from configuration in snake_case or camelCase.

    Constructing one checks only the types; what the values mean is checked by the component that takes them, together
    with its other arguments.
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
