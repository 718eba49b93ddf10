"""Copies within one store: nothing passes through this machine, what arrives is verified, and the rest is streamed."""

from __future__ import annotations

import hashlib
import resource
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from provider.places import Place
from provider.recording_proxy import Answer, Cut, Exchange, recording_proxy, refusal
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.sources.reading import Reading, read_sources
from pulumi_modelstore_provider.artifacts.upload import UploadOutcome, UploadRequest, upload_version
from pulumi_modelstore_provider.errors import SourceChanged, UploadCorrupted
from pulumi_modelstore_provider.s3 import copying
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.protocol import ObjectStore
from pulumi_modelstore_provider.time_limits import TimeLimits, limited

COPY = version_prefix("copies/models/llama/", "v1")
FOREIGN = {"config.json": b'{"layers": 1}', "empty": b"", "sub/a b+%.txt": b"name"}


def copied(objects: ObjectStore, reading: Reading) -> UploadOutcome:
    """Bring what was read into a bucket as a version."""
    content = reading.content.as_inputs()
    return upload_version(objects, UploadRequest("copies/models/llama/", "v1", content, reading.pinned))


def read(place: Place, prefix: str, **settings: object) -> Reading:
    return read_sources([place.source(prefix, **settings)], base=Path())


def bytes_of(objects: ObjectStore, files: Mapping[str, object]) -> dict[str, bytes]:
    return {path: b"".join(objects.stream(f"{COPY}{path}")) for path in files}


def test_version_is_copied_by_the_store_itself(place: Place, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "w.safetensors", [16 * MIB, 5])
    (tmp_path / "m" / "config.json").write_bytes(b"{}")
    upload_version(place.objects, request_for(tmp_path / "m", "v1"))
    reading = read(place, version_prefix(PREFIX, "v1"))
    target = place.another().objects
    outcome = copied(target, reading)
    assert (outcome.copied, outcome.sent, outcome.kept) == (len(body) + 2, 0, 0)
    files = {"config.json": b"{}", "w.safetensors": body}
    assert bytes_of(target, files) == files
    for entry in reading.content.files:
        head = target.head(f"{COPY}{entry.path}")
        assert head is not None
        assert head.metadata == {"sha256": entry.digest.removeprefix("sha256:")}


def test_objects_of_others_are_copied_and_read_back(place: Place) -> None:
    place.fill(FOREIGN, "theirs/")
    target = place.another().objects
    outcome = copied(target, read(place, "theirs/"))
    assert outcome.copied == sum(map(len, FOREIGN.values()))
    assert outcome.methods == {"read back": len(FOREIGN)}
    assert bytes_of(target, FOREIGN) == FOREIGN


def test_no_byte_of_a_copy_passes_through_this_machine(gateway_place: Place, tmp_path: Path) -> None:
    body = secrets.token_bytes(MIB)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "w.bin").write_bytes(body)
    upload_version(gateway_place.objects, request_for(tmp_path / "m", "v1"))
    assert isinstance(gateway_place.connection, S3Connection)
    with recording_proxy(str(gateway_place.connection.endpoint)) as proxy:
        seen: list[int] = []
        proxy.after = lambda exchange, answer: seen.append(len(exchange.body) + len(answer.body)) or answer  # type: ignore[func-returns-value]
        through = Place(S3Connection(endpoint=proxy.endpoint, credentials="env:SOURCE"), gateway_place.bucket)
        target = through.another().objects
        outcome = copied(target, read(through, version_prefix(PREFIX, "v1")))
        assert outcome.copied == MIB
        assert seen
        assert max(seen) < MIB
    assert "read back" not in outcome.methods
    assert bytes_of(target_direct(gateway_place, target.bucket), {"w.bin": b""}) == {"w.bin": body}


def target_direct(place: Place, bucket: str) -> ObjectStore:
    return Place(place.connection, bucket).objects


