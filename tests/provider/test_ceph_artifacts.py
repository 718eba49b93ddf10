"""What Ceph 16 does otherwise than S3, and that uploads get along with it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from provider.recording_proxy import Exchange, recording_proxy
from provider.stores import MIB, PREFIX, Store, new_bucket, request_for, write_parts
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA
from pulumi_modelstore_provider.errors import StoreRefused, VersionConflict, WriteConflict
from pulumi_modelstore_provider.stores.protocol import StoredPart

PARTS = [16 * MIB, 16 * MIB, 5]
TEXT = "text/plain"


def test_an_interrupted_upload_goes_on_with_the_parts_that_are_there(ceph_store: Store, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "w.bin", PARTS)
    request = request_for(tmp_path / "m")
    key = f"{version_prefix(PREFIX, request.version)}w.bin"
    objects = ceph_store.objects
    metadata = {SHA256_METADATA: hashlib.sha256(body).hexdigest()}
    begun = objects.begin(key, content_type="application/octet-stream", metadata=metadata)
    objects.send_part(begun, 2, body[16 * MIB : 32 * MIB])
    outcome = upload_version(objects, request)
    assert (outcome.kept, outcome.sent) == (16 * MIB, 16 * MIB + 5)
    assert ceph_store.body(key) == body
    assert list(objects.open_uploads(PREFIX)) == []


def test_conditional_writes(ceph_store: Store) -> None:
    objects = ceph_store.objects
    objects.put("a", b"first", content_type=TEXT, if_absent=True)
    with pytest.raises(WriteConflict):
        objects.put("a", b"second", content_type=TEXT, if_absent=True)
    found = objects.get("a")
    assert found is not None
    body, etag = found
    assert body == b"first"
    # Ceph takes the quotes of an ETag in If-Match for a part of it.
    objects.put("a", b"second", content_type=TEXT, if_etag=etag)
    assert not objects.quotes_etags
    for _ in range(2):
        with pytest.raises(WriteConflict):
            objects.put("a", b"third", content_type=TEXT, if_etag=etag)
    assert ceph_store.body("a") == b"second"


def test_a_lost_race_is_no_sign_of_how_etags_are_compared(ceph_store: Store) -> None:
    objects = ceph_store.objects
    stale = f'"{objects.put("a", b"first", content_type=TEXT).etag}"'
    ceph_store.client.put_object(Bucket=ceph_store.bucket, Key="a", Body=b"theirs")
    with pytest.raises(WriteConflict):
        objects.put("a", b"second", content_type=TEXT, if_etag=stale)
    assert objects.quotes_etags
    assert ceph_store.body("a") == b"theirs"


def test_a_damaged_part_is_refused(ceph_store: Store) -> None:
    upload = ceph_store.objects.begin("a", content_type=TEXT, metadata={})
    assert not upload.uses_crc32
    wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
    place = {"Bucket": ceph_store.bucket, "Key": "a", "UploadId": upload.upload_id, "PartNumber": 1}
    with pytest.raises(ceph_store.client.exceptions.ClientError, match="BadDigest"):
        ceph_store.client.upload_part(**place, Body=b"body", ContentMD5=wrong)
    part = ceph_store.objects.send_part(upload, 1, b"body")
    assert part == StoredPart(1, 4, hashlib.md5(b"body", usedforsecurity=False).hexdigest())
    assert ceph_store.objects.stored_parts(upload) == {1: part}


def test_a_version_that_is_committed_meanwhile_is_not_written_over(ceph_store: Store, tmp_path: Path) -> None:
    """Ceph completes an upload in parts onto an object that came in between, whatever If-None-Match says."""
    theirs = write_parts(tmp_path / "theirs" / "w.bin", PARTS)
    write_parts(tmp_path / "ours" / "w.bin", PARTS, seed=7)
    elsewhere = Store(ceph_store.endpoint, new_bucket(ceph_store.client), ceph_store.client)
    upload_version(elsewhere.objects, request_for(tmp_path / "theirs", "v1"))
    committed: list[str] = []

    def commit_first(exchange: Exchange) -> None:
        if exchange.is_part and not committed:
            # Past the package: an upload of its own would have thrown ours away.
            committed.extend(elsewhere.listed())
            for key in committed:
                source = {"Bucket": elsewhere.bucket, "Key": key}
                ceph_store.client.copy_object(Bucket=ceph_store.bucket, Key=key, CopySource=source)

    with recording_proxy(ceph_store.endpoint) as proxy:
        proxy.before = commit_first
        with pytest.raises(VersionConflict):
            upload_version(ceph_store.via(proxy.endpoint).objects, request_for(tmp_path / "ours", "v1"))
    assert ceph_store.body(f"{version_prefix(PREFIX, 'v1')}w.bin") == theirs
    assert manifest_key(PREFIX, "v1") in ceph_store.listed()


def test_a_signed_url_reads_without_keys(ceph_store: Store) -> None:
    import urllib.request

    ceph_store.objects.put("a b/ü", b"signed", content_type=TEXT)
    with urllib.request.urlopen(ceph_store.objects.presigned_url("a b/ü", seconds=60), timeout=30) as answer:
        assert answer.read() == b"signed"


def test_a_rule_against_stale_uploads_beside_rules_of_others(ceph_store: Store) -> None:
    other = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    place = {"Bucket": ceph_store.bucket}
    ceph_store.client.put_bucket_lifecycle_configuration(**place, LifecycleConfiguration={"Rules": [other]})
    for days in (7, 5):
        ceph_store.objects.abort_uploads_after(days)
    rules = {rule["ID"]: rule for rule in ceph_store.client.get_bucket_lifecycle_configuration(**place)["Rules"]}
    assert set(rules) == {"theirs", "abort-stale-uploads"}
    assert rules["theirs"]["Expiration"] == {"Days": 3}
    assert rules["abort-stale-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 5}


def test_a_region_that_the_store_does_not_have(ceph_store: Store) -> None:
    from pulumi_modelstore_provider.s3.bucket import open_bucket

    connection = ceph_store.connection.model_copy(update={"region": "eu-central-1"})
    with pytest.raises(StoreRefused, match=r"InvalidLocationConstraint.*Check the region"):
        open_bucket(connection, f"{ceph_store.bucket}-eu").create_bucket()
