"""Downloads: whole, resumed after a kill at any request, checked, and refused where a file would go wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from provider.recording_proxy import Answer, Exchange, RecordingProxy
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts import destination
from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.pacing import Pacing
from pulumi_modelstore_provider.artifacts.pull import PullOutcome, pull
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import DestinationUnusable, DownloadCorrupted, ModelstoreError, ObjectChanged

SIZES = [16 * MIB] * 2 + [7]
VERSION = "v1"
PLACE = version_prefix(PREFIX, VERSION)
PULLER = """
import sys
from pathlib import Path
from provider.stores import PREFIX, Store
from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.pull import pull
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
objects = Store(sys.argv[1], sys.argv[2], None).objects
content = read_manifest(objects, manifest_key(PREFIX, "v1")).content
pull(objects, content, version_prefix(PREFIX, "v1"), Path(sys.argv[3]), settings=TransferSettings(concurrency=2))
"""


@pytest.fixture
def large(gateway_store: Store, tmp_path: Path) -> bytes:
    """A version with a file of five parts, and the file's bytes."""
    body = write_parts(tmp_path / "m" / "sub" / "w.bin", SIZES)
    (tmp_path / "m" / "config.json").write_text('{"hidden_size": 8}')
    (tmp_path / "m" / "empty").touch()
    upload_version(gateway_store.objects, request_for(tmp_path / "m", VERSION))
    return body


def content_of(store: Store) -> Content:
    manifest = read_manifest(store.objects, manifest_key(PREFIX, VERSION))
    assert manifest is not None
    return manifest.content


def pulled(store: Store, folder: Path, **options: object) -> PullOutcome:
    return pull(store.objects, content_of(store), PLACE, folder, **options)  # type: ignore[arg-type]


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def reads_of(proxy: RecordingProxy, name: str) -> list[Exchange]:
    return [e for e in proxy.exchanges if e.method == "GET" and urlsplit(e.path).path.endswith(name)]


def test_version_arrives_whole_and_is_not_fetched_twice(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path
) -> None:
    store, folder = gateway_store.via(proxy.endpoint), tmp_path / "there" / "deep"
    outcome = pulled(store, folder)
    assert files_in(folder) == {"sub/w.bin": large, "config.json": b'{"hidden_size": 8}', "empty": b""}
    assert (outcome.fetched, outcome.resumed, outcome.kept) == (len(large) + 18, 0, 0)
    assert len(reads_of(proxy, "w.bin")) == len(SIZES)
    (folder / "empty").unlink()
    proxy.exchanges.clear()
    again = pulled(store, folder)
    assert (again.fetched, again.kept) == (0, 2)
    assert len(proxy.exchanges) == 2, "the manifest and one listing, and no object"


def killed_pull(store: Store, proxy: RecordingProxy, folder: Path, *, after: int) -> None:
    """Pull in another process, let `after` ranges of the large file through, then kill it."""
    through, over = threading.Semaphore(after), threading.Event()

    def hold(exchange: Exchange) -> None:
        if exchange.method == "GET" and exchange.path.endswith("w.bin") and not through.acquire(blocking=False):
            over.wait(60)
            raise ConnectionError

    proxy.before = hold
    command = [sys.executable, "-c", PULLER, proxy.endpoint, store.bucket, str(folder)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})
    deadline = time.monotonic() + 60

    def noted() -> int:
        journals = list((folder / "sub").glob(".modelstore-*.journal")) if folder.exists() else []
        return sum(journal.read_bytes().count(1) for journal in journals)

    while noted() < after or len(reads_of(proxy, "w.bin")) <= after:
        assert process.poll() is None, "the download ended before it was killed"
        assert time.monotonic() < deadline, "the parts did not arrive"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    over.set()
    proxy.before = lambda exchange: None


