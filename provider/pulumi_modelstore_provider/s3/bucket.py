"""A bucket on an S3 endpoint as the rest of the package uses it: its objects, its uploads in parts, itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.s3 import buckets, copying, multipart
from pulumi_modelstore_provider.s3.client import opened_client
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.s3.direct import DirectRequests, direct_requests
from pulumi_modelstore_provider.s3.failures import asking
from pulumi_modelstore_provider.s3.objects import Objects
from pulumi_modelstore_provider.stores.copying import Copied
from pulumi_modelstore_provider.stores.protocol import Body, ListedObject, ObjectStore, OpenUpload, PartSum, StoredPart


class S3Bucket(Objects):
    """One bucket through one client."""

    checksums_copies = True

    def __init__(
        self,
        client: Any,
        bucket: str,
        *,
        address: str = "",
        region: str = "us-east-1",
        direct: DirectRequests | None = None,
    ) -> None:
        super().__init__(client, bucket, address=address, direct=direct)
        self._region = region

    def begin(self, key: str, *, content_type: str, metadata: Mapping[str, str]) -> OpenUpload:
        """Begin an upload in parts."""
        return multipart.begin(self, key, content_type=content_type, metadata=metadata)

    def open_uploads(self, prefix: str) -> Iterator[OpenUpload]:
        """List the uploads under a prefix that were begun and neither completed nor aborted."""
        return multipart.open_uploads(self, prefix)

    def stored_parts(self, upload: OpenUpload) -> dict[int, StoredPart]:
        """Return the parts that the store has, by number; none when the upload is gone."""
        return multipart.stored_parts(self, upload)

    def send_part(self, upload: OpenUpload, number: int, body: Body, *, sums: PartSum | None = None) -> StoredPart:
        """Send one part, checked by the store as it arrives."""
        return multipart.send_part(self, upload, number, body, sums=sums)

    def complete(self, upload: OpenUpload, parts: Sequence[StoredPart], *, crc32: int | None, if_absent: bool) -> None:
        """Join the parts into the object."""
        multipart.complete(self, upload, parts, crc32=crc32, if_absent=if_absent)

    def abort(self, upload: OpenUpload) -> None:
        """Throw an unfinished upload away."""
        multipart.abort(self, upload)

    def shares_store_with(self, other: ObjectStore) -> bool:
        """Tell whether `other` is a bucket at the same address."""
        return isinstance(other, S3Bucket) and other.address == self.address

    def copy_from(self, other: ObjectStore, source: ListedObject, copy: Copied) -> None:
        """Have the store copy an object of `other`."""
        copying.copy_object(self, other.bucket, source, copy)

    def bucket_exists(self) -> bool:
        """Tell whether the bucket is there."""
        return buckets.exists(self)

    def create_bucket(self) -> None:
        """Create the bucket, unless this account has it."""
        buckets.create(self, region=self._region)

    def abort_uploads_after(self, days: int) -> None:
        """Have the store throw uploads away that were not completed within `days`."""
        buckets.abort_uploads_after(self, days)

    def log_access(self, target: str | None, prefix: str = "") -> None:
        """Have the store write down each access to the bucket, as objects of the bucket `target`; None ends that."""
        buckets.log_access(self, target, prefix)

    def probe(self, prefix: str) -> None:
        """List one object."""
        with asking("The bucket cannot be listed", on=self.url(prefix)):
            self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, MaxKeys=1)

    def presigned_url(self, key: str, *, seconds: int) -> str:
        """Return a URL that reads the object without keys, for `seconds`."""
        with asking("Cannot sign a URL", on=self.url(key)):
            signed: str = self.client.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds
            )
        return signed


def open_bucket(
    connection: S3Connection,
    bucket: str,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
) -> S3Bucket:
    """Return the objects of `bucket`; nothing is sent yet. Raises what `client` raises."""
    opened, session = opened_client(connection, credentials=credentials, config=config, connections=connections)
    direct = direct_requests(opened, bucket, session, connection.verify)
    return S3Bucket(opened, bucket, address=connection.address, region=connection.region, direct=direct)
