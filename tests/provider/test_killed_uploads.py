"""Uploads killed with SIGKILL at twenty points each, and run again: they end right and send little twice."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, recording_proxy
from provider.stores import MIB, PREFIX, Store, new_bucket, request_for
from provider.whole_version import assert_whole
from pulumi_modelstore_provider.artifacts.layout import manifest_key
from pulumi_modelstore_provider.s3.multipart import open_uploads
from servers.versitygw import VersityGateway

POINTS = 20
SMALL = 5
WAIT_SECONDS = 60

pytestmark = pytest.mark.timeout(120)


@dataclass
class Nursery:
    """A process that forks uploads."""

    process: subprocess.Popen[str]

    def start(self, what: str, *arguments: str) -> int:
        """Start one and return its pid."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"what": what, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def ended(self) -> int:
        """Wait for it and return its exit code; of one that was killed, the signal below zero."""
        return self._read()

    def _read(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def nursery(versitygw: VersityGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "MODELSTORE_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
        "STORE_ACCESS_KEY_ID": versitygw.access_key_id,
        "STORE_SECRET_ACCESS_KEY": versitygw.secret_access_key,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "provider.upload_nursery"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield Nursery(process)
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=WAIT_SECONDS)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two parts and some small ones."""
    folder = tmp_path_factory.mktemp("source") / "model"
    folder.mkdir()
    content = random.Random(11)
    (folder / "weights.safetensors").write_bytes(content.randbytes(MIB) * 16 + b"end")
    for number in range(SMALL):
        (folder / f"small-{number}.json").write_bytes(content.randbytes(5000 + number))
    return folder


@dataclass
class Stopping:
    """Holds the request of this number, before the store is asked or after it has answered, until `let_go`."""

    number: int
    after: bool
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    held: Exchange | None = None

    def __post_init__(self) -> None:
        self._counter = itertools.count(1)

    def attach(self, proxy: RecordingProxy) -> None:
        proxy.before, proxy.after = self._before, self._after

    def _before(self, exchange: Exchange) -> Answer | None:
        if next(self._counter) == self.number:
            self.held = exchange
            if not self.after:
                self._hold()
        return None

    def _after(self, exchange: Exchange, answer: Answer) -> Answer:
        if self.after and exchange is self.held:
            self._hold()
        return answer

    def _hold(self) -> None:
        self.reached.set()
        self.let_go.wait(WAIT_SECONDS)
        raise Cut


def sent_bytes(exchanges: list[Exchange], *, answered: bool = False) -> int:
    """Bytes of files and parts in these requests; the manifest is none of them."""
    return sum(
        len(exchange.body)
        for exchange in exchanges
        if exchange.method == "PUT" and "/manifests/" not in exchange.path and (exchange.answered or not answered)
    )


@pytest.fixture(scope="module")
def requests_of(versitygw: VersityGateway, nursery: Nursery, source: Path) -> dict[str, int]:
    """How many requests an upload takes that nothing disturbs."""
    found = {}
    for what in ("upload", "job"):
        with recording_proxy(versitygw.endpoint) as proxy:
            nursery.start(what, proxy.endpoint, new_bucket(versitygw.client()), str(source))
            assert nursery.ended() == 0
            found[what] = len(proxy.exchanges)
    return found


@pytest.mark.parametrize("point", range(POINTS))
@pytest.mark.parametrize("what", ["upload", "job"])
def test_killed_and_run_again(
    gateway_store: Store, nursery: Nursery, requests_of: dict[str, int], source: Path, what: str, point: int
) -> None:
    number = 1 + point * requests_of[what] // POINTS
    stopping = Stopping(number, after=point % 2 == 1)
    request = request_for(source)
    total = sum(path.stat().st_size for path in source.iterdir())
    with recording_proxy(gateway_store.endpoint) as proxy:
        stopping.attach(proxy)
        pid = nursery.start(what, proxy.endpoint, gateway_store.bucket, str(source))
        assert stopping.reached.wait(WAIT_SECONDS)
        os.kill(pid, signal.SIGKILL)
        assert nursery.ended() == -signal.SIGKILL
        stored = sent_bytes(list(proxy.exchanges), answered=True)
        stopping.let_go.set()
    # The manifest is the commit point: once it is there, everything is.
    if manifest_key(PREFIX, request.version) in gateway_store.listed():
        assert_whole(gateway_store, request, source)
    with recording_proxy(gateway_store.endpoint) as proxy:
        nursery.start(what, proxy.endpoint, gateway_store.bucket, str(source))
        assert nursery.ended() == 0
        # What the store had answered for is not sent again.
        assert sent_bytes(proxy.exchanges) <= total - stored
    assert_whole(gateway_store, request, source)
    assert list(open_uploads(gateway_store.objects, PREFIX)) == []
