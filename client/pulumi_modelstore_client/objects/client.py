"""`ObjectStoreClient`: what a program in a pod uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, ClassVar, Self

from pulumi_modelstore_client.errors import InvalidRequest
from pulumi_modelstore_client.location import Location, unknown_engine
from pulumi_modelstore_client.objects.engine import ObjectEngine, StoredObject, store_prefix
from pulumi_modelstore_client.objects.limits import URL_SECONDS, check_key, url_seconds
from pulumi_modelstore_client.store_client import StoreClient
from pulumi_modelstore_client.time_limits import USUAL, TimeLimits


class ObjectStoreClient(StoreClient):
    """Objects under one prefix of a bucket, safe to share between threads.

    Every method raises a StoreError for what went wrong with the store: StoreUnreachable, AccessRefused, StoreFull.
    """

    PREFIX: ClassVar[str] = "MODELSTORE_OBJECTS"

    def __init__(self, engine: ObjectEngine, *, prefix: str, public: bool) -> None:
        self._engine = engine
        self._prefix = prefix
        self.public = public

    @classmethod
    def at(cls, place: Location, *, limits: TimeLimits = USUAL) -> Self:
        """Return a client of the store at a location: `s3://bucket/prefix` or `azure://container/prefix`."""
        if place.engine not in ("s3", "azure"):
            raise unknown_engine(place, "s3 and azure")
        if place.option("access") not in ("public", "private"):
            raise InvalidRequest(f"{place.variable} does not say access=public or access=private")
        engine: ObjectEngine
        if place.engine == "s3":
            from pulumi_modelstore_client.objects.s3_engine import S3Engine

            engine = S3Engine(place, limits)
        else:
            from pulumi_modelstore_client.objects.azure_engine import AzureEngine

            engine = AzureEngine(place, limits)
        return cls(engine, prefix=store_prefix(place), public=place.option("access") == "public")

    def put(self, key: str, data: bytes | Path | BinaryIO, *, content_type: str | None = None) -> None:
        """Write an object in the place of what is there.

        Args:
            key: such as `reports/a.json`; with the store's prefix at most 1,024 bytes.
            data: bytes, a file's path, or an open file; files are sent in parts.
            content_type: what browsers are told, such as `application/json`.
        """
        check_key(self._prefix, key)
        if isinstance(data, bytearray | memoryview):
            data = bytes(data)
        if not isinstance(data, bytes | Path) and not hasattr(data, "read"):
            remedy = "Give bytes, a Path, or a file that is open for reading; encode text: text.encode()"
            raise InvalidRequest(f"An object cannot be of the type {type(data).__name__}", on=key, remedy=remedy)
        self._engine.put(key, data, content_type)

    def get(self, key: str) -> bytes:
        """Read an object, whole. Raises NotInStore where there is none."""
        check_key(self._prefix, key)
        return self._engine.get(key)

    def download(self, key: str, path: Path) -> None:
        """Read an object into a file, in parts. Raises NotInStore where there is none."""
        check_key(self._prefix, key)
        self._engine.download(key, path)

    def delete(self, key: str) -> None:
        """Delete an object; that it is not there does no harm."""
        check_key(self._prefix, key)
        self._engine.delete(key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Each object whose key begins with `prefix`, sorted by key."""
        return self._engine.list(prefix)

    def url(self, key: str, *, expires_seconds: int = URL_SECONDS) -> str:
        """Return the URL at which a browser reads the object; the store is not asked whether it is there.

        Args:
            key: of the object.
            expires_seconds: how long a private store's URL is good for, 1 to 604,800; with a role's credentials not
                longer than those. A public store's URL has no end.

        Raises:
            AccessRefused: on Azure, where the pod's key is a SAS token, which cannot sign.
        """
        check_key(self._prefix, key)
        seconds = url_seconds(expires_seconds)
        return self._engine.public_url(key) if self.public else self._engine.url(key, seconds)

    def close(self) -> None:
        """Close the connections."""
        self._engine.close()
