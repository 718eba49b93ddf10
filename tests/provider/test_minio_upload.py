"""Uploads to MinIO that were interrupted: it lists unfinished uploads by whole keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from provider.recording_proxy import Answer, Exchange, recording_proxy, refusal
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import StoreRefused, WriteConflict
from pulumi_modelstore_provider.s3.multipart import open_uploads

SIZES = [16 * MIB] * 3 + [7]
PASSED = 2


def test_interrupted_upload_goes_on_with_the_parts_that_are_there(minio_store: Store, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "weights" / "w.bin", SIZES)
    request = request_for(tmp_path / "m")
    key = f"{version_prefix(PREFIX, request.version)}weights/w.bin"
    with recording_proxy(minio_store.endpoint) as proxy:

        def stop(exchange: Exchange) -> Answer | None:
            if exchange.is_part and sum(part.answered for part in proxy.parts) >= PASSED:
                return refusal(403, "AccessDenied", "Stopped by the test.")
            return None

        proxy.before = stop
        with pytest.raises(StoreRefused, match="Stopped by the test"):
            upload_version(minio_store.via(proxy.endpoint).objects, request, settings=TransferSettings(concurrency=1))
        assert [upload.key for upload in open_uploads(minio_store.objects, key)] == [key]

        proxy.before = lambda exchange: None
        proxy.exchanges.clear()
        outcome = upload_version(minio_store.via(proxy.endpoint).objects, request)
        assert len(proxy.parts) == len(SIZES) - PASSED
        assert outcome.kept == sum(SIZES[:PASSED])
    assert minio_store.body(key) == body
    assert list(open_uploads(minio_store.objects, key)) == []


def test_unfinished_uploads_are_listed_by_whole_keys_alone(minio_store: Store) -> None:
    """What the package's own look at them is made for; a server that lists by prefix is served by it as well."""
    upload = minio_store.objects.begin("a/b/w.bin", content_type="x/y", metadata={})
    assert [found.upload_id for found in open_uploads(minio_store.objects, "a/b/w.bin")] == [upload.upload_id]
    assert list(open_uploads(minio_store.objects, "a/b/")) == []


def test_object_of_somebody_else_is_not_written_over(minio_store: Store) -> None:
    objects = minio_store.objects
    first = objects.put("a", b"mine", content_type="x/y", metadata={}, if_absent=True)
    with pytest.raises(WriteConflict):
        objects.put("a", b"yours", content_type="x/y", metadata={}, if_absent=True)
    second = objects.put("a", b"mine again", content_type="x/y", metadata={}, if_etag=first.etag)
    with pytest.raises(WriteConflict):
        objects.put("a", b"yours", content_type="x/y", metadata={}, if_etag=first.etag)
    assert second.etag != first.etag
    assert minio_store.body("a") == b"mine again"
