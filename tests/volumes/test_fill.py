"""Filling a volume for real, a folder standing in for it: cut off anywhere, twice at once, full, changed."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills import filling
from pulumi_modelstore_provider.fills.content_record import ContentRecord
from pulumi_modelstore_provider.fills.filling import fill
from pulumi_modelstore_provider.fills.sources import Staging
from pulumi_modelstore_provider.fills.specification import Specification, parse_specification
from pulumi_modelstore_provider.fills.waiting import wait
from volumes.processes import FAILED, FILLED, LOST, NOTHING_TO_DO, end, fill_until, run_fill, start

FIRST = {"config.json": b"{}", "weights/1.safetensors": b"\1" * 100_000, "weights/2.safetensors": b"\2" * 50_000}
SECOND = {"config.json": b"{ }", "weights": b"one file now", "tokenizer/vocab.txt": b"a b c"}


def image(place: Path, files: Mapping[str, bytes], **settings: Any) -> Specification:
    """A fill from an image that the pod sees as the folder `place`."""
    for name, body in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(body)
    reference = f"registry.example.org/{place.name}@sha256:0a"
    return Specification({"type": "image", "image": reference}, reach={"path": str(place)}, **settings)


def held(volume: Path) -> dict[str, bytes]:
    """Files of the volume beside the fill's own records."""
    files = (path for path in volume.rglob("*") if path.is_file() and ".modelstore" not in path.parts)
    return {path.relative_to(volume).as_posix(): path.read_bytes() for path in files}


def settle(volume: Path) -> None:
    """Have the lease of a process that was killed count as given up: that one goes stale has a test of its own."""
    for claim in (volume / ".modelstore" / "lease").glob("????????"):
        claim.with_name(f"{claim.name}.done").touch()


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    folder.mkdir()
    return folder


def test_a_fill_is_done_once_and_marked_with_its_digest(tmp_path: Path, volume: Path) -> None:
    specification = image(tmp_path / "first", FIRST)
    assert fill(specification, volume)
    assert held(volume) == FIRST
    mark = json.loads((volume / ".modelstore" / "complete.json").read_text())
    assert (mark["files"], mark["bytes"]) == (3, 150_002)
    printed = "".join(
        subprocess.run(["sha256sum", "--zero", *sorted(FIRST)], cwd=volume, capture_output=True, text=True).stdout
    )
    tree = subprocess.run(["sha256sum"], input=printed, capture_output=True, text=True).stdout.split()[0]
    assert mark["digest"] == f"sha256:{tree}"
    assert not (volume / ".modelstore" / "incoming").exists()

    inodes = {path: path.stat().st_ino for path in volume.rglob("*.safetensors")}
    assert not fill(specification, volume)
    assert {path: path.stat().st_ino for path in volume.rglob("*.safetensors")} == inodes
    wait(specification, volume, timeout=0)


def test_a_fill_goes_into_a_folder_and_leaves_other_files_alone(tmp_path: Path, volume: Path) -> None:
    (volume / "notes.txt").write_text("mine")
    fill(image(tmp_path / "first", FIRST, folder="llama/v1"), volume)
    fill(image(tmp_path / "second", SECOND, folder="llama/v2"), volume)
    expected = {f"llama/v1/{name}": body for name, body in FIRST.items()}
    expected |= {f"llama/v2/{name}": body for name, body in SECOND.items()}
    assert held(volume) == expected | {"notes.txt": b"mine"}


def test_changed_content_replaces_what_the_former_fill_brought(tmp_path: Path, volume: Path) -> None:
    fill(image(tmp_path / "first", FIRST), volume)
    (volume / "notes.txt").write_text("mine")
    second = image(tmp_path / "second", SECOND)
    with pytest.raises(ModelstoreError, match=r"not complete after 0 seconds .*holds other content, sha256:"):
        wait(second, volume, timeout=0)
    assert fill(second, volume)
    assert held(volume) == SECOND | {"notes.txt": b"mine"}
    wait(second, volume, timeout=0)


