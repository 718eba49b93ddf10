"""What connections to all stores have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.credentials import parse_reference


class ConnectionSettings(BaseModel):
    """How a store is reached. Fields stand in the subclasses: in their order problems are told."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    no_profiles: ClassVar[str | None] = None
    """Why `profile:` is refused, for a store whose keys are in no AWS configuration."""

    @field_validator("credentials", check_fields=False)
    @classmethod
    def _profiles_are_of_aws(cls, value: str) -> str:
        if cls.no_profiles is not None and parse_reference(value).kind == "profile":
            raise ValueError(cls.no_profiles)
        return value

    def to_inputs(self) -> dict[str, Any]:
        """Return the settings as plain JSON for a resource's `connection` input; what is unset is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)
