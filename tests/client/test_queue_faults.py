"""Consumers and the server are killed under load: nothing is lost, and each group keeps its order."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_modelstore_client import AccessRefused, MessageQueueClient, Queue, StoreFull, StoreUnreachable, TimeLimits
from servers.valkey import ValkeyServer, valkey_server

PRODUCERS, CONSUMERS, GROUPS, MESSAGES = 2, 4, 5, 10_000
WORKER = str(Path(__file__).with_name("queue_worker.py"))
PATIENCE_SECONDS = 240
HASTY = TimeLimits(connect=1, read=5, attempts=1)


def _until(reached: Callable[[], bool], workers: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "the workers make no progress"
        assert all(worker.poll() in (None, 0) for worker in workers), "a worker ended with an error"
        time.sleep(0.05)


def test_nothing_is_lost_and_groups_keep_their_order(tmp_path: Path) -> None:
    done = tmp_path / "done"
    done.touch()
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        environment = {"PYTHONDONTWRITEBYTECODE": "1", **server.environment("MODELSTORE_QUEUE")}
        running.append(subprocess.Popen([sys.executable, WORKER, *arguments], env=environment))
        return running[-1]

    def handled() -> int:
        return done.read_bytes().count(b"\n")

    with valkey_server() as server:
        client = MessageQueueClient.from_environment(environ=server.environment("MODELSTORE_QUEUE"))
        # Above what a batch takes to be dealt with on a busy machine; killed consumers hold theirs so long.
        queue = client.create("load", visibility_seconds=5, max_deliveries=1000)
        try:
            producers = [start("produce", f"p{n}", str(GROUPS), str(MESSAGES // PRODUCERS)) for n in range(PRODUCERS)]
            consumers = [start("consume", str(done)) for _ in range(CONSUMERS)]
            for share in (0.2, 0.5):
                _until(lambda share=share: handled() > MESSAGES * share, producers)
                consumers[0].kill()
                consumers.append(start("consume", str(done)))
                consumers.pop(0)
                server.kill()
                server.start()
            _until(lambda: all(producer.poll() == 0 for producer in producers), producers)
            _until(lambda: queue.length() == 0, consumers)
        finally:
            for worker in running:
                worker.kill()
                worker.wait()
        assert queue.dead_letters.length() == 0
    lines = [line.split() for line in done.read_text().splitlines()]
    first = list(dict.fromkeys((group, int(number)) for group, number in lines))
    for group in (f"p{producer}-{group}" for producer, group in itertools.product(range(PRODUCERS), range(GROUPS))):
        numbers = [number for name, number in first if name == group]
        assert numbers == list(range(MESSAGES // PRODUCERS // GROUPS)), f"{group} lost messages or their order"
    # Handed out again is what was out when somebody was killed, not all.
    assert len(lines) - len(first) < MESSAGES / 10


def _queue(server: ValkeyServer) -> Queue:
    environment = server.environment("MODELSTORE_QUEUE")
    return MessageQueueClient.from_environment(environ=environment, limits=HASTY).create("full")


def _fill(queue: Queue, sent: list[str]) -> None:
    while len(sent) < 100:
        sent.append(queue.send(b"m" * 190_000))


def test_a_wrong_password_is_named(valkey: ValkeyServer) -> None:
    environment = valkey.environment("MODELSTORE_QUEUE", MODELSTORE_QUEUE_PASSWORD="not-the-password")
    with pytest.raises(AccessRefused, match="Check the password"):
        MessageQueueClient.from_environment(environ=environment, limits=HASTY).queues()


def test_a_full_memory_refuses_messages_and_still_hands_them_out() -> None:
    with valkey_server({"maxmemory": "5mb"}) as server:
        queue = _queue(server)
        sent: list[str] = []
        with pytest.raises(StoreFull, match=r"could not be sent \(full, .*raise the memory"):
            _fill(queue, sent)
        assert sent
        assert queue.length() == len(sent)


def test_a_full_disk_loses_no_message_that_was_taken() -> None:
    with valkey_server(largest_file=1_000_000) as server:
        queue = _queue(server)
        sent: list[str] = []
        with pytest.raises(StoreUnreachable, match="as with a full disk, ends"):
            _fill(queue, sent)
        server.stop()
        server.largest_file = None
        server.start()
        assert sent
        assert queue.length() >= len(sent)
        assert queue.receive()[0].id == sent[0]