def test_a_file_that_somebody_removed_is_brought_again(tmp_path: Path, volume: Path) -> None:
    specification = image(tmp_path / "first", FIRST)
    fill(specification, volume)
    (volume / "weights" / "2.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelstoreError, match="not complete"):
        wait(specification, volume, timeout=0)
    assert fill(specification, volume)
    assert held(volume) == FIRST


@pytest.fixture
def fast_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: nothing waits there for a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


def test_a_fill_that_is_killed_before_any_step_is_taken_up_again(fast_folder: Path) -> None:
    first = image(fast_folder / "first", FIRST)
    step, status = 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        step += 1
        second = image(fast_folder / "second", SECOND, clear_first=step % 4 > 1)
        volume = fast_folder / f"volume-{step}"
        volume.mkdir()
        fill(first, volume)
        (volume / "notes.txt").write_text("mine")
        status = fill_until(step, second, volume)
        record = ContentRecord(volume)
        if record.is_complete(second.identity):
            assert held(volume) == SECOND | {"notes.txt": b"mine"}, f"marked too early, before step {step}"
        if record.is_complete(first.identity):
            assert held(volume) == FIRST | {"notes.txt": b"mine"}, f"the former mark stayed too long, step {step}"
        settle(volume)
        # Half of the time another source is asked for next: nothing of the one that was cut off may be left.
        wanted, content = (second, SECOND) if step % 2 else (first, FIRST)
        assert run_fill(wanted, volume) in (FILLED, NOTHING_TO_DO)
        assert held(volume) == content | {"notes.txt": b"mine"}, f"after the kill before step {step}"
        wait(wanted, volume, timeout=0)
    assert status == FILLED
    assert step > 20, "the hook saw the changes"


def test_only_one_of_several_fills_at_once_does_the_work(tmp_path: Path, volume: Path) -> None:
    files = {f"weights/{number}.safetensors": bytes([number]) * 200_000 for number in range(20)}
    specification = image(tmp_path / "first", files, stale_after=30)
    children = [start(lambda: fill(specification, volume)) for _ in range(4)]
    assert sorted(end(child) for child in children) == [FILLED, *[NOTHING_TO_DO] * 3]
    assert held(volume) == files


class Stuck:
    """A source that has begun and never ends."""

    own_folder = ""

    def __init__(self, said: int) -> None:
        self.said = said

    def stage(self, staging: Staging) -> Mapping[str, str]:
        (staging.folder / "half").write_bytes(b"half")
        os.write(self.said, b"x")
        while True:
            staging.check()
            signal.sigtimedwait([], 0.01)


def stuck(specification: Specification, volume: Path, patch: pytest.MonkeyPatch) -> int:
    """A fill in a child process that holds the lease by now, and has brought half of a file."""
    heard, said = os.pipe()
    with patch.context() as patched:
        patched.setattr(filling, "source_of", lambda _: Stuck(said))
        child = start(lambda: fill(specification, volume))
    os.close(said)
    assert os.read(heard, 1) == b"x"
    os.close(heard)
    return child


def test_a_dead_fill_is_taken_over(tmp_path: Path, volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specification = image(tmp_path / "first", FIRST, stale_after=1.5)
    child = stuck(specification, volume, monkeypatch)
    os.kill(child, signal.SIGKILL)
    end(child)
    assert fill(specification, volume)
    assert held(volume) == FIRST


def test_a_fill_that_was_stopped_and_comes_back_changes_nothing(
    tmp_path: Path, volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification = image(tmp_path / "first", FIRST, stale_after=2)
    child = stuck(image(tmp_path / "other", SECOND, stale_after=2), volume, monkeypatch)
    os.kill(child, signal.SIGSTOP)
    assert fill(specification, volume)
    os.kill(child, signal.SIGCONT)
    assert end(child) == LOST
    assert held(volume) == FIRST
    wait(specification, volume, timeout=0)


def test_a_late_mark_of_one_that_was_taken_over_from_counts_for_nothing(tmp_path: Path, volume: Path) -> None:
    specification = image(tmp_path / "first", FIRST)
    fill(specification, volume)
    (volume / ".modelstore" / "lease" / "00000002.begun").touch()
    assert not ContentRecord(volume).is_complete(specification.identity)


def test_a_living_fill_is_waited_for(tmp_path: Path, volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specification = image(tmp_path / "first", FIRST, stale_after=1.5)
    child = stuck(specification, volume, monkeypatch)
    second = start(lambda: fill(specification, volume))
    beat, seen = volume / ".modelstore" / "lease" / "00000001.beat", set[bytes]()
    # Six are a term: without them the second would have begun by now.
    while len(seen) < 10:
        seen.add(beat.read_bytes())
    assert os.waitpid(second, os.WNOHANG) == (0, 0)
    os.kill(child, signal.SIGKILL)
    end(child)
    assert end(second) == FILLED


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_volume_is_said_to_be_full_and_filled_when_it_is_larger(tmp_path: Path, small_volume: Path) -> None:
    files = {f"{number}.safetensors": os.urandom(300_000) for number in range(5)}
    specification = image(tmp_path / "first", files)
    with pytest.raises(ModelstoreError, match=r"The volume is full .*No space left on device, .* are free") as raised:
        fill(specification, small_volume)
    assert "Give the volume a larger size" in str(raised.value)
    with pytest.raises(ModelstoreError, match="not complete"):
        wait(specification, small_volume, timeout=0)
    subprocess.run(["mount", "-o", "remount,size=8m", small_volume], check=True)
    assert fill(specification, small_volume)
    assert held(small_volume) == files


def test_a_file_over_the_file_systems_limit(tmp_path: Path, volume: Path) -> None:
    specification = image(tmp_path / "first", FIRST)

    def limited() -> bool:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
        return fill(specification, volume)

    assert end(start(limited)) == FAILED
    assert not ContentRecord(volume).is_complete(specification.identity)
    assert run_fill(specification, volume) == FILLED
    assert held(volume) == FIRST


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_a_volume_that_the_user_may_not_write(tmp_path: Path) -> None:
    # Not below the test's own folder, which other users may not enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)

        def refused() -> bool:
            os.setuid(65534)
            with pytest.raises(ModelstoreError, match=r"Permission denied.*FillJob\(user=\.\.\.\); it ran as 65534"):
                fill(Specification({"type": "image"}, reach={"path": "/nowhere"}), Path(folder))
            return True

        assert end(start(refused)) == FILLED


@pytest.mark.parametrize(
    ("files", "said"),
    [({}, "holds no files where its model should be"), ({".modelstore/complete.json": b"{}"}, "keeps its own records")],
)
def test_images_that_cannot_be(tmp_path: Path, volume: Path, files: dict[str, bytes], said: str) -> None:
    with pytest.raises(ModelstoreError, match=said):
        fill(image(tmp_path / "first", files), volume)


def test_links_in_an_image_are_followed(tmp_path: Path, volume: Path) -> None:
    specification = image(tmp_path / "first", {"real/weights.gguf": b"weights"})
    (tmp_path / "first" / "model.gguf").symlink_to("real/weights.gguf")
    fill(specification, volume)
    assert held(volume) == {"real/weights.gguf": b"weights", "model.gguf": b"weights"}
    assert not any(path.is_symlink() for path in volume.rglob("*"))


@pytest.mark.skipif(
    os.getuid() != 0, reason="only root can give a process another root, as an image's container has it"
)
def test_an_image_is_read_through_the_root_of_its_process(tmp_path: Path, volume: Path) -> None:
    root = tmp_path / "image"
    specification = image(root / "models", {"real/weights.gguf": b"weights"})
    (root / "models" / "model.gguf").symlink_to("real/weights.gguf")
    ready, say = os.pipe()
    child = os.fork()
    if not child:
        os.chroot(root)
        os.write(say, b"x")
        signal.pause()
    try:
        assert os.read(ready, 1) == b"x"
        # As the sidecar of a Job does it.
        link = tmp_path / "files"
        link.symlink_to(f"/proc/{child}/root/models")
        fill(Specification(specification.source, reach={"path": str(link)}), volume)
    finally:
        os.kill(child, signal.SIGKILL)
        end(child)
    assert held(volume) == {"real/weights.gguf": b"weights", "model.gguf": b"weights"}


def test_a_specification_survives_its_document(tmp_path: Path) -> None:
    specification = image(tmp_path / "first", {}, folder="v1", clear_first=True, packages={"a": "a>=1"})
    assert parse_specification(specification.to_json()) == specification
    assert parse_specification(specification.to_json()).identity == specification.identity
    with pytest.raises(ModelstoreError, match="cannot be read"):
        parse_specification("{}")
