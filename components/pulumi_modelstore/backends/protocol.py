"""What a storage system gives: all that the components know of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.access_log import AccessLog

Role = Literal["even", "odd", "key"]
"""The place of a key in its declaration: one of a pair's two slots, or the only key."""


@dataclass(frozen=True)
class DeclaredBucket:
    """A namespace's bucket (or container) as resources of the stack.

    Args:
        name: its name, for what is stored in it.
        guarded_by: resources after which it may be written to: the bucket and the settings that protect it.
    """

    name: pulumi.Input[str]
    guarded_by: Sequence[pulumi.Resource]


@dataclass(frozen=True)
class KeySlot:
    """One key that is to exist.

    Args:
        role: its place; the resource is named after it.
        generation: raised to have another key in the same place.
    """

    role: Role
    generation: int


@dataclass(frozen=True)
class KeyRequest:
    """Keys for one principal.

    Args:
        name: of the component that asks; resources are named `<name>-<role>`.
        parent: that component.
        bucket: what the keys open.
        prefix: the part of the bucket they open; empty for all of it.
        read_only: whether they may only list and read.
        slots: which keys, one or two.
        after: resources that must be in place before a key is made.
        after_bucket: the bucket and its settings, for stores where a principal's policy is the bucket's.
        namespace: name of the storage namespace, for messages.
    """

    name: str
    parent: pulumi.Resource
    bucket: pulumi.Input[str]
    prefix: str
    read_only: bool
    slots: Sequence[KeySlot]
    after: Sequence[pulumi.Resource] = ()
    after_bucket: Sequence[pulumi.Resource] = ()
    namespace: str = ""


@dataclass(frozen=True)
class IssuedKey:
    """One key. The secret part is an output marked secret."""

    access_key_id: pulumi.Input[str]
    secret_access_key: pulumi.Input[str] = field(repr=False)


@dataclass(frozen=True)
class ObjectAddress:
    """Where `ObjectStoreClient` finds a bucket: `<scheme>://bucket/...?<options>`.

    Args:
        scheme: what it speaks there: `s3` or `azure`.
        options: further settings in the URL, none of them a secret; None is left out.
        endpoint: URL of the service, where options do not lead to it.
    """

    scheme: Literal["azure", "s3"]
    options: Mapping[str, str | None]
    endpoint: pulumi.Input[str] | None = None


@dataclass(frozen=True)
class KServeSecret:
    """The Secret that KServe's storage initializer reads for a backend; the data is in clear, not yet in base64."""

    annotations: Mapping[str, pulumi.Input[str]]
    data: Mapping[str, pulumi.Input[str]] = field(repr=False)


@runtime_checkable
class Backend(Protocol):
    """Settings of one storage system, and the resources that they turn into."""

    @property
    def kind(self) -> str:
        """Its name in configuration: that of its module, with hyphens."""
        ...

    @property
    def issues_keys(self) -> bool:
        """Whether the stack can make keys there, or only take those that the user brings along."""
        ...

    @property
    def bucket(self) -> pulumi.Input[str]:
        """Name of the bucket or container."""
        ...

    @property
    def prefix(self) -> str:
        """The part of the bucket that the namespace takes; empty for all of it."""
        ...

    @property
    def region(self) -> str:
        """Where the bucket is."""
        ...

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        ...

    def endpoint_url(self) -> pulumi.Input[str]:
        """The URL at which clients find the store."""
        ...

    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""
        ...

    def key_connection(self) -> pulumi.Input[dict[str, Any]]:
        """The connection with which an issued key is tried."""
        ...

    def audit_problems(self, audit: AccessLog) -> list[Problem]:
        """What stands against the access log, seen from the namespace's argument `audit`."""
        ...

    def declare_bucket(
        self, name: str, parent: pulumi.Resource, *, adopt: bool, audit: AccessLog | None
    ) -> DeclaredBucket:
        """Declare the bucket `<name>-bucket` of the namespace `name` with its protection and, if asked for, its log.

        Where `adopt` is true it is read, nothing is changed about it, and there is no `audit`.
        """
        ...

    def adoption_problems(self) -> list[Problem]:
        """What stands against taking the bucket as it is, seen from the namespace's argument `backend`."""
        ...

    def public_problems(self, path: str) -> list[Problem]:
        """What stands against letting anybody read the objects below a path of the namespace."""
        ...

    def key_problems(self, name: str) -> list[Problem]:
        """What stands against issuing keys for the component `name`."""
        ...

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare a principal with the asked-for keys, no more than those two."""
        ...

    @property
    def opens_by_identity(self) -> bool:
        """Whether a pod's own role or identity can take the place of a key."""
        ...

    def object_problems(self) -> list[Problem]:
        """What stands against objects of applications, seen from `ObjectStore`'s argument `namespace`."""
        ...

    def object_address(self) -> ObjectAddress:
        """Where a pod with such a key or identity finds the bucket."""
        ...

    def uri(self, key: str) -> pulumi.Input[str]:
        """The storage URI that KServe takes for an object or for a prefix that ends in a slash."""
        ...

    def kserve_secret(self, key: IssuedKey) -> KServeSecret:
        """The Secret with which KServe reads from here."""
        ...
