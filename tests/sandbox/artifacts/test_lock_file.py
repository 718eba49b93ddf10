"""A program whose weights are on one machine, previewed and deployed from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modelstore_provider.artifacts.lock_file import read_lock
from sandbox.artifacts.checkout import Checkout
from servers.versitygw import VersityGateway
from standins.files import Answer
from standins.huggingface import Hub

PROGRAM = """
from pulumi_modelstore import (
    GpuInferenceService, HuggingFaceRepository, ModelArtifact, S3Compatible, StorageNamespace
)
backend = S3Compatible(bucket="{bucket}", endpoint="{endpoint}", credentials="env:STORE")
models = StorageNamespace("models", backend=backend, adopt=True)
tokenizer = HuggingFaceRepository(repo="org/tokenizer", endpoint="{hub}", into="tokenizer")
tiny = ModelArtifact("tiny", namespace=models, source=["model", tokenizer], tags=["latest"])
ModelArtifact("tokenizer", namespace=models, source=tokenizer, keep_versions=2)
GpuInferenceService("tiny", model=tiny.at("latest"), service_account_name="reader")
"""


@pytest.fixture
def author(tmp_path: Path, versitygw: VersityGateway, bucket: str, writer: dict[str, str], hub: Hub) -> Checkout:
    program = PROGRAM.format(bucket=bucket, endpoint=versitygw.endpoint, hub=hub.endpoint)
    made = Checkout.of_program(tmp_path / "author", "acme", program, writer)
    (made.folder / "model").mkdir()
    (made.folder / "model/config.json").write_text("{}")
    (made.folder / "model/weights.safetensors").write_bytes(b"\1" * 100_000)
    return made


def test_a_clean_checkout_previews_what_the_author_previews(
    author: Checkout, tmp_path: Path, reader: dict[str, str], writer: dict[str, str], hub: Hub
) -> None:
    first = author.run("up").stdout
    assert "modelstore.lock: tiny added, commit it" in first
    assert "modelstore.lock: tokenizer added, commit it" in first
    assert "commit it" not in author.run("up", "--expect-no-changes").stdout
    written = author.lock.read_text()

    # A commit to the branch is no change until somebody asks for it; an edited file is one.
    hub.repositories["org/tokenizer"].push({"tokenizer.json": b'{"new": 1}'})
    (author.folder / "model/config.json").write_text('{"edited": 1}')
    planned = author.preview()
    changed = set(author.lock.read_text().splitlines()) ^ set(written.splitlines())
    assert len([line for line in changed if '"config.json"' in line]) == 2
    assert not [line for line in changed if "weights" in line or "tokenizer" in line or "commit" in line]

    # No weights, no hub, and a key that may only read.
    hub.before = lambda _: Answer(500)
    asked = len(hub.requests)
    runner = author.cloned(tmp_path / "runner", reader)
    assert runner.preview()["steps"] == planned["steps"]
    assert [step["op"] for step in planned["steps"] if step["op"] != "same"] == ["update", "update", "update"]
    assert runner.lock.read_bytes() == author.lock.read_bytes()
    assert len(hub.requests) == asked

    # Deploying needs the version in the store.
    said = Checkout(runner.folder, runner.home, writer).said("up", HF_HUB_OFFLINE="1")
    assert "its source" in said, said
    assert "modelstore artifacts push tiny" in said
    hub.before = lambda _: None
    author.run("up")
    assert "stands in" not in author.run("preview").stdout
    runner.run("up", "--expect-no-changes")


def test_refreshing_and_stacks_with_a_lock_file_of_their_own(author: Checkout, hub: Hub) -> None:
    author.run("up")
    commit = hub.repositories["org/tokenizer"].push({"tokenizer.json": b'{"new": 1}'})
    assert commit not in author.lock.read_text()
    refreshed = author.run("preview", MODELSTORE_REFRESH_LOCK="1").stdout
    assert "modelstore.lock: tokenizer changed, commit it" in refreshed
    assert author.lock.read_text().count(commit) == 2

    configuration = author.folder / "Pulumi.dev.yaml"
    configuration.write_text("config:\n  modelstore:lockFile: dev.lock\n  modelstore:refreshLock: 'true'\n")
    author.run("preview")
    locked, own = read_lock(author.lock), read_lock(author.folder / "dev.lock")
    assert {key: entry.sources for key, entry in own.entries.items()} == {
        key: entry.sources for key, entry in locked.entries.items()
    }

    # A checkout that cannot be written to.
    configuration.write_text("config:\n  modelstore:lockFile: not-there/dev.lock\n")
    assert "not-there" not in author.run("preview").stderr
    assert "dev.lock: tiny is not recorded: No such file or directory" in author.run("preview").stdout