@pytest.mark.parametrize("after", [0, 1, 2])
def test_killed_download_resumes(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path, after: int
) -> None:
    folder = tmp_path / "there"
    killed_pull(gateway_store, proxy, folder, after=after)
    assert not (folder / "sub" / "w.bin").exists()
    proxy.exchanges.clear()
    outcome = pulled(gateway_store.via(proxy.endpoint), folder)
    assert len(reads_of(proxy, "w.bin")) == len(SIZES) - after
    assert outcome.resumed == len(large) - sum(
        int(e.headers["Range"].split("-")[1]) + 1 - int(e.headers["Range"].split("-")[0].removeprefix("bytes="))
        for e in reads_of(proxy, "w.bin")
    )
    assert files_in(folder) == {"sub/w.bin": large, "config.json": b'{"hidden_size": 8}', "empty": b""}


def test_resumed_part_that_was_damaged_meanwhile(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path
) -> None:
    """The power went: the journal tells of a part whose bytes never reached the disk."""
    folder = tmp_path / "there"
    killed_pull(gateway_store, proxy, folder, after=2)
    (part,) = (folder / "sub").glob(".modelstore-*.part")
    with part.open("r+b") as file:
        file.write(bytes(100))
    pulled(gateway_store, folder)
    assert files_in(folder)["sub/w.bin"] == large


