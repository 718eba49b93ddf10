"""Finds the issuer that a resource's `issuer` input asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, TypeAlias

from pydantic import PlainSerializer, PlainValidator, ValidationError

from pulumi_modelstore_provider.keys.protocol import IssuerSettings

_KIND = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def issuer_settings(value: Any) -> IssuerSettings:
    """Return the checked settings: `kind` names the module, whose `Settings` they are.

    Raises ValueError for an unknown kind, and with everything that does not fit.
    """
    if isinstance(value, IssuerSettings):
        return value
    kind = value.get("kind") if isinstance(value, Mapping) else None
    model = _model(kind) if isinstance(kind, str) and _KIND.fullmatch(kind) else None
    if model is None:
        raise ValueError(f"no store of the kind {kind!r} issues keys here")
    try:
        return model.model_validate(value)
    except ValidationError as invalid:
        wrong = [
            f"{'.'.join(map(str, error['loc']))}: {error['msg'].removeprefix('Value error, ')}"
            for error in invalid.errors(include_input=False, include_url=False)
        ]
        raise ValueError("; ".join(wrong)) from None


@cache
def _model(kind: str) -> type[IssuerSettings] | None:
    name = f"{__package__}.{kind.replace('-', '_')}"
    found = getattr(import_module(name), "Settings", None) if find_spec(name) is not None else None
    return found if isinstance(found, type) and issubclass(found, IssuerSettings) else None


Issuer: TypeAlias = Annotated[
    IssuerSettings,
    PlainValidator(issuer_settings),
    PlainSerializer(lambda settings: settings.model_dump(by_alias=True, exclude_none=True)),
]
"""Settings of the issuer that `kind` names."""
