"""A bucket of Cloud Storage as the rest of the package uses it: its objects, its uploads in parts, itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.gcs import buckets, composing, copying, signing
from pulumi_modelstore_provider.gcs.client import client
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.gcs.objects import Objects
from pulumi_modelstore_provider.stores.copying import Copied
from pulumi_modelstore_provider.stores.protocol import Body, ListedObject, ObjectStore, OpenUpload, PartSum, StoredPart


class GcsBucket(Objects):
    """One bucket through one client."""

    checksums_copies = True

    def __init__(
        self,
        client: Any,
        bucket: str,
        *,
        address: str = "",
        project: str | None = None,
        location: str | None = None,
        connections: int = 10,
    ) -> None:
        super().__init__(client, bucket, address=address, connections=connections)
        self._project = project
        self._location = location

    def begin(self, key: str, *, content_type: str, metadata: Mapping[str, str]) -> OpenUpload:
        """Begin an upload in parts."""
        return composing.begin(self, key, content_type=content_type, metadata=metadata)

    def open_uploads(self, prefix: str) -> Iterator[OpenUpload]:
        """List the uploads under a prefix that were begun and neither completed nor aborted."""
        return composing.open_uploads(self, prefix)

    def stored_parts(self, upload: OpenUpload) -> dict[int, StoredPart]:
        """Return the parts that the store has, by number; none when the upload is gone."""
        return composing.stored_parts(self, upload)

    def send_part(self, upload: OpenUpload, number: int, body: Body, *, sums: PartSum | None = None) -> StoredPart:
        """Send one part, checked by the store as it arrives."""
        return composing.send_part(self, upload, number, body, sums=sums)

    def complete(self, upload: OpenUpload, parts: Sequence[StoredPart], *, crc32: int | None, if_absent: bool) -> None:  # noqa: ARG002 - the store knows no CRC32
        """Join the parts into the object."""
        composing.complete(self, upload, parts, if_absent=if_absent)

    def abort(self, upload: OpenUpload) -> None:
        """Throw an unfinished upload away."""
        composing.abort(self, upload)

    def shares_store_with(self, other: ObjectStore) -> bool:
        """Tell whether `other` is a bucket at the same address."""
        return isinstance(other, GcsBucket) and other.address == self.address

    def copy_from(self, other: ObjectStore, source: ListedObject, copy: Copied) -> None:
        """Have the store copy an object of `other`."""
        copying.copy_object(self, other.bucket, source, copy)

    def bucket_exists(self) -> bool:
        """Tell whether the bucket is there."""
        return buckets.exists(self)

    def create_bucket(self) -> None:
        """Create the bucket, unless this project has it."""
        buckets.create(self, project=self._project, location=self._location)

    def abort_uploads_after(self, days: int) -> None:
        """Have the store throw uploads away that were not completed within `days`."""
        buckets.abort_uploads_after(self, days)

    def log_access(self, target: str | None, prefix: str = "") -> None:
        """Have the store write down each access to the bucket, as objects of the bucket `target`; None ends that."""
        buckets.log_access(self, target, prefix)

    def probe(self, prefix: str) -> None:
        """List one object."""
        next(self.listed(prefix, "name", most=1), None)

    def presigned_url(self, key: str, *, seconds: int) -> str:
        """Return a URL that reads the object without keys, for `seconds`."""
        return signing.presigned_url(self, key, seconds=seconds)


def open_bucket(
    connection: GcsConnection,
    bucket: str,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
) -> GcsBucket:
    """Return the objects of `bucket`; nothing is sent yet. Raises what `client` raises."""
    return GcsBucket(
        client(connection, credentials=credentials, config=config, connections=connections),
        bucket,
        address=connection.address if connection.endpoint else "",
        project=connection.project,
        location=connection.location,
        connections=connections,
    )
