"""What is asked of a store that issues keys: a principal with a scope, and keys of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.credentials import ConfigLookup

Slot: TypeAlias = Literal["even", "odd", "key"]
"""The place of a key in its declaration: one of a pair's two slots, or the only key."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a principal may reach: list, read and, unless `read_only`, write that bucket (under that prefix)."""

    bucket: str
    prefix: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it was issued. The secret part is left out of `repr`."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


class KeyIssuer(Protocol):
    """The administrator's side of a store. Every method raises the errors of `pulumi_modelstore_provider.errors`."""

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Make the principal, or bring it to the scope; return its id in the store.

        `name` is that of the consumer. Calling it again changes nothing.
        """
        ...

    def principal_exists(self, principal: str) -> bool:
        """Tell whether the principal is there."""
        ...

    def delete_principal(self, principal: str, scope: Scope) -> None:
        """Delete the principal and its policy, never a bucket or an object; one that is gone is no error."""
        ...

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of all keys of the principal, whether active or not; none where it is gone."""
        ...

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:
        """Issue a key. One that an interrupted run left for the same slot and generation is replaced or overwritten."""
        ...

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete a key and return once it is of no use; one that is gone is no error."""
        ...

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return the ids of keys that an interrupted run left for this place: `create_key` replaces them."""
        ...


class IssuerSettings(BaseModel, ABC):
    """How the administrator's side of a store is reached: plain settings, credentials by reference."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    scope_makes_principal: ClassVar[bool] = False
    """Whether another scope makes another principal, where its id tells the scope."""

    kind: str

    @property
    @abstractmethod
    def address(self) -> str:
        """What tells one issuer from another: keys and principals of one are unknown to the other."""

    @abstractmethod
    def open(self, config: ConfigLookup | None) -> KeyIssuer:
        """Return the issuer; `config` gives the stack's configuration. Raises CredentialsUnavailable."""
