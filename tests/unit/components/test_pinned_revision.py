"""A fill from a branch of the hub: pinned to its commit, kept there by the lock file, moved when somebody asks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from pulumi_modelstore import HuggingFaceFill, InvalidArguments, ModelVolume
from pulumi_modelstore_provider.artifacts.lock_entries import LockedRevision, LockFile
from pulumi_modelstore_provider.artifacts.lock_file import LOCK_FILE, update_revision, write_lock
from standins.files import Answer
from standins.huggingface import Hub, Repository, huggingface_hub
from unit.components.declared import Declared, declare

FILES = {"config.json": b"{}", "weights.safetensors": b"\1" * 2000}
TOKEN = "hf_forPinningOnly"


@pytest.fixture(autouse=True)
def program_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_TOKEN", "HF_ENDPOINT", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hub() -> Iterator[Hub]:
    with huggingface_hub() as running:
        running.repositories["org/llama"] = Repository()
        running.repositories["org/llama"].push(FILES)
        yield running


def volume(hub: Hub, *, preload: bool = True, config: dict[str, str] | None = None, **settings: Any) -> Declared:
    fill = HuggingFaceFill(**{"repository": "org/llama", "endpoint": hub.endpoint} | settings)
    return declare(
        lambda: ModelVolume("llama", size="5Gi", fill=fill, preload=preload) and None,
        config=config,
        secrets=tuple(config or ()),
    )


def source(declared: Declared) -> dict[str, Any]:
    document = json.loads(declared["llama-fill-program"].inputs["data"]["fill.json"])
    return dict(document["source"])


def refused(hub: Hub, **settings: Any) -> str:
    with pytest.raises(InvalidArguments) as raised:
        volume(hub, **settings)
    (problem,) = raised.value.problems
    return str(problem)


def record(folder: Path, hub: Hub, commit: str, revision: str = "main") -> None:
    update_revision(folder / LOCK_FILE, LockedRevision(f"{hub.endpoint}/org/llama@{revision}", commit))


def test_a_branch_is_declared_as_the_commit_that_it_stands_for(hub: Hub, program_folder: Path) -> None:
    commit = hub.repositories["org/llama"].branches["main"]
    branch = volume(hub)
    asked = len(hub.requests)
    assert asked == 1
    same = volume(hub, revision=commit)
    assert len(hub.requests) == asked, "nobody is asked what a commit is"
    assert source(branch)["revision"] == commit
    assert branch["llama-fill"].inputs == same["llama-fill"].inputs
    assert branch.warnings == []
    assert not (program_folder / LOCK_FILE).exists(), "a program under mocks writes nothing"


def test_nothing_is_asked_for_a_volume_that_stays_empty(hub: Hub) -> None:
    volume(hub, preload=False)
    assert hub.requests == []


def test_a_branch_that_moves_changes_nothing_until_the_lock_file_is_refreshed(
    hub: Hub, program_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = volume(hub)
    record(program_folder, hub, source(first)["revision"])
    moved = hub.repositories["org/llama"].push({**FILES, "config.json": b'{"new": 1}'})
    asked = len(hub.requests)
    assert volume(hub)["llama-fill"].inputs == first["llama-fill"].inputs
    assert len(hub.requests) == asked

    monkeypatch.setenv("MODELSTORE_REFRESH_LOCK", "1")
    refreshed = volume(hub)
    assert source(refreshed) == source(first) | {"revision": moved}
    assert refreshed["llama-fill"].inputs["metadata"]["name"] != first["llama-fill"].inputs["metadata"]["name"]

    hub.before = lambda _: Answer(500)
    assert "the hub answered HTTP 500" in refused(hub)


def test_the_lock_file_stands_in_for_a_hub_out_of_reach(hub: Hub, program_folder: Path) -> None:
    record(program_folder, hub, "0a" * 20)
    hub.before = lambda _: Answer(500)
    assert source(volume(hub))["revision"] == "0a" * 20
    assert hub.requests == []
    said = refused(hub, revision="v2")
    assert said.startswith(
        'fill.revision: "v2" of org/llama can move, and its commit is not known: the hub answered HTTP 500'
    )
    remedy = "Give a commit id of 40 hex digits, or run where the hub can be asked, and commit modelstore.lock."
    assert said.endswith(remedy)


def test_the_token_of_a_private_repository_is_found_by_reference(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repositories["org/llama"].readers = frozenset({TOKEN})
    assert "give a token by reference: token='env:HF_TOKEN'" in refused(hub)
    assert "The secret 'env:DEPLOYERS_TOKEN' is not set" in refused(hub, token="env:DEPLOYERS_TOKEN")
    monkeypatch.setenv("DEPLOYERS_TOKEN", TOKEN)
    for declared in (
        volume(hub, token="env:DEPLOYERS_TOKEN", token_secret="hub"),
        volume(hub, token="config:hubToken", token_secret="hub", config={"hubToken": TOKEN}),
    ):
        assert source(declared)["revision"] == hub.repositories["org/llama"].branches["main"]
        inputs = repr({name: resource.inputs for name, resource in declared.resources.items()})
        assert not [name for name in (TOKEN, "DEPLOYERS_TOKEN", "hubToken") if name in inputs]


def test_a_pasted_token_is_refused_and_not_repeated(hub: Hub) -> None:
    said = refused(hub, token=TOKEN)
    assert said.startswith("fill.token: a secret is given by reference, as 'env:VARIABLE' or 'config:KEY'")
    assert TOKEN not in said


def test_a_gated_repository_tells_its_commit_without_a_token(hub: Hub) -> None:
    """Its files are for the Job's token alone, which this machine cannot see."""
    repository = hub.repositories["org/llama"]
    repository.gated, repository.readers = True, frozenset({"hf_ofTheCluster"})
    assert source(volume(hub, token_secret="hub"))["revision"] == repository.branches["main"]


def test_a_revision_that_the_hub_does_not_have_is_refused(hub: Hub) -> None:
    assert "there is no revision 'v9'" in refused(hub, revision="v9")


def test_the_package_that_asks_is_named_where_it_is_missing(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "pip install 'pulumi-modelstore[huggingface]'" in refused(hub)
    assert source(volume(hub, revision="0b" * 20))["revision"] == "0b" * 20


def test_a_damaged_lock_file_is_refused(hub: Hub, program_folder: Path) -> None:
    write_lock(program_folder / LOCK_FILE, LockFile(revisions={"org/llama@main": "main"}))
    assert refused(hub).startswith("fill.revision: modelstore.lock: The lock file cannot be used: 'org/llama@main' is")
