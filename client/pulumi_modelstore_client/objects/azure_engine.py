"""Objects in a container of Azure Blob Storage.

A pod's key is mostly a SAS token of the container, which cannot sign URLs: those need the account's key, or a login
with which the service gives out a key for signing.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from pulumi_modelstore_client.azure import account_url, asking, connect, is_sas
from pulumi_modelstore_client.errors import AccessRefused, InvalidRequest
from pulumi_modelstore_client.location import Location
from pulumi_modelstore_client.objects.engine import StoredObject, store_prefix
from pulumi_modelstore_client.time_limits import TimeLimits

_AT_ONCE = 8
_SKEW = timedelta(minutes=5)


class AzureEngine:
    """One prefix of a container: `azure://container/prefix?account=name`."""

    def __init__(self, place: Location, limits: TimeLimits) -> None:
        self._account = place.option("account")
        if not self._account:
            raise InvalidRequest(f"{place.variable} does not say account=, the storage account's name")
        self._place, self._prefix = place, store_prefix(place)
        self._service = connect(place, limits)
        self._container = self._service.get_container_client(place.url.netloc)
        self._signing = threading.Lock()
        self._signing_key: Any = None
        self._signing_until = datetime.min.replace(tzinfo=UTC)

    def put(self, key: str, data: bytes | Path | BinaryIO, content_type: str | None) -> None:
        """Write an object in the place of what is there; files in parts."""
        if isinstance(data, Path):
            with data.open("rb") as opened:
                self.put(key, opened, content_type)
            return
        from azure.storage.blob import ContentSettings

        settings = ContentSettings(content_type=content_type) if content_type else None
        with asking("The object could not be written", self._place, on=key):
            self._blob(key).upload_blob(data, overwrite=True, content_settings=settings, max_concurrency=_AT_ONCE)

    def get(self, key: str) -> bytes:
        """Read an object; NotInStore where there is none."""
        with asking("The object could not be read", self._place, on=key):
            content: bytes = self._blob(key).download_blob(max_concurrency=_AT_ONCE).readall()
        return content

    def download(self, key: str, path: Path) -> None:
        """Read an object into a file, in parts; its name comes last."""
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with partial.open("xb") as opened, asking("The object could not be read", self._place, on=key):
                self._blob(key).download_blob(max_concurrency=_AT_ONCE).readinto(opened)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        """Delete an object; that it is not there does no harm."""
        with asking("The object could not be deleted", self._place, on=key):
            try:
                self._blob(key).delete_blob()
            except Exception as error:
                if getattr(error, "error_code", None) != "BlobNotFound":
                    raise

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Each object whose key begins so, sorted by key."""
        with asking("The objects could not be listed", self._place, on=prefix):
            for found in self._container.list_blobs(name_starts_with=self._prefix + prefix):
                yield StoredObject(found.name[len(self._prefix) :], found.size, found.last_modified)

    def url(self, key: str, seconds: int) -> str:
        """A URL with a SAS token of the one object."""
        from azure.storage.blob import generate_blob_sas

        until = datetime.now(UTC) + timedelta(seconds=seconds)
        endpoint = self._place.option("url_endpoint").rstrip("/") or account_url(self._place)
        with asking("The URL could not be signed", self._place, on=key):
            token = generate_blob_sas(
                self._account,
                self._container.container_name,
                self._prefix + key,
                permission="r",
                expiry=until,
                protocol="https" if endpoint.startswith("https:") else None,
                **self._signer(until, key),
            )
        return f"{endpoint}/{self._container.container_name}/{quote(self._prefix + key)}?{token}"

    def public_url(self, key: str) -> str:
        """No store on Azure is public: a container is open as a whole or not at all."""
        raise InvalidRequest("A store on Azure cannot be public", on=key, remedy="Declare it private, and sign URLs")

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def _blob(self, key: str) -> Any:
        name = self._prefix + key
        if "\\" in name or any(part.endswith(".") for part in name.split("/")):
            remedy = "Leave out backslashes, and dots at the end of the name or of a folder: Azure changes them"
            raise InvalidRequest(f"An object cannot be called {key!r} on Azure", remedy=remedy)
        return self._container.get_blob_client(name)

    def _signer(self, until: datetime, key: str) -> dict[str, Any]:
        """What signs a URL that is good until then."""
        if is_sas(self._place):
            raise AccessRefused(
                "The URL could not be signed: the store's key is a SAS token, and a token signs no other",
                on=f"{key}, {self._place.place}",
                remedy="Run the pod with an identity that opens the container in the key's place, or hand out the "
                "content itself",
            )
        if self._place.secret_access_key:
            return {"account_key": self._place.secret_access_key}
        with self._signing:
            if self._signing_until < until:
                # For longer than is asked for: the next URLs are signed with it too.
                now, longest = datetime.now(UTC), timedelta(days=7)
                self._signing_until = min(max(until, now + timedelta(hours=1)) + _SKEW, now + longest)
                self._signing_key = self._service.get_user_delegation_key(now - _SKEW, self._signing_until)
            return {"user_delegation_key": self._signing_key}
