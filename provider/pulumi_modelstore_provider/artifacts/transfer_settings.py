"""How hard an upload or a download may use the network: requests at once, and bytes a second."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.errors import ModelstoreError

USUAL_CONCURRENCY = 8
"""Requests under way at once: beyond eight connections a loopback store was no faster."""

CONCURRENCY_VARIABLE = "MODELSTORE_TRANSFER_CONCURRENCY"
RATE_LIMIT_VARIABLE = "MODELSTORE_TRANSFER_RATE_LIMIT"

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?(?:/s)?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_NO_LIMIT = {"", "none", "0"}


def _bytes_a_second(value: Any) -> Any:
    """Read `200MB/s`; anything that is no text is left to the type's own check."""
    if not isinstance(value, str):
        return value
    found = _RATE.fullmatch(value.strip())
    if found is None:
        raise ValueError("write bytes a second as a number, or like '200MB/s' or '1.5GiB/s'")
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])


class TransferSettings(BaseModel):
    """Limits of one upload or download.

    Args:
        concurrency: requests under way at once, 1 to 64.
        rate_limit: bytes a second over all of them, at least 1024; a number, or text like `200MB/s` (powers of 1000)
            or `1.5GiB/s` (of 1024). None for no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    concurrency: int = Field(default=USUAL_CONCURRENCY, ge=1, le=64)
    rate_limit: Annotated[int, BeforeValidator(_bytes_a_second), Field(ge=1024)] | None = None

    def to_inputs(self) -> dict[str, Any]:
        """Return the settings as a resource's input; what is unset is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


def in_force(settings: TransferSettings | None, *, environment: Mapping[str, str] = os.environ) -> TransferSettings:
    """Return what holds on this machine: its environment's variables go before `settings`, which go before defaults.

    `MODELSTORE_TRANSFER_CONCURRENCY` and `MODELSTORE_TRANSFER_RATE_LIMIT` (`none` lifts a limit). Raises
    ModelstoreError for a variable that makes no sense.
    """
    found = settings or TransferSettings()
    for name, field in ((CONCURRENCY_VARIABLE, "concurrency"), (RATE_LIMIT_VARIABLE, "rate_limit")):
        text = environment.get(name)
        if text is None:
            continue
        lifted = field == "rate_limit" and text.strip().lower() in _NO_LIMIT
        try:
            found = TransferSettings.model_validate({**found.model_dump(), field: None if lifted else text})
        except ValidationError as invalid:
            reason = invalid.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
            raise ModelstoreError(
                f"The environment variable {name} cannot be used: {text!r}: {reason}",
                remedy="Correct or remove it",
            ) from None
    return found
