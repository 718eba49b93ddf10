"""What an artifact consists of where its files are not: the lock file's entry stands in for them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pulumi_modelstore as ms
from pulumi_modelstore.artifacts.pinned_content import portable
from pulumi_modelstore_provider.artifacts.lock_entries import LockedSource, LockEntry, LockFile
from pulumi_modelstore_provider.artifacts.lock_file import LOCK_FILE, write_lock
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.artifacts.sources.settings import HuggingFace, LocalFiles
from standins.huggingface import Hub, huggingface_hub
from unit.components.declared import Declared, declare

COMMIT = "c0ffee" + "0" * 34


@pytest.fixture(autouse=True)
def program_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with huggingface_hub() as running:
        yield running


def artifact(source: Any, **arguments: Any) -> Declared:
    def program() -> None:
        namespace = ms.StorageNamespace("models", backend=ms.AwsS3(bucket="team-models"))
        ms.ModelArtifact("llama", namespace=namespace, source=source, **arguments)

    return declare(program)


def record(folder: Path, declared: Any, content: Any, *, pinned: Any = None) -> None:
    source = LockedSource(declared.to_inputs(), (pinned or declared).to_inputs(), content)
    write_lock(folder / LOCK_FILE, LockFile().with_entry(LockEntry("models", "llama", "llama", None, (source,))))


def test_entry_stands_in_for_a_folder_that_is_not_here(program_folder: Path, model_folder: Path) -> None:
    at_hand = artifact("model")
    record(program_folder, LocalFiles(path="model"), read_source(model_folder, base=program_folder))
    shutil.rmtree(model_folder)
    elsewhere = artifact("model")
    assert elsewhere["llama-upload"].inputs == at_hand["llama-upload"].inputs
    assert elsewhere["llama"].outputs == at_hand["llama"].outputs


def test_size_of_an_earlier_version_is_known_from_the_entry(program_folder: Path, model_folder: Path) -> None:
    """A service that stays at it is declared as it was: with the same room on its node."""
    before = read_source(model_folder, base=program_folder)
    record(program_folder, LocalFiles(path="model"), before)
    (model_folder / "more.bin").write_bytes(b"more")
    found: dict[str, int | None] = {}

    def program() -> None:
        namespace = ms.StorageNamespace("models", backend=ms.AwsS3(bucket="team-models"))
        versions = [before.default_version, "2019"]
        tags = {"latest": None, "stable": before.default_version, "old": "2019"}
        llama = ms.ModelArtifact("llama", namespace=namespace, source="model", tags=tags, earlier_versions=versions)
        found.update({tag: llama.at(tag).total_bytes for tag in tags})

    declare(program)
    assert found == {"latest": before.total_bytes + 4, "stable": before.total_bytes, "old": None}


def test_entry_of_another_source_stands_in_for_nothing(program_folder: Path, model_folder: Path) -> None:
    record(program_folder, LocalFiles(path="model"), read_source(model_folder, base=program_folder))
    shutil.rmtree(model_folder)
    with pytest.raises(ms.InvalidArguments, match=r"no such file or folder.*modelstore\.lock does not say"):
        artifact("other-model")


def test_folder_that_is_here_goes_before_the_entry(program_folder: Path, model_folder: Path) -> None:
    before = artifact("model")["llama"].outputs["version"]
    record(program_folder, LocalFiles(path="model"), read_source(model_folder, base=program_folder))
    (model_folder / "config.json").write_text("{}")
    assert artifact("model")["llama"].outputs["version"] != before


def test_branch_stays_at_its_commit_without_a_question_to_the_hub(
    program_folder: Path, model_folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"config.json": b"{}", "weights.safetensors": b"\1" * 2000}
    hub.repositories["org/pinned"] = repository = _repository(files)
    source = ms.HuggingFaceRepository(repo="org/pinned", endpoint=hub.endpoint, token=None)
    declared = HuggingFace(repo="org/pinned", endpoint=hub.endpoint, token=None)
    first = artifact(source)["llama-upload"].inputs
    pinned = HuggingFace(**{**declared.model_dump(), "revision": repository.branches["main"]})
    assert first["source"] == [pinned.to_inputs()]

    record(program_folder, declared, _content(files), pinned=pinned)
    repository.push({**files, "config.json": b'{"new": 1}'})
    asked = len(hub.requests)
    assert artifact(source)["llama-upload"].inputs == first
    assert len(hub.requests) == asked

    monkeypatch.setenv("MODELSTORE_REFRESH_LOCK", "1")
    refreshed = artifact(source)["llama-upload"].inputs
    assert refreshed["source"][0]["revision"] == repository.branches["main"]
    assert refreshed["files"]["config.json"] != first["files"]["config.json"]


def test_local_files_are_read_beside_what_is_pinned(program_folder: Path, model_folder: Path) -> None:
    hub = ms.HuggingFaceRepository(repo="org/model", into="hub")
    content = read_source(model_folder, base=program_folder)
    in_folder = type(content)(tuple(type(e)(f"hub/{e.path}", e.size, e.digest) for e in content.files))
    pinned = HuggingFace(repo="org/model", revision=COMMIT, into="hub")
    record(program_folder, hub.to_settings(), in_folder, pinned=pinned)
    declared = artifact(["model", hub])["llama-upload"].inputs
    assert sorted(declared["files"]) == sorted([*content.digests, *in_folder.digests])
    assert declared["source"] == [LocalFiles(path="model").to_inputs(), pinned.to_inputs()]


def test_two_sources_with_one_path_are_refused(program_folder: Path, model_folder: Path) -> None:
    shutil.copytree(model_folder, program_folder / "copy")
    with pytest.raises(ms.InvalidArguments, match=r"source\[1\]: brings 'config.json', as one before it does"):
        artifact(["model", "copy"])


def test_damaged_file_is_refused_and_left_as_it_is(program_folder: Path, model_folder: Path) -> None:
    (program_folder / LOCK_FILE).write_text("<<<<<<< ours\n")
    with pytest.raises(ms.InvalidArguments, match=r"unresolved merge.*Restore it from git"):
        artifact("model")
    assert (program_folder / LOCK_FILE).read_text() == "<<<<<<< ours\n"


def test_mocks_write_no_file(program_folder: Path, model_folder: Path) -> None:
    artifact("model")
    assert not (program_folder / LOCK_FILE).exists()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("model", "model"),
        ("{program}/model", "model"),
        ("{repository}/weights", "../weights"),
        ("{home}/weights", "~/weights"),
        ("/mnt/weights", "/mnt/weights"),
    ],
)
def test_paths_mean_the_same_in_another_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, expected: str
) -> None:
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "program").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    places = {"program": repository / "program", "repository": repository, "home": tmp_path / "home"}
    given = LocalFiles(path=path.format(**places))
    assert portable(given, repository / "program")["path"] == expected


def test_keep_versions_and_transfer_reach_the_upload(model_folder: Path) -> None:
    limits = ms.TransferSettings(concurrency=4, rate_limit="1MB/s")
    upload = artifact("model", keep_versions=3, transfer=limits)["llama-upload"].inputs
    assert upload["keepVersions"] == 3
    assert upload["transfer"] == {"concurrency": 4, "rateLimit": 1_000_000}


def test_wrong_arguments_are_told_together(model_folder: Path) -> None:
    with pytest.raises(ms.InvalidArguments) as refused:
        artifact(
            [3, "model", ms.HuggingFaceRepository(repo="a/b/c")],
            keep_versions=0,
            transfer=ms.TransferSettings(concurrency=0, rate_limit="fast"),
            via="pigeon",
        )
    arguments = [problem.argument for problem in refused.value.problems]
    expected = ["source[0]", "source[2].repo", "keep_versions", "transfer.concurrency", "transfer.rate_limit", "via"]
    assert arguments == expected


def _repository(files: dict[str, bytes]) -> Any:
    from standins.huggingface import Repository

    made = Repository()
    made.push(files)
    return made


def _content(files: dict[str, bytes]) -> Any:
    import hashlib

    from pulumi_modelstore_provider.artifacts.content import Content, FileEntry

    entries = [FileEntry(path, len(body), f"sha256:{hashlib.sha256(body).hexdigest()}") for path, body in files.items()]
    return Content(tuple(entries))
