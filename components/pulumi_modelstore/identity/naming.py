"""Names of principals in stores and clouds that several stacks may share."""

from __future__ import annotations

import hashlib
import re

import pulumi

_DIGITS = 7


def principal_name(name: str) -> str:
    """The component's name with a digest of project and stack, as the engine's own names end with a suffix.

    Without it two stacks with a consumer of one name in one bucket would share a principal, and its policy.
    """
    return f"{name}-{_digest(name)}"


def identity_name(name: str, *, longest: int) -> str:
    """A name like the component's, the same in every run and another one in every stack.

    Lower-case letters, digits and hyphens; begins with a letter. A digest follows as in `principal_name`.

    Args:
        name: the component's.
        longest: characters that the cloud takes.
    """
    digest = _digest(name)
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789")
    return f"{stem[: longest - _DIGITS - 1].strip('-') or 'identity'}-{digest}"


def _digest(name: str) -> str:
    # Without the organization: a stack that is handed from one state backend to another keeps its principals.
    whole = f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}"
    return hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]