def test_another_version_takes_nothing_over(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "there"
    killed_pull(gateway_store, proxy, folder, after=2)
    other = bytes(reversed(large))
    (tmp_path / "m" / "sub" / "w.bin").write_bytes(other)
    upload_version(gateway_store.objects, request_for(tmp_path / "m", "v2"))
    manifest = read_manifest(gateway_store.objects, manifest_key(PREFIX, "v2"))
    assert manifest is not None
    outcome = pull(gateway_store.objects, manifest.content, version_prefix(PREFIX, "v2"), folder)
    assert outcome.resumed == 0
    assert files_in(folder)["sub/w.bin"] == other
    assert len(files_in(folder)) == 3, "what the other version had begun is gone"


def damaged(name: str) -> Callable[[Exchange, Answer], Answer]:
    """One byte of each answer with that object is another one."""

    def damage(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.method == "GET" and exchange.path.endswith(name):
            answer.body = answer.body[:-1] + bytes([answer.body[-1] ^ 1])
        return answer

    return damage


@pytest.mark.parametrize("name", ["config.json", "w.bin"])
def test_other_bytes_never_get_a_name(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path, name: str
) -> None:
    proxy.after = damaged(name)
    folder = tmp_path / "there"
    with pytest.raises(DownloadCorrupted, match=r"has the digest sha256:.* and the manifest says"):
        pulled(gateway_store.via(proxy.endpoint), folder)
    assert not any(path.endswith(name) for path in files_in(folder))


@pytest.mark.parametrize("name", ["config.json", "w.bin"])
def test_bytes_that_were_damaged_once_are_fetched_again(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path, name: str
) -> None:
    damage, first = damaged(name), []

    def damage_first(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.path.endswith(name) and not first:
            first.append(exchange)
            return damage(exchange, answer)
        return answer

    proxy.after = damage_first
    pulled(gateway_store.via(proxy.endpoint), tmp_path / "there")
    assert files_in(tmp_path / "there")["sub/w.bin"] == large


def test_object_that_is_replaced_meanwhile(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path
) -> None:
    def replace(exchange: Exchange) -> None:
        if exchange.method == "GET" and exchange.path.endswith("config.json"):
            gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=f"{PLACE}config.json", Body=b"x" * 18)

    proxy.before = replace
    with pytest.raises(ObjectChanged, match=r"config\.json"):
        pulled(gateway_store.via(proxy.endpoint), tmp_path / "there")
    assert "config.json" not in files_in(tmp_path / "there")


def test_version_with_a_missing_and_a_shorter_object(gateway_store: Store, large: bytes, tmp_path: Path) -> None:
    gateway_store.objects.delete([f"{PLACE}empty"])
    gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=f"{PLACE}config.json", Body=b"{}")
    with pytest.raises(ModelstoreError, match=r"config\.json \(2 bytes, not 18\), empty \(missing\)"):
        pulled(gateway_store, tmp_path / "there")
    assert files_in(tmp_path / "there") == {}


NAMES = {
    "above": ["../x"],
    "absolute": ["/etc/x"],
    "within": ["a/../../x"],
    "NUL": ["a\0b"],
    "file and folder": ["a", "a/b"],
}


@pytest.mark.parametrize("paths", NAMES.values(), ids=NAMES)
def test_names_that_lead_elsewhere(gateway_store: Store, tmp_path: Path, paths: list[str]) -> None:
    digest = "sha256:" + "0" * 64
    content = Content(tuple(FileEntry(path, 0, digest) for path in paths))
    with pytest.raises(ModelstoreError, match="names that cannot be files here"):
        pull(gateway_store.objects, content, PLACE, tmp_path / "there" / "deep")
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_way(gateway_store: Store, large: bytes, tmp_path: Path) -> None:
    folder, outside = tmp_path / "there", tmp_path / "outside"
    outside.mkdir()
    (folder / "config.json").mkdir(parents=True)
    (folder / "sub").symlink_to(outside)
    (folder / "empty").write_text("not empty")
    with pytest.raises(DestinationUnusable) as refused:
        pulled(gateway_store, folder)
    assert [problem.split(str(tmp_path))[0] for problem in refused.value.problems] == [
        "'config.json' is a folder there",
        "'sub/w.bin' would be written to ",
        "files of other content are there: empty",
    ]
    (folder / "config.json").rmdir()
    (folder / "sub").unlink()
    with pytest.raises(DestinationUnusable, match="pass --overwrite"):
        pulled(gateway_store, folder)
    assert files_in(folder) == {"empty": b"not empty"}
    pulled(gateway_store, folder, overwrite=True)
    assert files_in(folder)["empty"] == b""
    assert list(outside.iterdir()) == []


def test_disk_that_is_too_small_or_full(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(destination.shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
        with pytest.raises(DestinationUnusable, match=r"its disk has 5 B free, and 33\.6 MB are needed"):
            pulled(gateway_store, tmp_path / "there")
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({20 * MIB}, {20 * MIB}))\n{PULLER}"
    command = [sys.executable, "-c", code, gateway_store.endpoint, gateway_store.bucket, str(tmp_path / "there")]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "The file cannot be written" in done.stderr
    assert "File too large" in done.stderr


def test_two_downloads_into_one_folder(gateway_store: Store, large: bytes, tmp_path: Path) -> None:
    with (
        destination.reserved(tmp_path / "there"),
        pytest.raises(DestinationUnusable, match="another download into it is under way"),
    ):
        pulled(gateway_store, tmp_path / "there")


def test_requests_under_way_stay_within_their_bound(
    gateway_store: Store, proxy: RecordingProxy, large: bytes, tmp_path: Path
) -> None:
    under_way, most, lock = 0, [0], threading.Lock()

    def enter(exchange: Exchange) -> None:
        nonlocal under_way
        if exchange.path.endswith("w.bin"):
            with lock:
                under_way += 1
                most[0] = max(most[0], under_way)
            time.sleep(0.05)

    def leave(exchange: Exchange, answer: Answer) -> Answer:
        nonlocal under_way
        if exchange.path.endswith("w.bin"):
            with lock:
                under_way -= 1
        return answer

    proxy.before, proxy.after = enter, leave
    pulled(gateway_store.via(proxy.endpoint), tmp_path / "there", settings=TransferSettings(concurrency=2))
    assert most[0] == 2


def test_rate_is_kept() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pacing = Pacing(100, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        pacing.take(50)
    assert slept == [0.5, 0.5, 0.5]
    Pacing(None, sleep=sleep).take(10**12)
    assert len(slept) == 3
