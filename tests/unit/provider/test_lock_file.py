from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.lock_entries import LockedRevision, LockedSource, LockEntry, LockFile
from pulumi_modelstore_provider.artifacts.lock_file import (
    LOCK_FILE,
    read_lock,
    update_lock,
    update_revision,
    write_lock,
)
from pulumi_modelstore_provider.artifacts.lock_text import lock_text, parse_lock
from pulumi_modelstore_provider.errors import InvalidLock

HEX, OTHER = "ab" * 32, "cd" * 32
HUB = {"kind": "huggingface", "repository": "org/model", "revision": "main"}


def entry(artifact: str = "llama", *, paths: tuple[str, ...] = ("config.json",), size: int = 27) -> LockEntry:
    content = Content(tuple(FileEntry(path, size, f"sha256:{HEX}") for path in paths))
    return LockEntry("models", artifact, "llama", None, (LockedSource(HUB, HUB | {"revision": "c" * 40}, content),))


def test_text_has_one_line_a_file_and_is_the_same_whatever_the_order() -> None:
    first = LockFile().with_entry(entry("b")).with_entry(entry("a", paths=("z", "a/b")))
    second = LockFile().with_entry(entry("a", paths=("a/b", "z"))).with_entry(entry("b"))
    assert lock_text(first) == lock_text(second)
    assert [line.strip() for line in lock_text(first).splitlines() if HEX in line and "digest" not in line] == [
        f'"a/b": "sha256:{HEX} 27",',
        f'"z": "sha256:{HEX} 27"',
        f'"config.json": "sha256:{HEX} 27"',
    ]
    assert lock_text(first).endswith("}\n")


def test_a_changed_file_changes_its_line_and_the_digest(tmp_path: Path) -> None:
    before = LockFile().with_entry(entry(paths=tuple(f"{number}.bin" for number in range(300))))
    files = before.entries["models/llama"].content.files
    other = Content((*files[1:], FileEntry(files[0].path, 1, f"sha256:{OTHER}")))
    after = before.with_entry(LockEntry("models", "llama", "llama", None, (LockedSource(HUB, HUB, other),)))
    differing = set(lock_text(after).splitlines()) - set(lock_text(before).splitlines())
    assert len([line for line in differing if ".bin" in line]) == 1


texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
contents = st.dictionaries(texts, st.integers(0, 1 << 50), max_size=5).map(
    lambda files: Content(tuple(FileEntry(path, size, f"sha256:{HEX}") for path, size in files.items()))
)


commits = st.text("0123456789abcdef", min_size=40, max_size=40)


@given(
    content=contents,
    version=st.none() | texts,
    declared=st.dictionaries(texts, texts | st.booleans(), max_size=3),
    revisions=st.dictionaries(texts, commits, max_size=3),
)
def test_what_is_written_is_read(
    content: Content, version: str | None, declared: dict[str, object], revisions: dict[str, str]
) -> None:
    lock = LockFile(revisions=revisions)
    lock = lock.with_entry(LockEntry("n", "a", "m", version, (LockedSource(declared, {}, content),)))
    assert parse_lock(lock_text(lock)) == lock
    assert lock_text(parse_lock(lock_text(lock).encode())) == lock_text(lock)


def test_sizes_of_earlier_versions_stay_as_long_as_they_are_wanted() -> None:
    first, second, third = (replace(entry(size=size), version=f"v{size}") for size in (1, 2, 3))
    assert first.after(None, kept=()).earlier == {}
    followed = second.after(first, kept=())
    assert followed.earlier == {"v1": 1}
    assert second.after(followed, kept=()) == followed, "nothing new"
    assert third.after(followed, kept=["v1"]).earlier == {"v1": 1, "v2": 2}
    assert third.after(followed, kept=()).earlier == {"v2": 2}
    assert first.after(followed, kept=["v1"]).earlier == {"v2": 2}
    lock = LockFile().with_entry(followed)
    assert parse_lock(lock_text(lock)) == lock


def test_update_says_what_it_did_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / LOCK_FILE
    assert update_lock(path, entry("a")) == "added"
    assert update_lock(path, entry("b")) == "added"
    written = path.stat()
    assert update_lock(path, entry("a")) is None
    assert path.stat().st_mtime_ns == written.st_mtime_ns
    assert update_lock(path, entry("a", size=28)) == "changed"
    assert set(read_lock(path).entries) == {"models/a", "models/b"}
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_commit_is_one_line_and_stays_whatever_becomes_of_artifacts(tmp_path: Path) -> None:
    path = tmp_path / LOCK_FILE
    update_lock(path, entry("a"))
    before = path.read_text()
    assert "revisions" not in before, "a file without any is what earlier releases wrote"
    assert update_revision(path, LockedRevision("org/model@main", "c" * 40)) == "added"
    assert update_revision(path, LockedRevision("org/model@main", "c" * 40)) is None
    update_lock(path, entry("b"))
    first = path.read_text()
    assert update_revision(path, LockedRevision("org/model@main", "d" * 40)) == "changed"
    assert set(path.read_text().splitlines()) - set(first.splitlines()) == {f'  "org/model@main": "{"d" * 40}"'}
    write_lock(path, read_lock(path).only(frozenset({"models/b"})))
    assert read_lock(path) == LockFile({"models/b": entry("b")}, {"org/model@main": "d" * 40})


def _update(path: Path, number: int) -> None:
    for turn in range(5):
        update_lock(path, entry(f"model-{number}-{turn}"))


def test_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / LOCK_FILE
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_update, args=(path, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(read_lock(path).entries) == 20


def test_artifacts_that_are_gone_are_dropped_on_demand(tmp_path: Path) -> None:
    lock = LockFile().with_entry(entry("a")).with_entry(entry("b"))
    write_lock(tmp_path / LOCK_FILE, lock.only(frozenset({"models/b"})))
    kept = read_lock(tmp_path / LOCK_FILE)
    assert [found.artifact for found in kept.named("b")] == ["b"]
    assert kept.named("models/b") == kept.named("b")
    assert kept.find("models", "a") is None


def test_entry_covers_exactly_its_sources() -> None:
    assert entry().covers([HUB])
    assert not entry().covers([HUB | {"revision": "v2"}])
    assert not entry().covers([HUB, HUB])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be used"),
        ("[]", "not a JSON object"),
        ('{"schemaVersion": 2, "artifacts": {}}', "newer release"),
        ('{"schemaVersion": 1}', "missing"),
        ('{"schemaVersion": 1, "artifacts": {}, "revisions": {"a/b@main": "main"}}', "40 hex digits"),
        ('{"schemaVersion": 1, "artifacts": {}, "revisions": ["a/b@main"]}', "of the wrong kind"),
        ('{"schemaVersion": 1, "artifacts": {"llama": {"sources": []}}}', "<namespace>/<artifact>"),
        (lock_text(LockFile().with_entry(entry())).replace(f"{HEX} 27", f"{HEX} many"), "<bytes>"),
        (
            lock_text(LockFile().with_entry(entry())).replace(f"{HEX} 27", f"{OTHER} 27"),
            "not the digest of its files",
        ),
        ("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", "unresolved merge"),
    ],
)
def test_damaged_files_are_refused_with_a_remedy(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / LOCK_FILE
    path.write_text(text)
    with pytest.raises(InvalidLock, match=reason) as refused:
        update_lock(path, entry())
    assert str(path) in str(refused.value)
    assert refused.value.remedy
    assert path.read_text() == text


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_lock(tmp_path / LOCK_FILE) == LockFile()
