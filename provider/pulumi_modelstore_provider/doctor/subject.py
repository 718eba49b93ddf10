"""What is examined: a namespace's place in a store, and the part of it that belongs to the examination."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.stores.protocol import ObjectStore

FOLDER = ".modelstore-doctor/"
"""Where in a namespace all objects of examinations are; nobody else writes there."""

CONTENT = bytes(range(256)) * 4
"""What a probe object holds: 1,024 bytes."""

CONTENT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Namespace:
    """A declared namespace.

    Args:
        kind: of its backend, such as `aws-s3`.
        connection: how its store is reached.
        bucket: name of the bucket or container.
        prefix: the part of the bucket that it takes; empty for all of it.
        other_buckets: names of buckets in the same store that a key to this namespace must not open.
        key_connection: how a reader's key reaches the store, where that differs.
    """

    kind: str
    connection: Connection
    bucket: str
    prefix: str = ""
    other_buckets: Sequence[str] = ()
    key_connection: Connection | None = None


@dataclass
class Subject:
    """A namespace that is being examined, by the deployer's credentials.

    Args:
        namespace: what was declared.
        store: its bucket.
        key: what a reader of the namespace has; None where no such key is at hand.
    """

    namespace: Namespace
    store: ObjectStore
    key: Credentials | None = None
    own: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def folder(self) -> str:
        """The key prefix of all examinations of this namespace."""
        prefix = self.namespace.prefix.strip("/")
        return f"{prefix}/{FOLDER}" if prefix else FOLDER

    def object_key(self, name: str) -> str:
        """The key of a probe object of this examination."""
        return f"{self.folder}{self.own}/{name}"

    def sweep(self) -> int:
        """Remove everything that examinations left, this one and killed ones; return how much that was."""
        uploads = list(self.store.open_uploads(self.folder))
        for upload in uploads:
            self.store.abort(upload)
        keys = [item.key for item in self.store.list(self.folder)]
        if keys:
            self.store.delete(keys)
        return len(uploads) + len(keys)
