"""Objects on AWS S3 and on endpoints that speak S3, such as MinIO, Ceph, Cloudflare R2 and Google Cloud Storage.

The requests are those that all of them know: objects whole and in parts of one size, ranges, ListObjectsV2, deletion of
one object, signatures of version 4. Endpoints beside AWS get no checksum headers, which not all of them know.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from pulumi_modelstore_client.aws import asking, connect
from pulumi_modelstore_client.location import Location
from pulumi_modelstore_client.objects.engine import StoredObject, store_prefix
from pulumi_modelstore_client.time_limits import TimeLimits


class S3Engine:
    """One prefix of a bucket: `s3://bucket/prefix`."""

    def __init__(self, place: Location, limits: TimeLimits) -> None:
        self._place = place
        self._bucket = place.url.netloc
        self._prefix = store_prefix(place)
        own = bool(place.option("endpoint"))
        # Few endpoints beside AWS have a host for each bucket.
        addressing = place.option("addressing") or ("path" if own else "auto")
        config: dict[str, Any] = {"signature_version": "s3v4", "s3": {"addressing_style": addressing}}
        if own:
            config |= {
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            }
        self._service = connect("s3", place, limits, config=config)
        seen_at = place.option("url_endpoint")
        self._signer = connect("s3", place, limits, endpoint=seen_at, config=config) if seen_at else self._service

    def put(self, key: str, data: bytes | Path | BinaryIO, content_type: str | None) -> None:
        """Write an object in the place of what is there; files in parts."""
        whole, further = self._prefix + key, {"ContentType": content_type} if content_type else {}
        with asking("The object could not be written", self._place, on=key):
            if isinstance(data, bytes):
                self._service.put_object(Bucket=self._bucket, Key=whole, Body=data, **further)
            elif isinstance(data, Path):
                self._service.upload_file(str(data), self._bucket, whole, ExtraArgs=further)
            else:
                self._service.upload_fileobj(data, self._bucket, whole, ExtraArgs=further)

    def get(self, key: str) -> bytes:
        """Read an object; NotInStore where there is none."""
        with asking("The object could not be read", self._place, on=key):
            content: bytes = self._service.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
        return content

    def download(self, key: str, path: Path) -> None:
        """Read an object into a file, in parts."""
        with asking("The object could not be read", self._place, on=key):
            self._service.download_file(self._bucket, self._prefix + key, str(path))

    def delete(self, key: str) -> None:
        """Delete an object; that it is not there does no harm."""
        with asking("The object could not be deleted", self._place, on=key):
            self._service.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Each object whose key begins so, sorted by key."""
        with asking("The objects could not be listed", self._place, on=prefix):
            pages = self._service.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            for page in pages:
                for found in page.get("Contents", []):
                    yield StoredObject(found["Key"][len(self._prefix) :], found["Size"], found["LastModified"])

    def url(self, key: str, seconds: int) -> str:
        """A presigned URL."""
        with asking("The URL could not be signed", self._place, on=key):
            signed: str = self._signer.generate_presigned_url(
                "get_object", Params={"Bucket": self._bucket, "Key": self._prefix + key}, ExpiresIn=seconds
            )
        return signed

    def public_url(self, key: str) -> str:
        """The URL without a signature."""
        path = quote(self._prefix + key)
        endpoint = self._place.option("url_endpoint") or self._place.option("endpoint")
        tenant = self._place.option("tenant")
        if endpoint and self._place.option("addressing") == "virtual" and not tenant:
            scheme, _, host = endpoint.rstrip("/").partition("://")
            return f"{scheme}://{self._bucket}.{host}/{path}"
        if endpoint:
            # Ceph takes the tenant from the key that signs: here there is none.
            bucket = f"{tenant}:{self._bucket}" if tenant else self._bucket
            return f"{endpoint.rstrip('/')}/{bucket}/{path}"
        region = self._service.meta.region_name
        host = f"s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
        if "." in self._bucket:
            # No certificate covers a dot within the bucket's part of the host.
            return f"https://{host}/{self._bucket}/{path}"
        return f"https://{self._bucket}.{host}/{path}"

    def close(self) -> None:
        """Close the connections."""
        self._service.close()
        self._signer.close()
