"""What the one stack's tests need of a storage backend: a store that runs, and its administrator.

A backend's rig is `rigs/<module>.py`, named as the backend's module, with

    @contextmanager
    def rig(tools: RigTools) -> Iterator[Rig]

which starts the server or takes the one of a fixture, and skips with the reason where it cannot be had. A store that
speaks S3 derives its rig from `s3_rig.S3Rig`, which leaves it the administration of keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest


class Denied(Exception):
    """The store refused what a key asked for: the key is unknown, deleted, or not allowed to."""


@dataclass(frozen=True)
class StoreKey:
    """A key as `AccessKeyPair` publishes it: S3's pair, a policy id and its SAS token, an e-mail and its JSON key."""

    access_key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Deployed:
    """A resource of a deployed stack, from its exported state; secrets in it are sealed."""

    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]


class Stack(tuple[Deployed, ...]):
    """The resources of a deployed stack."""

    __slots__ = ()

    def of_type(self, suffix: str) -> list[Deployed]:
        """Those whose type ends in `suffix`, such as `:Principal` or `iam/user:User`."""
        return [resource for resource in self if resource.type.endswith(suffix)]


@dataclass(frozen=True)
class RigTools:
    """What a rig is given.

    Args:
        folder: an empty folder of its own, for logs, data and stand-in plugins.
        request: of the module-scoped fixture that the rig becomes.
    """

    folder: Path
    request: pytest.FixtureRequest = field(repr=False)

    def fixture(self, name: str) -> Any:
        """The value of a session- or module-scoped fixture, such as the server that other tests use too."""
        return self.request.getfixturevalue(name)


class Rig(Protocol):
    """One backend's store. All methods act as its administrator, past the package, unless they take a key."""

    @property
    def kind(self) -> str:
        """The backend's name in configuration, such as `ceph-rgw`."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables for `modelstore sandbox`: what `env:` references name, emulators, where AWS is."""
        ...

    @property
    def path(self) -> Sequence[Path]:
        """Folders with stand-in plugins; they come first on PATH."""
        ...

    @property
    def configuration(self) -> Mapping[str, Any]:
        """The stack's configuration beside `backend`, by full key: `gcp:project` and the like. Mostly empty."""
        ...

    @property
    def issues_keys(self) -> bool:
        """Whether the stack makes keys here; false where they are brought along."""
        ...

    @property
    def holds_prefixes(self) -> bool:
        """Whether a key can be held to a part of the bucket."""
        ...

    @property
    def cannot_create(self) -> str | None:
        """Why the bucket is always adopted here, where the server does not know what the backend declares with one."""
        ...

    def settings(self, bucket: str) -> dict[str, Any]:
        """The configuration's `backend` for that bucket: `kind` and its settings, credentials by reference."""
        ...

    def make_bucket(self, bucket: str) -> None:
        """Create it as the same owner would in the store's console: to be adopted, or to be the other bucket."""
        ...

    def remove(self, bucket: str) -> None:
        """Delete the bucket with its objects; one that is not there is no error."""
        ...

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object."""
        ...

    def objects(self, bucket: str) -> dict[str, str]:
        """Every object by key, with the SHA-256 (hex) of what is read from the store now, not of a recorded sum."""
        ...

    def key_ids(self) -> set[str] | None:
        """Ids of all live keys in the store, in the form of `key_id`; None where nobody can list them."""
        ...

    def key_id(self, key: StoreKey) -> str:
        """What `key_ids`, the state and error messages call a key: mostly its `access_key_id`."""
        ...

    def principals(self) -> set[str] | None:
        """Names or ids of the principals that own keys; None where keys have none."""
        ...

    def bring_key(self, bucket: str) -> StoreKey | None:
        """A new read-only key to that bucket, made in the store's console; None where the backend issues keys."""
        ...

    def add_key(self, stack: Stack) -> str | None:
        """Give the stack's principal one more key behind its back, and return its id; None where keys are brought."""
        ...

    def drop_key(self, key_id: str) -> None:
        """Delete a key of `bring_key` or `add_key`; gone is no error. The store refuses it when this returns."""
        ...

    def key_of_secret(self, data: Mapping[str, str]) -> StoreKey:
        """The key in the Kubernetes Secret that the stack declares; `data` is decoded from base64."""
        ...

    def read(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        """An object, by the store's own SDK with that key alone, tried once; raises Denied. A loop calls it."""
        ...

    def read_by_tool(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        """The same by the command line a user has: the AWS CLI for S3; where the store's cannot be had, `read`."""
        ...

    def write(self, bucket: str, key: str, body: bytes, credentials: StoreKey) -> None:
        """Write an object with that key, tried once; raises Denied."""
        ...

    def pod_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Added to what KServe's controller sets, so that its initializer reaches this server instead of the cloud's.

        Args:
            environment: what the controller sets from ServiceAccount and Secret; its values win over what is added,
                except for the address where a real name has to lead to the loopback.
        """
        ...
