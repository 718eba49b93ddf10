"""The objects of one container: block blobs, written at once where they are small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pulumi_modelstore_provider.azure.blocks import again_where_damaged, committed_sums
from pulumi_modelstore_provider.azure.failures import asking
from pulumi_modelstore_provider.errors import NotInStore
from pulumi_modelstore_provider.metering import pass_at_once
from pulumi_modelstore_provider.stores.in_turn import InTurn
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectHead, PartSum, PutReceipt, StoreSums
from pulumi_modelstore_provider.stores.ranges import RangeAnswer, ends_before, fill

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

_PIECE = 16 << 20
"""Bytes asked for at once when a range is read."""


class Blobs(InTurn):
    """One container's blobs through one client."""

    sends_from_memory = False
    wanted_sums: frozenset[Literal["md5", "crc32c"]] = frozenset({"md5"})

    def __init__(self, container: ContainerClient, url: str) -> None:
        self.container = container
        self._url = url

    @property
    def bucket(self) -> str:
        """The container's name."""
        return str(self.container.container_name)

    def url(self, key: str) -> str:
        """Return how messages name a blob: its URL."""
        return f"{self._url}/{self.bucket}/{key}"

    def head(self, key: str) -> ObjectHead | None:
        """Return what the service knows of a blob, its blocks' MD5s included; None if it is not there."""
        try:
            with asking("Cannot look at the object", on=self.url(key)):
                found = self.container.get_blob_client(key).get_blob_properties()
        except NotInStore as missing:
            _refuse_without_container(missing)
            return None
        sums = committed_sums(self, key, _hex(found.content_settings.content_md5))
        return ObjectHead(int(found.size), _bare(found.etag), found.metadata or {}, sums)

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return a small blob's bytes and its ETag as the service wrote it; None if it is not there."""
        try:
            with asking("Cannot read the object", on=self.url(key)):
                found = self.container.download_blob(key)
                return found.readall(), str(found.properties.etag)
        except NotInStore as missing:
            _refuse_without_container(missing)
            return None

    def stream(self, key: str, chunk: int = 1 << 20) -> Iterator[bytes]:
        """Read a blob piece by piece."""
        with asking("Cannot read the object", on=self.url(key)):
            for piece in self.container.download_blob(key).chunks():
                for start in range(0, len(piece), chunk):
                    yield piece[start : start + chunk]

    def read_into(self, key: str, offset: int, buffer: memoryview, *, etag: str | None = None) -> None:
        """Fill all of `buffer` with the blob's bytes from `offset` on."""

        def ask(start: int, room: memoryview) -> RangeAnswer:
            # The SDK holds an answer in memory as a whole.
            length = min(len(room), _PIECE)
            with asking("Cannot read the object", on=self.url(key)):
                found = self.container.download_blob(key, start, length, max_concurrency=1)
                body = found.readall()
            if len(body) < length:
                raise ends_before(self.url(key), start + length)
            room[: len(body)] = body
            return RangeAnswer(len(body), _bare(found.properties.etag))

        fill(ask, self.url(key), offset, buffer, etag)

    def put(
        self,
        key: str,
        body: bytes | bytearray | memoryview,
        *,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
        if_etag: str | None = None,
        sums: PartSum | None = None,  # noqa: ARG002 - the SDK computes the MD5 that it sends
    ) -> PutReceipt:
        """Write a small blob, whose MD5 the service checks as it arrives.

        Raises WriteConflict when `if_absent` or `if_etag` was given and somebody else was there first.
        """
        from azure.core import MatchConditions
        from azure.storage.blob import ContentSettings

        condition: dict[str, Any] = {}
        if if_etag and not if_absent:
            condition = {"etag": if_etag, "match_condition": MatchConditions.IfNotModified}

        whole = bytes(body)
        pass_at_once(len(whole))

        def send() -> dict[str, Any]:
            with asking("Cannot write the object", on=self.url(key)):
                return self.container.get_blob_client(key).upload_blob(
                    whole,
                    length=len(whole),
                    overwrite=not if_absent,
                    metadata=dict(metadata or {}),
                    content_settings=ContentSettings(content_type=content_type),
                    validate_content=True,
                    **condition,
                )

        answer = again_where_damaged(send)
        return PutReceipt(_bare(answer["etag"]), StoreSums(md5=_hex(answer.get("content_md5"))))

    def list(self, prefix: str) -> Iterator[ListedObject]:
        """List all blobs under a prefix, in the order of their names."""
        with asking("Cannot list the objects", on=self.url(prefix)):
            for item in self.container.list_blobs(name_starts_with=prefix):
                yield ListedObject(item.name, int(item.size), _bare(item.etag), item.last_modified)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete blobs, with their snapshots; those that are not there are no error."""
        for key in keys:
            try:
                with asking("Cannot delete the object", on=self.url(key)):
                    self.container.delete_blob(key, delete_snapshots="include")
            except NotInStore as missing:
                _refuse_without_container(missing)


def _refuse_without_container(missing: NotInStore) -> None:
    """Pass over a blob that is not there; a container that is not there is another matter."""
    if missing.code in ("ContainerNotFound", "ResourceNotFound"):
        raise missing


def _bare(etag: str) -> str:
    return etag.strip('"')


def _hex(md5: bytearray | None) -> str | None:
    return bytes(md5).hex() if md5 else None
