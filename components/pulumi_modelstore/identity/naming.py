"""Names of identities in clouds whose rules for them are narrower than those for components."""

from __future__ import annotations

import hashlib
import re

import pulumi

_DIGITS = 7


def identity_name(name: str, *, longest: int) -> str:
    """A name like the component's, the same in every run and another one in every stack.

    Lower-case letters, digits and hyphens; begins with a letter. Stacks may share a project or a resource group, so a
    digest of project, stack and component follows, as the suffix does in the engine's own names.

    Args:
        name: the component's.
        longest: characters that the cloud takes.
    """
    whole = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}/{name}"
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789")
    return f"{stem[: longest - _DIGITS - 1].strip('-') or 'identity'}-{digest}"
