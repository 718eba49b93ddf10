"""URNs and provider references, composed and taken apart by Pulumi's rules."""

from __future__ import annotations

from typing import Final, NamedTuple

from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE
from pulumi_modelstore_sandbox.engine.values import UNKNOWN_STRING

PROVIDER_PREFIX: Final = "pulumi:providers:"


class Urn(NamedTuple):
    """The parts of `urn:pulumi:stack::project::parentType$type::name`."""

    stack: str
    project: str
    qualified_type: str
    """The resource's type after those of its parents, joined by `$`."""
    name: str

    @property
    def type(self) -> str:
        """The resource's own type."""
        return self.qualified_type.rsplit("$", 1)[-1]

    def __str__(self) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


def parse(urn: str) -> Urn:
    """Take a URN apart; the name may hold `::` itself. Raises ValueError for anything else."""
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    if not urn.startswith("urn:pulumi:") or len(parts) != 4:
        raise ValueError(f"not a URN: {urn!r}")
    return Urn(*parts)


def is_urn(text: str) -> bool:
    """Tell whether a text is a URN."""
    return text.startswith("urn:pulumi:") and text.count("::") >= 3


def child(stack: str, project: str, parent: str, resource_type: str, name: str) -> str:
    """Name a resource under its parent; the stack itself is no part of its children's types."""
    parent_type = parse(parent).qualified_type if parent else ""
    if parent_type and parent_type != STACK_TYPE:
        resource_type = f"{parent_type}${resource_type}"
    return str(Urn(stack, project, resource_type, name))


def type_of(urn: str) -> str:
    """Return the type in a URN."""
    return parse(urn).type


def name_of(urn: str) -> str:
    """Return the name in a URN."""
    return parse(urn).name


def package_of(resource_type: str) -> str:
    """Return the package of a type token (`aws:s3/bucket:Bucket` is of `aws`); of a provider type, what it provides."""
    if resource_type.startswith(PROVIDER_PREFIX):
        return resource_type.removeprefix(PROVIDER_PREFIX)
    return resource_type.split(":", 1)[0]


def is_provider(resource_type: str) -> bool:
    """Tell whether the type is that of a provider."""
    return resource_type.startswith(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Tell whether the URN is that of a provider which the engine registered by itself."""
    if PROVIDER_PREFIX not in urn:
        return False
    parts = parse(urn)
    return is_provider(parts.type) and (parts.name == "default" or parts.name.startswith("default_"))


class ProviderReference(NamedTuple):
    """Which provider manages a resource, as `urn::id` in requests and in the state."""

    urn: str
    id: str
    """`UNKNOWN_STRING` in a preview that would create the provider."""

    @property
    def known(self) -> bool:
        """Whether the provider exists already."""
        return self.id != UNKNOWN_STRING

    def __str__(self) -> str:
        return f"{self.urn}::{self.id}"


def parse_reference(reference: str) -> ProviderReference:
    """Take `urn::id` apart. Raises ValueError for anything else."""
    urn, separator, identity = reference.rpartition("::")
    if not separator or not is_urn(urn):
        raise ValueError(f"not a provider reference: {reference!r}")
    return ProviderReference(urn, identity)
