"""The stack's configuration as the program sees it: for `config:` references, and for the package's own settings."""

from __future__ import annotations

import os
from typing import Any

import pulumi

_NAMESPACE = "modelstore"
_TRUE = {"1", "true", "yes", "on"}


def configured(key: str) -> Any:
    """A value of the stack's configuration in clear, or None; a key without a colon is the project's own.

    The same look-up that the provider's process has, for what is read while the program runs.
    """
    namespace, separator, name = key.rpartition(":")
    return pulumi.Config(namespace if separator else None).get(name)


def setting(name: str) -> str | None:
    """A setting of this package, `modelstore:<name>` in the stack's configuration."""
    return pulumi.Config(_NAMESPACE).get(name)


def flag(name: str, *, variable: str) -> bool:
    """Whether a setting is on: `modelstore:<name>`, or the environment's variable, which goes before it."""
    text = os.environ.get(variable)
    if text is None:
        text = setting(name)
    return text is not None and text.strip().lower() in _TRUE
