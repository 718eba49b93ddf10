"""Uploads: what arrives, how it is verified, and what a second run does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from provider.recording_proxy import RecordingProxy
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts.content import is_summary
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.manifest import parse_manifest
from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version
from pulumi_modelstore_provider.errors import ModelstoreError, SourceChanged, VersionConflict

NAMES = ["plain.txt", "a b.txt", "a+b.txt", "100%.txt", "%20.txt", "ünï-模型.json", "sub/deep/x.bin", "q'&<>\".txt"]


def test_every_name_arrives_byte_for_byte(store: Store, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / "m" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "m" / name).write_bytes(name.encode() * 100)
    (tmp_path / "m" / "empty").touch()
    request = request_for(tmp_path / "m")
    outcome = upload_version(store.objects, request)
    prefix = version_prefix(PREFIX, request.version)
    for name in NAMES:
        assert store.body(f"{prefix}{name}") == name.encode() * 100
        head = store.client.head_object(Bucket=store.bucket, Key=f"{prefix}{name}")
        assert head["Metadata"] == {"sha256": hashlib.sha256(name.encode() * 100).hexdigest()}
    assert store.body(f"{prefix}empty") == b""
    assert sum(outcome.methods.values()) == len(NAMES) + 1
    assert parse_manifest(store.body(manifest_key(PREFIX, request.version))) == outcome.manifest


def test_large_file_in_parts(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "w.safetensors", [16 * MIB, 16 * MIB, 5])
    wanted = request_for(tmp_path / "m")
    outcome = upload_version(store.objects, wanted)
    assert store.body(f"{version_prefix(PREFIX, wanted.version)}w.safetensors") == body
    # Ceph 16 passes over CRC32 in silence.
    method = "MD5" if request.node.callspec.params["store"] == "ceph_store" else "CRC32"
    assert outcome.methods == {method: 1}
    assert (outcome.sent, outcome.kept) == (len(body), 0)


def test_content_types(gateway_store: Store, model: Path) -> None:
    request = request_for(model)
    upload_version(gateway_store.objects, request)
    prefix = version_prefix(PREFIX, request.version)
    kinds = {
        name: gateway_store.client.head_object(Bucket=gateway_store.bucket, Key=prefix + name)["ContentType"]
        for name in ("config.json", "model.safetensors")
    }
    assert kinds == {"config.json": "application/json", "model.safetensors": "application/octet-stream"}


def test_manifest_is_written_last(gateway_store: Store, proxy: RecordingProxy, model: Path) -> None:
    request = request_for(model)
    upload_version(gateway_store.via(proxy.endpoint).objects, request)
    written = [exchange for exchange in proxy.exchanges if exchange.method == "PUT"]
    assert written[-1].path.endswith(f"/manifests/{request.version}.json")
    # Twice, the second time to find out whether the store keeps to the condition.
    manifests = [exchange for exchange in written if "/manifests/" in exchange.path]
    assert written[-2:] == manifests
    assert {exchange.headers["If-None-Match"] for exchange in manifests} == {"*"}
    assert manifests[0].body == manifests[1].body


def test_second_run_adopts_without_writing(gateway_store: Store, proxy: RecordingProxy, model: Path) -> None:
    request = request_for(model)
    first = upload_version(gateway_store.objects, request)
    second = upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert second.manifest == first.manifest
    assert second.receipts == ()
    assert {exchange.method for exchange in proxy.exchanges} == {"GET"}


def test_version_in_the_store_needs_no_source(store: Store, model: Path) -> None:
    request = request_for(model)
    upload_version(store.objects, request)
    elsewhere = UploadRequest(request.model_prefix, request.version, request.files, "/no/such/folder")
    assert upload_version(store.objects, elsewhere).receipts == ()


@pytest.mark.parametrize("source", ["", "/no/such/folder"])
def test_neither_source_nor_version(store: Store, model: Path, source: str) -> None:
    request = request_for(model)
    with pytest.raises(ModelstoreError, match=r"not in the store, and its source.*modelstore artifacts push llama"):
        upload_version(store.objects, UploadRequest(PREFIX, request.version, request.files, source))
    assert store.listed() == []


def test_version_with_other_content_is_refused(store: Store, model: Path) -> None:
    upload_version(store.objects, request_for(model, "v1"))
    before = {key: store.body(key) for key in store.listed()}
    (model / "config.json").write_text("{}")
    with pytest.raises(VersionConflict, match="choose a new version"):
        upload_version(store.objects, request_for(model, "v1"))
    assert {key: store.body(key) for key in store.listed()} == before


def test_new_version_leaves_the_old_one(store: Store, model: Path) -> None:
    upload_version(store.objects, request_for(model))
    before = {key: store.body(key) for key in store.listed()}
    (model / "config.json").write_text("{}")
    upload_version(store.objects, request_for(model))
    assert len(store.listed()) == 2 * len(before)
    assert all(store.body(key) == body for key, body in before.items())


def test_many_small_files(gateway_store: Store, tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / "m" / f"{number % 7}").mkdir(parents=True, exist_ok=True)
        (tmp_path / "m" / f"{number % 7}" / f"{number}.json").write_text(f"{number}")
    request = request_for(tmp_path / "m")
    assert is_summary(request.files)
    outcome = upload_version(gateway_store.objects, request)
    assert len(outcome.manifest.content.files) == 300
    assert len(gateway_store.listed()) == 301
    assert outcome.manifest.content.tree_digest == request.files["tree"]


def test_single_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    request = request_for(tmp_path / "model.gguf", "2024-03-20")
    upload_version(store.objects, request)
    assert store.body(f"{PREFIX}2024-03-20/model.gguf") == b"GGUF"


def test_source_that_is_no_longer_what_was_declared(store: Store, model: Path) -> None:
    request = request_for(model)
    (model / "config.json").write_text("changed")
    with pytest.raises(SourceChanged, match="no longer what was declared"):
        upload_version(store.objects, request)
    assert store.listed() == []


def test_objects_lost_from_a_version_are_sent_again(store: Store, model: Path) -> None:
    request = request_for(model)
    upload_version(store.objects, request)
    lost = f"{version_prefix(PREFIX, request.version)}config.json"
    store.objects.delete([lost])
    without = UploadRequest(PREFIX, request.version, request.files, "")
    with pytest.raises(ModelstoreError, match="has lost files in the store"):
        upload_version(store.objects, without)
    outcome = upload_version(store.objects, request)
    assert outcome.sent == (model / "config.json").stat().st_size
    assert store.body(lost) == (model / "config.json").read_bytes()


def test_leftovers_of_an_abandoned_attempt_go_and_strangers_stay(store: Store, model: Path) -> None:
    prefix = f"{PREFIX}v1/"
    store.objects.put(f"{prefix}old.bin", b"old", content_type="x/y", metadata={"sha256": "0" * 64})
    store.objects.put(f"{prefix}config.json", b"old config", content_type="x/y", metadata={"sha256": "0" * 64})
    upload_version(store.objects, request_for(model, "v1"))
    assert [key for key in store.listed() if key.startswith(prefix)] == [
        f"{prefix}config.json",
        f"{prefix}model.safetensors",
    ]
    assert store.body(f"{prefix}config.json") == (model / "config.json").read_bytes()

    store.client.put_object(Bucket=store.bucket, Key=f"{PREFIX}v2/notes.txt", Body=b"mine")
    with pytest.raises(ModelstoreError, match=r"no part of the artifact.*v2/notes.txt"):
        upload_version(store.objects, request_for(model, "v2"))
    assert [key for key in store.listed() if key.startswith(f"{PREFIX}v2/")] == [f"{PREFIX}v2/notes.txt"]
