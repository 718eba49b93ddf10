"""Folders and files as sources, and everything that is wrong with some of them."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.errors import InvalidSource


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "model"
    root.mkdir()
    (root / "config.json").write_text("{}")
    return root


def problems(source: Path | str, base: Path) -> tuple[str, ...]:
    with pytest.raises(InvalidSource) as refused:
        read_source(source, base=base)
    assert all(problem in str(refused.value) for problem in refused.value.problems)
    return refused.value.problems


def test_folder_with_any_good_name(folder: Path) -> None:
    names = ["a b.txt", "a+b%20.txt", "ünïcode-模型.json", "sub/deep/x", ".hidden", "quote'\"&<>.txt", "back\\slash"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    content = read_source("model", base=folder.parent)
    assert set(content.digests) == {*names, "config.json"}
    assert content.total_bytes == 2 + sum(len(name.encode()) for name in names)


def test_single_file(folder: Path) -> None:
    content = read_source(folder / "config.json", base=Path("/"))
    assert [(entry.path, entry.size) for entry in content.files] == [("config.json", 2)]


def test_link_to_a_file_or_folder_as_the_source_itself(folder: Path) -> None:
    (folder.parent / "linked").symlink_to(folder)
    (folder.parent / "named.json").symlink_to(folder / "config.json")
    assert list(read_source("linked", base=folder.parent).digests) == ["config.json"]
    assert list(read_source("named.json", base=folder.parent).digests) == ["named.json"]


def test_home_is_expanded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    assert read_source("~/model", base=Path("/nowhere")).files


def test_ignored_is_told_and_hidden_is_not_ignored(folder: Path) -> None:
    for name in (
        ".git/HEAD",
        ".cache/huggingface/x",
        ".cache/other",
        "sub/.DS_Store",
        "sub/.git/HEAD",
        ".gitattributes",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    content = read_source(folder, base=Path("/"))
    assert set(content.digests) == {"config.json", ".cache/other", ".gitattributes"}
    assert set(content.ignored) == {".git", ".cache/huggingface", "sub/.DS_Store", "sub/.git"}


def test_links_within_the_folder_are_followed(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "same.json").symlink_to("../config.json")
    (folder / "also").symlink_to("sub")
    digests = read_source(folder, base=Path("/")).digests
    assert set(digests) == {"config.json", "sub/same.json", "also/same.json"}
    assert len(set(digests.values())) == 1


@pytest.mark.parametrize("path", ["", " ", "no-such-folder"])
def test_missing(path: str, tmp_path: Path) -> None:
    (problem,) = problems(path, tmp_path)
    assert "no such file or folder" in problem or "no path" in problem


def test_empty_folder(tmp_path: Path) -> None:
    assert problems(tmp_path, tmp_path) == ("the folder holds no file",)
    (tmp_path / ".git").mkdir()
    assert problems(tmp_path, tmp_path) == ("the folder holds no file that counts",)


def test_all_problems_at_once(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "blobs"
    outside.mkdir()
    (outside / "abc").write_text("weights")
    (folder / "weights").symlink_to("../blobs/abc")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to(".")
    os.mkfifo(folder / "pipe")
    (folder / "line\nbreak").write_text("x")
    (folder / os.fsdecode(b"latin-\xe9")).write_text("x")
    found = problems(folder, tmp_path)
    expected = [
        "'weights' is a link to",
        "points nowhere",
        "folder that it lies in",
        "a pipe",
        "control character",
        "UTF-8",
    ]
    for part in expected:
        assert sum(part in problem for problem in found) == 1, part
    assert len(found) == len(expected)
    assert "cp -rL" in next(problem for problem in found if "'weights'" in problem)


def test_huggingface_cache_is_refused_with_the_remedy(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "123").write_text("weights")
    (snapshot / "model.safetensors").symlink_to("../../blobs/123")
    (problem,) = problems(snapshot, tmp_path)
    assert "hf download --local-dir" in problem


def test_sibling_of_a_like_name_is_outside(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model-2").mkdir()
    (tmp_path / "model-2" / "x").write_text("x")
    (folder / "x").symlink_to(tmp_path / "model-2" / "x")
    assert "outside the folder" in problems(folder, tmp_path)[0]


def test_socket() -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short}/s")
        assert "a socket, not a file" in problems(Path(short), Path(short))[0]
        assert "a socket, not a file" in problems(f"{short}/s", Path(short))[0]


def test_device() -> None:
    assert "a device, not a file" in problems("/dev/null", Path("/"))[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable(folder: Path) -> None:
    (folder / "config.json").chmod(0)
    (folder / "locked").mkdir(mode=0)
    found = problems(folder, folder)
    assert any("'config.json' cannot be read" in problem for problem in found)
    assert any("'locked' cannot be listed" in problem for problem in found)


def test_unreadable_file_is_a_problem_like_any_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pulumi_modelstore_provider.artifacts import digests

    def refuse(path: str, *_: object) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(digests.os, "open", refuse)
    (folder / "pipe").symlink_to("nowhere")
    assert problems(folder, folder) == (
        "'pipe' is a link that points nowhere",
        "'config.json' cannot be read: Permission denied",
    )


def test_many_problems_are_cut_short(folder: Path) -> None:
    for number in range(60):
        (folder / f"{number}").symlink_to("nowhere")
    found = problems(folder, folder)
    assert len(found) == 51
    assert found[-1] == "and 10 more of that kind"
