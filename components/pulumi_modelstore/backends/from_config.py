"""A backend chosen by the stack's configuration: `kind` names it, the other keys are its settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import InvalidArguments, Refusal, refuse
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.backends.protocol import Backend

_KIND = re.compile(r"[a-z][a-z0-9-]*")


def backend_from_config(settings: Mapping[str, Any] | str | None = None, *, key: str = "backend") -> Backend:
    """The backend that a stack's configuration asks for.

    Args:
        settings: the settings with their `kind`, such as `{"kind": "aws-s3", "bucket": "models"}`; unset reads the
            object `key` of the project's configuration.
        key: the configuration key, for reading and for messages.

    Raises:
        InvalidArguments: with every unknown, missing or mistyped setting.
    """
    if settings is None:
        settings = pulumi.Config().get(key)
        if settings is None:
            raise _invalid(key, Problem(key, "is not configured", f"Set it with: pulumi config set --path {key}.kind"))
    if isinstance(settings, str):
        try:
            settings = json.loads(settings)
        except ValueError:
            raise _invalid(key, Problem(key, "is no object", f"Set {key}.kind and its settings")) from None
    if not isinstance(settings, Mapping):
        raise _invalid(key, Problem(key, "is no object", f"Set {key}.kind and its settings"))
    kind = settings.get("kind")
    model = _model(kind)
    if model is None:
        found = "is missing" if kind is None else f"{kind!r} is no backend"
        kinds = _kinds()
        close = get_close_matches(str(kind), kinds, n=1)
        remedy = f"Write {close[0]}" if close else f"Choose one of {', '.join(kinds)}"
        raise _invalid(key, Problem("kind", found, remedy))
    given = {str(name): value for name, value in settings.items()}
    problems = model.type_problems(given)
    if problems:
        raise _invalid(key, *problems)
    return cast("Backend", model(**given))


def _invalid(key: str, *problems: Problem) -> InvalidArguments:
    refusal = Refusal("configuration", key, problems)
    # Recorded too: what was refused before would be reported without it.
    refuse(refusal)
    return InvalidArguments([refusal])


def _model(kind: Any) -> type[CheckedSettings] | None:
    """The settings model of a kind: the one in the module of that name whose `kind` it is."""
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        return None
    name = f"{__package__}.{kind.replace('-', '_')}"
    if find_spec(name) is None:
        return None
    for value in vars(import_module(name)).values():
        if isinstance(value, type) and issubclass(value, CheckedSettings) and _kind_of(value) == kind:
            return value
    return None


def _kind_of(model: type[CheckedSettings]) -> str | None:
    field = model.model_fields.get("kind")
    return field.default if field is not None else None


def _kinds() -> list[str]:
    names = (path.stem.replace("_", "-") for path in Path(__file__).parent.glob("*.py"))
    return sorted(name for name in names if _model(name) is not None)
