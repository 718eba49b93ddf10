"""`ObjectStoreClient`: what a program in a pod uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self
from urllib.parse import quote

from pulumi_modelstore_client.aws import asking, connect
from pulumi_modelstore_client.errors import InvalidRequest
from pulumi_modelstore_client.location import Location, unknown_engine
from pulumi_modelstore_client.objects.limits import URL_SECONDS, object_key, url_seconds
from pulumi_modelstore_client.store_client import StoreClient
from pulumi_modelstore_client.time_limits import USUAL, TimeLimits


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it: its key in the store, bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


class ObjectStoreClient(StoreClient):
    """Objects under one prefix of a bucket, safe to share between threads.

    Every method raises a StoreError for what went wrong with the store: StoreUnreachable, AccessRefused, StoreFull.
    """

    PREFIX: ClassVar[str] = "MODELSTORE_OBJECTS"

    def __init__(self, place: Location, *, limits: TimeLimits = USUAL) -> None:
        if place.engine != "s3":
            raise unknown_engine(place, "s3")
        if place.option("access") not in ("public", "private"):
            raise InvalidRequest(f"{place.variable} does not say access=public or access=private")
        self._place = place
        self._bucket = place.url.netloc
        self._prefix = place.url.path.strip("/") + "/" if place.url.path.strip("/") else ""
        self.public = place.option("access") == "public"
        # Endpoints beside AWS have no host for each bucket, and not all know the checksums of 2024 and later.
        own = bool(place.option("endpoint"))
        config: dict[str, Any] = {"signature_version": "s3v4", "s3": {"addressing_style": "path" if own else "auto"}}
        if own:
            config |= {
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            }
        self._service = connect("s3", place, limits, config=config)
        seen_at = place.option("url_endpoint")
        self._signer = connect("s3", place, limits, endpoint=seen_at, config=config) if seen_at else self._service

    @classmethod
    def at(cls, place: Location, *, limits: TimeLimits = USUAL) -> Self:
        """Return a client of the store at a location: `s3://bucket/prefix`."""
        return cls(place, limits=limits)

    def put(self, key: str, data: bytes | Path | BinaryIO, *, content_type: str | None = None) -> None:
        """Write an object in the place of what is there.

        Args:
            key: such as `reports/a.json`; with the store's prefix at most 1,024 bytes.
            data: bytes, a file's path, or an open file; files are sent in parts.
            content_type: what browsers are told, such as `application/json`.
        """
        whole = object_key(self._prefix, key)
        if not isinstance(data, bytes | bytearray | memoryview | Path) and not hasattr(data, "read"):
            remedy = "Give bytes, a Path, or a file that is open for reading; encode text: text.encode()"
            raise InvalidRequest(f"An object cannot be of the type {type(data).__name__}", on=key, remedy=remedy)
        further = {"ContentType": content_type} if content_type else {}
        with asking("The object could not be written", self._place, on=key):
            if isinstance(data, bytes | bytearray | memoryview):
                self._service.put_object(Bucket=self._bucket, Key=whole, Body=bytes(data), **further)
            elif isinstance(data, Path):
                self._service.upload_file(str(data), self._bucket, whole, ExtraArgs=further)
            else:
                self._service.upload_fileobj(data, self._bucket, whole, ExtraArgs=further)

    def get(self, key: str) -> bytes:
        """Read an object, whole. Raises NotInStore where there is none."""
        whole = object_key(self._prefix, key)
        with asking("The object could not be read", self._place, on=key):
            content: bytes = self._service.get_object(Bucket=self._bucket, Key=whole)["Body"].read()
        return content

    def download(self, key: str, path: Path) -> None:
        """Read an object into a file, in parts. Raises NotInStore where there is none."""
        whole = object_key(self._prefix, key)
        with asking("The object could not be read", self._place, on=key):
            self._service.download_file(self._bucket, whole, str(path))

    def delete(self, key: str) -> None:
        """Delete an object; that it is not there does no harm."""
        whole = object_key(self._prefix, key)
        with asking("The object could not be deleted", self._place, on=key):
            self._service.delete_object(Bucket=self._bucket, Key=whole)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Each object whose key begins with `prefix`, sorted by key."""
        with asking("The objects could not be listed", self._place, on=prefix):
            pages = self._service.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            for page in pages:
                for found in page.get("Contents", []):
                    yield StoredObject(found["Key"][len(self._prefix) :], found["Size"], found["LastModified"])

    def url(self, key: str, *, expires_seconds: int = URL_SECONDS) -> str:
        """Return the URL at which a browser reads the object; the store is not asked whether it is there.

        Args:
            key: of the object.
            expires_seconds: how long a private store's URL is good for, 1 to 604,800; with a role's credentials not
                longer than those. A public store's URL has no end.
        """
        whole = object_key(self._prefix, key)
        seconds = url_seconds(expires_seconds)
        with asking("The URL could not be signed", self._place, on=key):
            if not self.public:
                signed: str = self._signer.generate_presigned_url(
                    "get_object", Params={"Bucket": self._bucket, "Key": whole}, ExpiresIn=seconds
                )
                return signed
        endpoint = self._place.option("url_endpoint") or self._place.option("endpoint")
        if endpoint:
            return f"{endpoint.rstrip('/')}/{self._bucket}/{quote(whole)}"
        region = self._service.meta.region_name
        if "." in self._bucket:
            # No certificate covers a dot within the bucket's part of the host.
            return f"https://s3.{region}.amazonaws.com/{self._bucket}/{quote(whole)}"
        return f"https://{self._bucket}.s3.{region}.amazonaws.com/{quote(whole)}"

    def close(self) -> None:
        """Close the connections."""
        self._service.close()
        self._signer.close()