@pytest.mark.parametrize("fixture", ["gateway_place", "minio_place", "ceph_place"])
def test_large_objects_are_copied_part_by_part(
    fixture: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    place: Place = request.getfixturevalue(fixture)
    monkeypatch.setattr(copying, "_AT_ONCE", 6 * MIB)
    body = secrets.token_bytes(MIB) * 13
    place.fill({"w.bin": body})
    target = place.another().objects
    assert copied(target, read(place, "w.bin")).copied == len(body)
    assert bytes_of(target, {"w.bin": body}) == {"w.bin": body}
    assert not list(target.open_uploads(COPY))


@pytest.mark.parametrize("answers", [True, False], ids=["refused", "no answer"])
def test_what_the_store_does_not_copy_is_streamed(gateway_place: Place, answers: bool) -> None:
    gateway_place.fill(FOREIGN, "theirs/")
    assert isinstance(gateway_place.connection, S3Connection)

    def refuse(exchange: Exchange) -> Answer | None:
        if "x-amz-copy-source" in {name.lower() for name in exchange.headers}:
            if not answers:
                raise Cut
            return refusal(501, "NotImplemented", "No copies here.")
        return None

    patience = TimeLimits(attempts=1)
    with limited(patience), recording_proxy(str(gateway_place.connection.endpoint)) as proxy:
        proxy.before = refuse
        through = Place(S3Connection(endpoint=proxy.endpoint, credentials="env:SOURCE"), gateway_place.bucket)
        target = through.another().objects
        outcome = copied(target, read(through, "theirs/"))
        assert (outcome.copied, outcome.sent) == (0, sum(map(len, FOREIGN.values())))
        # Uploads are checked as before: a refused copy says nothing of them.
        assert outcome.methods == {"CRC32": len(FOREIGN)}
        assert bytes_of(target, FOREIGN) == FOREIGN


def test_object_that_is_another_one_by_now_is_not_copied(gateway_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway_place.fill({"w.bin": b"first"}, "theirs/")
    reading = read(gateway_place, "theirs/")
    target = gateway_place.another().objects
    monkeypatch.setattr("pulumi_modelstore_provider.artifacts.upload.read_sources", lambda *_, **__: reading)
    gateway_place.fill({"w.bin": b"other"}, "theirs/")
    with pytest.raises(SourceChanged):
        copied(target, reading)
    assert not list(target.list(""))


def test_object_that_is_written_just_as_it_is_copied_is_not_taken_for_another_upload(gateway_place: Place) -> None:
    gateway_place.fill({"w.bin": b"first"}, "theirs/")
    assert isinstance(gateway_place.connection, S3Connection)
    with recording_proxy(str(gateway_place.connection.endpoint)) as proxy:
        through = Place(S3Connection(endpoint=proxy.endpoint, credentials="env:SOURCE"), gateway_place.bucket)
        target, reading = through.another().objects, read(through, "theirs/")

        def write(exchange: Exchange) -> None:
            if exchange.method == "PUT" and "x-amz-copy-source" in {name.lower() for name in exchange.headers}:
                gateway_place.fill({"w.bin": b"other"}, "theirs/")

        proxy.before = write
        with pytest.raises(SourceChanged, match="changed since the program ran"):
            copied(target, reading)
    assert not list(target_direct(gateway_place, target.bucket).list(""))


def test_copy_that_is_damaged_is_noticed(gateway_place: Place) -> None:
    gateway_place.fill({"w.bin": b"right"}, "theirs/")
    assert isinstance(gateway_place.connection, S3Connection)
    with recording_proxy(str(gateway_place.connection.endpoint)) as proxy:
        through = Place(S3Connection(endpoint=proxy.endpoint, credentials="env:SOURCE"), gateway_place.bucket)
        target = through.another()

        def damage(exchange: Exchange, answer: Answer) -> Answer:
            if exchange.method == "PUT" and "x-amz-copy-source" in {name.lower() for name in exchange.headers}:
                found = target.objects.head(f"{COPY}w.bin")
                assert found is not None
                direct = target_direct(gateway_place, target.bucket)
                direct.put(f"{COPY}w.bin", b"wrong", content_type="text/plain", metadata=found.metadata)
            return answer

        proxy.after = damage
        with pytest.raises(SourceChanged, match="another digest than is recorded"):
            copied(target.objects, read(through, "theirs/"))
        own = {"sha256": hashlib.sha256(b"right").hexdigest()}
        through.objects.put("theirs/w.bin", b"right", content_type="text/plain", metadata=own)
        with pytest.raises(UploadCorrupted):
            copied(target.objects, read(through, "theirs/"))


def test_version_whose_object_somebody_wrote_over_is_not_taken_for_what_its_manifest_says(
    gateway_place: Place, tmp_path: Path
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "w.bin").write_bytes(b"right")
    upload_version(gateway_place.objects, request_for(tmp_path / "m", "v1"))
    gateway_place.fill({"w.bin": b"wrong"}, version_prefix(PREFIX, "v1"))
    target = gateway_place.another().objects
    with pytest.raises(SourceChanged, match="another digest than is recorded"):
        copied(target, read(gateway_place, version_prefix(PREFIX, "v1")))
    assert not [item.key for item in target.list("") if "manifests" in item.key]


def test_second_run_keeps_what_was_copied(gateway_place: Place) -> None:
    gateway_place.fill(FOREIGN, "theirs/")
    target = gateway_place.another().objects
    reading = read(gateway_place, "theirs/")
    copied(target, reading)
    target.delete([key.key for key in target.list("") if key.key.endswith(("v1.json", "config.json"))])
    outcome = copied(target, reading)
    assert outcome.copied == len(FOREIGN["config.json"])
    assert outcome.kept == sum(map(len, FOREIGN.values())) - outcome.copied


@pytest.fixture
def no_large_files() -> Iterator[None]:
    """This process can write no file above a mebibyte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("no_large_files")
def test_other_stores_are_streamed_from(minio_place: Place, gateway_store: Store) -> None:
    """Part by part, and into no file on the way."""
    files = FOREIGN | {"w.bin": secrets.token_bytes(16 * MIB + 5)}
    minio_place.fill(files, "theirs/")
    outcome = copied(gateway_store.objects, read(minio_place, "theirs/"))
    assert (outcome.copied, outcome.sent) == (0, sum(map(len, files.values())))
    assert bytes_of(gateway_store.objects, files) == files
