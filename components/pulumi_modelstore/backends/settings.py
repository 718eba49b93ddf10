"""What the settings of all backends have in common."""

from __future__ import annotations

from typing import Annotated, Any

import pulumi
from pydantic import PlainValidator

from pulumi_modelstore.arguments.settings import CheckedSettings


def _text_or_output(value: Any) -> Any:
    if not isinstance(value, str | pulumi.Output):
        raise ValueError(f"{type(value).__name__} is no text")  # noqa: TRY004 - pydantic collects ValueErrors only
    return value


TextInput = Annotated[str | pulumi.Output[Any], PlainValidator(_text_or_output)]
"""A string, or an output of another resource."""


class BackendSettings(CheckedSettings):
    """Settings of one storage system."""
