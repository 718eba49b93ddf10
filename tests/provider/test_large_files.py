"""Files larger than memory may hold: what they take of it, parts that are read twice, and what is not fetched again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provider.recording_proxy import Exchange, RecordingProxy
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts import transfer
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.artifacts.version_files import send_files
from pulumi_modelstore_provider.errors import SourceChanged
from pulumi_modelstore_provider.s3.multipart import open_uploads

SIZES = [16 * MIB, 16 * MIB, 7]
MEASURED = """
import sys
from pathlib import Path
from provider.stores import Store, request_for
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
settings = TransferSettings(concurrency=64)
upload_version(Store(sys.argv[1], sys.argv[2], None).objects, request_for(Path(sys.argv[3])), settings=settings)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_memory_is_bounded(gateway_store: Store, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with (tmp_path / "m" / "w.bin").open("wb") as sparse:
        sparse.truncate(320 * MIB)
    for number in range(4):
        (tmp_path / "m" / f"s{number}.bin").write_bytes(bytes(15 * MIB))
    command = [sys.executable, "-c", MEASURED, gateway_store.endpoint, gateway_store.bucket, str(tmp_path / "m")]
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": tests}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 256 * 1024


@pytest.fixture
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 16 MiB are to this process what parts of half a gibibyte are to others."""
    monkeypatch.setattr(transfer, "SMALLEST_PART", MIB)


@pytest.mark.usefixtures("small_buffers")
def test_parts_larger_than_memory_are_read_twice(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    body = write_parts(tmp_path / "m" / "w.bin", SIZES)
    request = request_for(tmp_path / "m")
    outcome = upload_version(gateway_store.via(proxy.endpoint).objects, request)
    assert gateway_store.body(f"{version_prefix(PREFIX, request.version)}w.bin") == body
    assert (outcome.sent, outcome.methods) == (len(body), {"CRC32": 1})
    assert sorted(len(part.body) for part in proxy.parts) == sorted(SIZES)


@pytest.mark.usefixtures("small_buffers")
def test_part_that_changed_between_two_readings(gateway_store: Store, proxy: RecordingProxy, tmp_path: Path) -> None:
    path = tmp_path / "m" / "w.bin"
    write_parts(path, SIZES)

    def change_the_second_part(exchange: Exchange) -> None:
        if exchange.is_part and exchange.query["partNumber"] == ["1"]:
            with path.open("r+b") as file:
                file.seek(SIZES[0] + SIZES[1] // 2)
                file.write(b"!")

    proxy.before = change_the_second_part
    with pytest.raises(SourceChanged, match="changed during the upload"):
        upload_version(
            gateway_store.via(proxy.endpoint).objects,
            request_for(tmp_path / "m"),
            settings=TransferSettings(concurrency=1),
        )
    assert gateway_store.listed() == []


@dataclass
class Afar:
    """A source on another machine, which counts what is fetched from it."""

    body: bytes
    name: str = "afar"
    is_local: bool = False
    fetched: list[int] = field(default_factory=list)

    @contextmanager
    def open(self, entry: FileEntry) -> Iterator[Afar]:
        yield self

    def read_into(self, offset: int, buffer: memoryview) -> None:
        buffer[:] = self.body[offset : offset + len(buffer)]
        self.fetched.append(len(buffer))

    def recorded(self, digest: str) -> tuple[int, ...]:
        return ()

    def check(self) -> None:
        return

    def forget(self) -> None:
        return


@pytest.mark.parametrize("size", [5, 16 * MIB + 5])
@pytest.mark.parametrize("damaged", [False, True])
def test_what_is_in_the_store_does_not_come_from_afar_again(gateway_store: Store, size: int, damaged: bool) -> None:
    """It is read back from the store; where that is not what it says it is, it comes again after all."""
    import hashlib

    source = Afar(bytes(range(256)) * (size // 256) + bytes(size % 256))
    entry = FileEntry("w.bin", size, f"sha256:{hashlib.sha256(source.body).hexdigest()}")
    prefix = f"{PREFIX}v1/"

    def send() -> tuple[int, int]:
        (receipt,) = send_files(
            gateway_store.objects,
            prefix,
            Content((entry,)),
            {"w.bin": source},
            urn="",
            refuse_if_committed=lambda: None,
            settings=TransferSettings(),
        )
        return receipt.sent, receipt.kept

    assert send() == (size, 0)
    assert sum(source.fetched) == size
    source.fetched.clear()
    if damaged:
        wrong = bytes([source.body[0] ^ 1]) + source.body[1:]
        gateway_store.client.put_object(
            Bucket=gateway_store.bucket, Key=f"{prefix}w.bin", Body=wrong, Metadata={"sha256": entry.digest[7:]}
        )
    assert send() == ((size, 0) if damaged else (0, size))
    assert sum(source.fetched) == (size if damaged else 0)
    assert gateway_store.body(f"{prefix}w.bin") == source.body
    assert list(open_uploads(gateway_store.objects, PREFIX)) == []
