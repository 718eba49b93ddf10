"""Contents, their digests and what a stack's inputs hold of them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.artifacts.content import (
    Content,
    FileEntry,
    declared_tree,
    files_problems,
    is_summary,
)
from pulumi_modelstore_provider.artifacts.manifest import Manifest, parse_manifest

segments = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/"), min_size=1, max_size=12)
paths = st.lists(segments.filter(lambda s: s not in (".", "..")), min_size=1, max_size=3).map("/".join)
entries = st.builds(
    FileEntry,
    path=paths,
    size=st.integers(0, 1 << 45),
    digest=st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}"),
)
contents = st.lists(entries, min_size=1, max_size=20, unique_by=lambda entry: entry.path).map(
    lambda found: Content(tuple(found))
)


def entry(path: str, body: bytes = b"x") -> FileEntry:
    return FileEntry(path, len(body), f"sha256:{hashlib.sha256(body).hexdigest()}")


@given(contents)
def test_manifest_reads_back_as_it_was_written(content: Content) -> None:
    text = Manifest("llama", "v1", content).to_json()
    assert parse_manifest(text) == Manifest("llama", "v1", content)


@given(contents, st.text(max_size=20))
def test_manifest_is_what_json_writes(content: Content, model: str) -> None:
    document = {
        "schemaVersion": 1,
        "model": model,
        "version": '"files": []',
        "digest": content.tree_digest,
        "bytes": content.total_bytes,
        "files": [{"path": e.path, "size": e.size, "digest": e.digest} for e in content.files],
    }
    wanted = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert Manifest(model, '"files": []', content).to_json() == wanted


@given(contents)
def test_files_are_in_the_order_of_their_bytes(content: Content) -> None:
    assert [e.path for e in content.files] == sorted((e.path for e in content.files), key=str.encode)


@given(contents, st.data())
def test_manifest_of_which_one_character_changed_is_refused_or_of_the_same_content(
    content: Content, data: st.DataObject
) -> None:
    text = Manifest("llama", "v1", content).to_json()
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from(["0", "1", "a", "f", "/", '"', ",", " ", "-", "e"]))
    try:
        read = parse_manifest(f"{text[:place]}{character}{text[place + 1 :]}")
    except ValueError:
        return
    assert read.content == content


@given(contents, st.randoms(use_true_random=False))
def test_order_of_files_changes_nothing(content: Content, random: object) -> None:
    shuffled = list(content.files)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = Content(tuple(shuffled))
    assert other.tree_digest == content.tree_digest
    assert other.manifest_json(model="m", version="v") == content.manifest_json(model="m", version="v")


@given(contents)
def test_inputs_declare_the_tree_digest(content: Content) -> None:
    inputs = content.as_inputs()
    assert files_problems(inputs) == {}
    assert declared_tree(inputs) == content.tree_digest


@given(contents, st.data())
def test_any_changed_byte_of_a_digest_changes_the_tree(content: Content, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(content.files) - 1))
    old = content.files[index]
    other = FileEntry(old.path, old.size, f"sha256:{hashlib.sha256(old.digest.encode()).hexdigest()}")
    changed = Content((*content.files[:index], other, *content.files[index + 1 :]))
    assert changed.tree_digest != content.tree_digest


def test_tree_digest_is_that_of_sha256sum_zero(tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not on PATH")
    bodies = {"b": b"2", "a/é x": b"1", "a-b": b"3", "A": b"4"}
    for path, body in bodies.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(body)
    ordered = sorted(bodies, key=lambda path: path.encode())
    printed = subprocess.run(
        ["sha256sum", "--zero", "--", *ordered], cwd=tmp_path, check=True, capture_output=True, timeout=30
    ).stdout
    content = Content(tuple(entry(path, body) for path, body in bodies.items()))
    assert content.tree_digest == f"sha256:{hashlib.sha256(printed).hexdigest()}"


def test_many_files_are_summed_up() -> None:
    content = Content(tuple(entry(f"{number:04}.bin") for number in range(257)))
    inputs = content.as_inputs()
    assert inputs == {"tree": content.tree_digest, "files": "257", "bytes": "257 (257 B)"}
    assert is_summary(inputs)
    assert declared_tree(inputs) == content.tree_digest
    assert len(Content(content.files[:256]).as_inputs()) == 256


def test_files_with_the_names_of_a_summary_are_files() -> None:
    content = Content((entry("tree"), entry("files"), entry("bytes")))
    assert not is_summary(content.as_inputs())
    assert declared_tree(content.as_inputs()) == content.tree_digest


def test_default_version_is_the_digest_shortened() -> None:
    content = Content((entry("a"),))
    assert content.tree_digest == f"sha256:{content.default_version}{content.tree_digest[19:]}"
    assert len(content.default_version) == 12


def test_empty_and_ignored_files_are_warned_about() -> None:
    content = Content((entry("a", b""), entry("b")), ignored=(".git",))
    empty, ignored = content.warnings()
    assert "storage initializer skips files without content: a will" in empty
    assert ignored.endswith(".git")
    assert Content((entry("b"),)).warnings() == []


def test_two_files_of_one_path_are_refused() -> None:
    with pytest.raises(ValueError, match="same path"):
        Content((entry("a"), entry("a", b"y")))


@pytest.mark.parametrize("digest", ["sha256:abc", "md5:" + "0" * 64, "0" * 64, "sha256:" + "G" * 64])
def test_digests_are_sha256(digest: str) -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        FileEntry("a", 1, digest)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schemaVersion": 2}, "newer release"),
        ({"digest": "sha256:" + "0" * 64}, "not the digest of its files"),
        ({"bytes": 2}, "not those of its files"),
        ({"files": [{"path": "a"}]}, "missing"),
        ({"files": [{"path": "a", "size": "1", "digest": "sha256:" + "0" * 64}]}, "whole number"),
    ],
)
def test_damaged_manifest_is_refused(change: dict[str, object], reason: str) -> None:
    document = json.loads(Content((entry("a"),)).manifest_json(model="m", version="v")) | change
    with pytest.raises(ValueError, match=reason):
        parse_manifest(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "no json", "\0"])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_manifest(text)
