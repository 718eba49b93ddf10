"""A container as the rest of the package uses it: its objects, its uploads in blocks, itself."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.azure import blocks, copying
from pulumi_modelstore_provider.azure.client import sdk_credential, service_client
from pulumi_modelstore_provider.azure.connection import AzureConnection
from pulumi_modelstore_provider.azure.failures import asking
from pulumi_modelstore_provider.azure.objects import Blobs
from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.stores.copying import Copied
from pulumi_modelstore_provider.stores.protocol import Body, ListedObject, ObjectStore, OpenUpload, PartSum, StoredPart

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient


class AzureContainer(Blobs):
    """One container through one client. `account_key` is None where a login or a SAS token is used."""

    # Content-MD5 and the blocks' names are taken over from the source, and computed of nothing.
    checksums_copies = False

    def __init__(self, service: BlobServiceClient, bucket: str, connection: AzureConnection, key: str | None) -> None:
        super().__init__(service.get_container_client(bucket), connection.url)
        self._service = service
        self._connection = connection
        self._account_key = key
        self.address = connection.address

    def begin(self, key: str, *, content_type: str, metadata: Mapping[str, str]) -> OpenUpload:
        """Begin an upload in parts."""
        return blocks.begin(self, key, content_type=content_type, metadata=metadata)

    def open_uploads(self, prefix: str) -> Iterator[OpenUpload]:
        """List the uploads under a prefix that were begun and not completed."""
        return blocks.open_uploads(self, prefix)

    def stored_parts(self, upload: OpenUpload) -> dict[int, StoredPart]:
        """Return the parts that the service has, by number; none when the upload is gone."""
        return blocks.stored_parts(self, upload)

    def send_part(self, upload: OpenUpload, number: int, body: Body, *, sums: PartSum | None = None) -> StoredPart:
        """Send one part, checked by the service as it arrives."""
        return blocks.send_part(self, upload, number, body, sums=sums)

    def complete(
        self,
        upload: OpenUpload,
        parts: Sequence[StoredPart],
        *,
        crc32: int | None,  # noqa: ARG002 - the service compares MD5s
        if_absent: bool,
    ) -> None:
        """Commit the parts as the blob."""
        blocks.complete(self, upload, parts, if_absent=if_absent)

    def abort(self, upload: OpenUpload) -> None:
        """Throw an unfinished upload away where that touches nothing else."""
        blocks.abort(self, upload)

    def shares_store_with(self, other: ObjectStore) -> bool:
        """Tell whether `other` is a bucket at the same address."""
        return isinstance(other, AzureContainer) and other.address == self.address

    def copy_from(self, other: ObjectStore, source: ListedObject, copy: Copied) -> None:
        """Have the service copy a blob of `other`."""
        if not isinstance(other, AzureContainer):
            raise StoreRefused("The service copies blobs of its own account alone", on=self.url(copy.key))
        copying.copy_object(self, other, source, copy)

    def bucket_exists(self) -> bool:
        """Tell whether the container is there. Raises StoreRefused when the credentials may not see it."""
        try:
            with asking("Cannot look at the container", on=self.url("")):
                found = self.container.get_container_properties()
        except NotInStore as missing:
            if missing.code != "ContainerNotFound":
                raise
            return False
        if not found.etag:
            raise StoreRefused(
                "Cannot look at the container",
                on=self.url(""),
                answer="an answer without an ETag",
                remedy="Check the endpoint: what answers there is no blob service",
            )
        return True

    def create_bucket(self) -> None:
        """Create the container, closed to the public; one that the account has already is left as it is.

        Names of containers are an account's own, so nobody else can have taken one.
        """
        try:
            with asking("Cannot create the container", on=self.url("")):
                self.container.create_container()
        except StoreRefused as refusal:
            if refusal.code != "ContainerAlreadyExists":
                raise

    def abort_uploads_after(self, days: int) -> None:
        """Do nothing: the service throws uncommitted blocks away a week after the last one, and knows no other term."""

    def log_access(self, target: str | None, prefix: str = "") -> None:  # noqa: ARG002 - the protocol's
        """Refuse: what is logged is a setting of the account. Raises ModelstoreError."""
        raise ModelstoreError(
            "A container has no access log of its own",
            on=self.url(""),
            remedy="Set resource_group, so that the account's diagnostic settings are declared",
        )

    def probe(self, prefix: str) -> None:
        """List one blob."""
        with asking("The container cannot be listed", on=self.url(prefix)):
            for _ in self.container.list_blobs(name_starts_with=prefix, results_per_page=1).by_page():
                return

    def presigned_url(self, key: str, *, seconds: int) -> str:
        """Return a URL that reads the blob without keys, for `seconds`.

        Signed with the account's key, or by a login with a key that the service lends it. Raises ModelstoreError
        with a SAS token, which can sign nothing.
        """
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        now = datetime.datetime.now(datetime.UTC)
        end, https = now + datetime.timedelta(seconds=seconds), self._connection.url.startswith("https:")
        delegated = None
        if self._account_key is None:
            if not hasattr(self._service.credential, "get_token"):
                raise ModelstoreError(
                    "A SAS token cannot sign a URL for somebody else",
                    on=self.url(key),
                    remedy="Use the account's key or a login",
                )
            with asking("Cannot sign a URL", on=self.url(key)):
                # It begins before now, for clocks that go wrong.
                delegated = self._service.get_user_delegation_key(now - datetime.timedelta(minutes=5), end)
        token = generate_blob_sas(
            self._connection.account,
            self.bucket,
            key,
            account_key=self._account_key,
            user_delegation_key=delegated,
            permission=BlobSasPermissions(read=True),
            expiry=end,
            protocol="https" if https else None,
        )
        return f"{self.container.get_blob_client(key).url.partition('?')[0]}?{token}"


def open_bucket(
    connection: AzureConnection,
    bucket: str,
    *,
    credentials: Credentials | None = None,
    config: ConfigLookup | None = None,
    connections: int = 10,
) -> AzureContainer:
    """Return the objects of the container `bucket`; nothing is sent yet.

    `credentials` in the place of what the connection refers to are an access policy's id with its SAS token. Raises
    CredentialsUnavailable when a reference leads nowhere, and ModelstoreError when the SDK or the CA bundle is missing.
    """
    credential = sdk_credential(connection, credentials, config)
    service = service_client(connection, credential, connections=connections)
    return AzureContainer(
        service, bucket, connection, credential["account_key"] if isinstance(credential, dict) else None
    )
