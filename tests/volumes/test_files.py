"""Files to a volume and back, with the agent that pods run as a process and a folder standing in for the volume."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_provider.errors import InvalidSource, ModelstoreError
from pulumi_modelstore_provider.files.channel import ChannelClosed, ProcessChannel
from pulumi_modelstore_provider.files.session import FileSession, FilesRefused
from pulumi_modelstore_provider.files.transfers import Outcome, download, local_content, upload

FILES = {"config.json": b"{}", "weights/1.safetensors": os.urandom(2_500_000), "empty.txt": b""}


class Progress:
    """Bytes that went over the line, and bytes that were there."""

    def __init__(self) -> None:
        self.moved = self.kept = 0

    def __call__(self, count: int, moved: bool) -> None:
        self.moved += count if moved else 0
        self.kept += 0 if moved else count


class Place:
    """A folder here and a volume."""

    def __init__(self, folder: Path) -> None:
        self.source, self.volume = folder / "source", folder / "volume"
        self.source.mkdir()
        self.volume.mkdir()

    def session(self) -> FileSession:
        return FileSession(ProcessChannel(self.volume), "models")

    def write(self, files: Mapping[str, bytes]) -> None:
        for name, body in files.items():
            (self.source / name).parent.mkdir(parents=True, exist_ok=True)
            (self.source / name).write_bytes(body)

    def upload(self, folder: str = "llama", **settings: Any) -> tuple[Outcome, Progress]:
        progress = Progress()
        with self.session() as session:
            content = local_content(self.source)
            return upload(session, self.source, folder, content, advance=progress, **settings), progress


def held(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.write(FILES)
    return place


def test_a_folder_goes_up_once_and_then_only_what_changed(place: Place) -> None:
    outcome, progress = place.upload()
    assert sorted(outcome.moved) == sorted(FILES)
    assert held(place.volume / "llama") == FILES
    assert progress.moved == sum(map(len, FILES.values()))

    outcome, progress = place.upload()
    assert (outcome.moved, progress.moved) == ([], 0)

    place.write({"config.json": b"[]"})
    outcome, progress = place.upload()
    assert (outcome.moved, progress.moved) == (["config.json"], 2)
    assert (place.volume / "llama" / "config.json").read_bytes() == b"[]"


def test_what_is_not_in_the_source_stays_unless_the_folder_is_to_mirror_it(place: Place) -> None:
    place.upload()
    for name in ("old/a.bin", "old/b.bin", "weights/2.safetensors", ".modelstore/complete.json"):
        (place.volume / "llama" / name).parent.mkdir(exist_ok=True)
        (place.volume / "llama" / name).write_bytes(b"old")
    assert place.upload()[0].removed == []
    assert place.upload(mirror=True)[0].removed == ["old", "weights/2.safetensors"]
    assert held(place.volume / "llama") == FILES | {".modelstore/complete.json": b"old"}


def test_listing_making_and_removing(place: Place) -> None:
    place.upload()
    with place.session() as session:
        top = session.list("llama")
        assert [(entry.path, entry.type) for entry in top] == [
            ("config.json", "file"),
            ("empty.txt", "file"),
            ("weights", "folder"),
        ]
        below = session.list("/", recursive=True, digests=True)
        assert [entry.path for entry in below if entry.type == "file"] == [f"llama/{name}" for name in sorted(FILES)]
        assert {entry.digest for entry in below if entry.type == "file"} == set(
            local_content(place.source).digests.values()
        )
        assert [entry.size for entry in session.list("llama/config.json")] == [2]
        assert (session.type_of("llama"), session.type_of("nowhere")) == ("folder", "nothing")

        session.make_folder("a/b", parents=True)
        session.make_folder("a/b", parents=True)
        with pytest.raises(FilesRefused, match=r"x/y cannot be made .*Pass -p"):
            session.make_folder("x/y")
        with pytest.raises(FilesRefused, match=r"a cannot be removed .*Pass -r"):
            session.remove("a")
        session.remove("a", recursive=True)
        session.remove("llama/config.json")
        assert not (place.volume / "a").exists()
        with pytest.raises(FilesRefused, match="the volume itself cannot be removed"):
            session.remove("/", recursive=True)
        with pytest.raises(FilesRefused, match="'nowhere' is not there"):
            session.list("nowhere")
        # The conversation goes on after each of these.
        assert session.type_of("llama") == "folder"


@pytest.mark.parametrize("path", ["../up", "llama/../../up", "link/up", "link/deeper/up"])
def test_no_path_leads_out_of_the_volume(place: Place, path: str) -> None:
    outside = place.volume.parent / "outside"
    (outside / "deeper").mkdir(parents=True)
    (place.volume / "link").symlink_to(outside)
    with place.session() as session:
        for request in (session.make_folder, session.remove, session.type_of):
            with pytest.raises(FilesRefused, match="leads out of the volume"):
                request(path)
        with pytest.raises(FilesRefused, match="leads out of the volume"):
            upload(session, place.source, path, local_content(place.source), advance=Progress())
    assert list(outside.iterdir()) == [outside / "deeper"]


def test_an_upload_that_is_cut_off_goes_on_where_it_was(place: Place) -> None:
    channel = ProcessChannel(place.volume)
    body = (place.source / "weights/1.safetensors").read_bytes()
    (partial,) = (f".modelstore-upload-{local_content(place.source).digests['weights/1.safetensors'][7:23]}",)

    def cut_off(count: int, moved: bool) -> None:
        if moved and count > 1_000_000:
            # What was sent is on the volume: then the pod dies.
            while not (place.volume / "llama/weights" / partial).exists():
                pass
            os.kill(channel.pid, signal.SIGKILL)

    with pytest.raises(ChannelClosed), FileSession(channel, "models") as session:
        upload(session, place.source, "llama", local_content(place.source), advance=cut_off)
    left = (place.volume / "llama/weights" / partial).stat().st_size
    assert not (place.volume / "llama/weights/1.safetensors").exists()
    with place.session() as session:
        assert [entry.path for entry in session.list("llama", recursive=True)] == [
            "config.json",
            "empty.txt",
            "weights",
        ]

    _, progress = place.upload()
    assert progress.moved == len(body) - left
    assert held(place.volume / "llama") == FILES


def test_what_an_attempt_left_behind_and_is_damaged_is_found_out(place: Place) -> None:
    digest = local_content(place.source).digests["weights/1.safetensors"]
    partial = place.volume / "llama/weights" / f".modelstore-upload-{digest[7:23]}"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"\0" * 1000)
    with pytest.raises(FilesRefused, match="what arrived has the digest"):
        place.upload()
    assert not partial.exists()
    place.upload()
    assert held(place.volume / "llama") == FILES


def test_a_file_that_changes_while_it_is_uploaded_gets_no_name(place: Place) -> None:
    content = local_content(place.source)
    place.write({"config.json": b"x"})
    with place.session() as session, pytest.raises(FilesRefused, match="what arrived has the digest"):
        upload(session, place.source, "llama", content, advance=Progress())
    assert not (place.volume / "llama/config.json").exists()


def test_downloads_resume_and_bring_only_what_changed(place: Place, tmp_path: Path) -> None:
    place.upload()
    target = tmp_path / "target"
    digest = local_content(place.source).digests["weights/1.safetensors"]
    partial = target / "weights" / f".modelstore-download-{digest[7:23]}"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(FILES["weights/1.safetensors"][:1_000_000])

    progress = Progress()
    with place.session() as session:
        assert sorted(download(session, "llama", target, advance=progress).moved) == sorted(FILES)
        assert held(target) == FILES
        assert progress.moved == sum(map(len, FILES.values())) - 1_000_000
        (target / "config.json").write_bytes(b"xx")
        assert download(session, "llama", target, advance=Progress()).moved == ["config.json"]
        assert download(session, "llama/config.json", tmp_path / "one", advance=Progress()).moved == ["config.json"]
        assert held(tmp_path / "one") == {"config.json": b"{}"}

        partial.write_bytes(b"\0" * 1000)
        (target / "weights/1.safetensors").unlink()
        with pytest.raises(ModelstoreError, match="changed while it was downloaded"):
            download(session, "llama", target, advance=Progress())
        download(session, "llama", target, advance=Progress())
        assert held(target) == FILES
        with pytest.raises(FilesRefused, match="is not there"):
            download(session, "nowhere", target, advance=Progress())


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place.volume], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place.volume], check=True)


def test_a_full_volume_is_told_and_the_upload_goes_on_when_it_is_larger(small: Place) -> None:
    small.write(FILES)
    with pytest.raises(FilesRefused, match=r"No space left on device.*Give the volume a larger size"):
        small.upload()
    subprocess.run(["mount", "-o", "remount,size=8m", small.volume], check=True)
    _, progress = small.upload()
    assert held(small.volume / "llama") == FILES
    assert progress.kept > 500_000, "what had fitted was not sent again"


def test_a_file_over_the_file_systems_limit(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limit[1]))
    try:
        with pytest.raises(FilesRefused, match="File too large"):
            place.upload()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not (place.volume / "llama/weights/1.safetensors").exists()


def test_a_source_that_is_not_there(place: Place) -> None:
    with pytest.raises(InvalidSource, match="it is not there"):
        local_content(place.source / "nowhere")
