"""Versions on Google Cloud Storage: what arrives, how it is verified, what a second run does."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from provider.stores import MIB, PREFIX, request_for, write_parts
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.tags import TagPlace, delete_tag, put_tag, resolve_tag, tags_to
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import InvalidTag, UploadCorrupted, VersionConflict
from pulumi_modelstore_provider.gcs.bucket import GcsBucket, open_bucket
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.stores.protocol import OpenUpload, StoredPart
from servers.gcs import GcsServer

# All are above the SDK's 8 MiB, and so sent in the same way.
SIZES = [16 * MIB] * 3 + [9 * MIB]
PASSED = 2
NAMES = ["plain.txt", "a b.txt", "100%.txt", "%20.txt", "ünï-模型.json", "sub/deep/x.bin", "q'&<>\".txt", "a#b?c.txt"]
UPLOADER = """
import sys
from pathlib import Path
from provider.stores import request_for
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.gcs.bucket import open_bucket
from pulumi_modelstore_provider.gcs.connection import GcsConnection
connection = GcsConnection(endpoint=sys.argv[1], credentials="env:GCS")
settings = TransferSettings(concurrency=1)
upload_version(open_bucket(connection, sys.argv[2]), request_for(Path(sys.argv[3])), settings=settings)
"""


@pytest.fixture
def connection(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> GcsConnection:
    for name, value in gcs.environment().items():
        monkeypatch.setenv(name, value)
    return GcsConnection(endpoint=gcs.endpoint, project=gcs.project, credentials="env:GCS")


@pytest.fixture
def bucket(gcs: GcsServer, connection: GcsConnection) -> Iterator[GcsBucket]:
    made = open_bucket(connection, f"upload-{secrets.token_hex(6)}")
    made.create_bucket()
    yield made
    gcs.front.before = lambda method, path: None
    gcs.front.damages = 0
    # The emulator keeps content in memory.
    made.delete([item.key for item in made.list("")])


def body_of(bucket: GcsBucket, key: str) -> bytes:
    return b"".join(bucket.stream(key))


def test_every_name_arrives_byte_for_byte(bucket: GcsBucket, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / "m" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "m" / name).write_bytes(name.encode() * 100)
    (tmp_path / "m" / "empty").touch()
    request = request_for(tmp_path / "m")
    outcome = upload_version(bucket, request)
    prefix = version_prefix(PREFIX, request.version)
    for name in NAMES:
        assert body_of(bucket, f"{prefix}{name}") == name.encode() * 100
        head = bucket.head(f"{prefix}{name}")
        assert head is not None
        assert head.metadata == {"sha256": hashlib.sha256(name.encode() * 100).hexdigest()}
    assert body_of(bucket, f"{prefix}empty") == b""
    assert outcome.methods == {"CRC32C": len(NAMES) + 1}
    assert upload_version(bucket, request).receipts == ()


def test_large_file_in_parts(bucket: GcsBucket, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "w.safetensors", SIZES)
    request = request_for(tmp_path / "m")
    outcome = upload_version(bucket, request)
    assert body_of(bucket, f"{version_prefix(PREFIX, request.version)}w.safetensors") == body
    assert outcome.methods == {"CRC32C": 1}
    assert (outcome.sent, outcome.kept) == (len(body), 0)
    assert len(list(bucket.list(""))) == 2


def killed_upload(gcs: GcsServer, bucket: GcsBucket, folder: Path) -> None:
    """Upload in another process, let PASSED parts through, and kill it at the next."""
    over, third = threading.Event(), threading.Event()
    parts = 0

    def hold(method: str, path: str) -> None:
        nonlocal parts
        if method == "PUT" and "part-" in path:
            parts += 1
            if parts > PASSED:
                third.set()
                over.wait(60)
                raise ConnectionError

    gcs.front.before = hold
    command = [sys.executable, "-c", UPLOADER, gcs.endpoint, bucket.bucket, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, env=environment)
    deadline = time.monotonic() + 60
    while not third.wait(0.05):
        assert process.poll() is None, "the upload ended before it was killed"
        assert time.monotonic() < deadline, "the parts did not arrive"
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    over.set()
    gcs.front.before = lambda method, path: None


def test_killed_upload_resumes_from_another_folder(
    gcs: GcsServer, bucket: GcsBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = write_parts(tmp_path / "m" / "w.bin", SIZES)
    killed_upload(gcs, bucket, tmp_path / "m")
    (upload,) = bucket.open_uploads(PREFIX)
    assert len(bucket.stored_parts(upload)) == PASSED
    assert list(bucket.list(PREFIX)) == []

    shutil.copytree(tmp_path / "m", tmp_path / "other-machine")
    monkeypatch.setenv("MODELSTORE_CACHE_HOME", str(tmp_path / "other-cache"))
    request = request_for(tmp_path / "other-machine")
    outcome = upload_version(bucket, request)
    assert outcome.kept == PASSED * SIZES[0]
    assert body_of(bucket, f"{version_prefix(PREFIX, request.version)}w.bin") == body
    assert list(bucket.open_uploads("")) == []
    assert {item.key for item in bucket.list("")} == {
        f"{version_prefix(PREFIX, request.version)}w.bin",
        manifest_key(PREFIX, request.version),
    }


class Meddled(GcsBucket):
    """A bucket in which somebody overwrites a part between its arrival and the composing."""

    def complete(self, upload: OpenUpload, parts: Sequence[StoredPart], *, crc32: int | None, if_absent: bool) -> None:
        folder = f".modelstore-uploads/{upload.key}.upload-{upload.upload_id}/"
        super().send(f"{folder}part-00002", b"?" * parts[1].size)
        theirs = [*parts[:1], self.stored_parts(upload)[2], *parts[2:]]
        super().complete(upload, theirs, crc32=crc32, if_absent=if_absent)


def test_damage_in_the_store_is_noticed(bucket: GcsBucket, tmp_path: Path) -> None:
    write_parts(tmp_path / "m" / "w.bin", SIZES[1:])
    request = request_for(tmp_path / "m")
    meddled = Meddled(bucket.client, bucket.bucket)
    with pytest.raises(UploadCorrupted, match="holds other bytes than were sent"):
        upload_version(meddled, request)
    assert bucket.get(manifest_key(PREFIX, request.version)) is None
    # Without the meddling the next run puts it right.
    upload_version(bucket, request)
    body = (tmp_path / "m" / "w.bin").read_bytes()
    assert body_of(bucket, f"{version_prefix(PREFIX, request.version)}w.bin") == body


def test_damage_on_the_way_is_got_over(gcs: GcsServer, bucket: GcsBucket, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "w.bin", SIZES[1:])
    gcs.front.damages = 3
    request = request_for(tmp_path / "m")
    upload_version(bucket, request)
    assert gcs.front.damages == 0
    assert body_of(bucket, f"{version_prefix(PREFIX, request.version)}w.bin") == body


def test_version_with_other_content_is_refused(bucket: GcsBucket, model: Path) -> None:
    upload_version(bucket, request_for(model, "v1"))
    before = {item.key: body_of(bucket, item.key) for item in bucket.list("")}
    (model / "config.json").write_text("{}")
    with pytest.raises(VersionConflict, match="choose a new version"):
        upload_version(bucket, request_for(model, "v1"))
    assert {item.key: body_of(bucket, item.key) for item in bucket.list("")} == before


def test_tags_move_and_are_not_taken_from_others(bucket: GcsBucket, model: Path) -> None:
    for version in ("v1", "v2"):
        upload_version(bucket, request_for(model, version))
    place = TagPlace(bucket, PREFIX, "production")
    put_tag(place, "v1", expected=None, owner="urn:one")
    put_tag(place, "v2", expected="v1", owner="urn:one")
    assert resolve_tag(bucket, PREFIX, "production") == "v2"
    with pytest.raises(InvalidTag, match="changed by somebody else"):
        put_tag(place, "v1", expected="v1", owner="urn:two")
    assert tags_to(bucket, PREFIX, "v2") == ["production"]
    assert delete_tag(place, expected="v1") == "v2"
    assert delete_tag(place, expected="v2") is None
    assert bucket.head(place.key) is None


def test_two_writers_of_a_tag_at_the_same_moment(
    bucket: GcsBucket, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("v1", "v2"):
        upload_version(bucket, request_for(model, version))
    place = TagPlace(bucket, PREFIX, "production")
    put = GcsBucket.put

    def after_another(self: GcsBucket, key: str, body: bytes, **arguments: object) -> object:
        monkeypatch.setattr(GcsBucket, "put", put)
        put_tag(place, "v1", expected=None, owner="urn:other")
        return put(self, key, body, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(GcsBucket, "put", after_another)
    with pytest.raises(InvalidTag, match="points to 'v1' now"):
        put_tag(place, "v2", expected=None, owner="urn:one")
    assert resolve_tag(bucket, PREFIX, "production") == "v1"


def test_no_key_is_in_a_request_line(gcs: GcsServer, bucket: GcsBucket, model: Path) -> None:
    gcs.front.requests.clear()
    upload_version(bucket, request_for(model))
    key = json.loads(gcs.deployer)["private_key"]
    lines = [line for line in key.splitlines() if len(line) > 40]
    assert gcs.front.requests
    assert [path for _, path in gcs.front.requests if any(line in path for line in lines) or "ya29" in path] == []
