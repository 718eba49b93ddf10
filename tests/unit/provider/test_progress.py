"""Progress: at most once a second to an engine, each tenth without one, and never a failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from pulumi_modelstore_provider import progress
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.progress import TransferProgress, report, set_engine, tell, warn


@dataclass
class Engine:
    requests: list[Any] = field(default_factory=list)

    def Log(self, request: Any) -> None:  # noqa: N802 - the name in the engine's protocol
        self.requests.append(request)

    @property
    def messages(self) -> list[str]:
        return [request.message for request in self.requests]


class BrokenEngine:
    def Log(self, request: Any) -> None:  # noqa: N802 - the name in the engine's protocol
        raise ConnectionError("gone")


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def no_engine() -> Iterator[None]:
    set_engine(None)
    yield
    set_engine(None)


def test_once_a_second_and_at_the_end() -> None:
    engine, clock = Engine(), Clock()
    set_engine(engine)
    for done in range(0, 100, 10):
        report("urn:a", partial(str, done), done=done, total=100, clock=clock)
        clock.now += 0.5
    report("urn:a", lambda: "100", done=100, total=100, clock=clock)
    assert engine.messages == ["0", "20", "40", "60", "80", "100"]
    assert all(request.ephemeral and request.urn == "urn:a" for request in engine.requests)


def test_resources_do_not_share_their_second() -> None:
    engine, clock = Engine(), Clock()
    set_engine(engine)
    for urn in ("urn:a", "urn:b"):
        report(urn, partial(str, urn), done=0, total=1, clock=clock)
    assert engine.messages == ["urn:a", "urn:b"]


def test_log_line_for_each_tenth(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "pulumi_modelstore"):
        for done in range(101):
            report("urn:c", partial("{}%".format, done), done=done, total=100)
    assert caplog.messages[0] == "0%"
    assert caplog.messages[-1] == "100%"
    assert len(caplog.messages) in (11, 12)


def test_log_line_at_least_each_half_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="pulumi_modelstore")
    clock = Clock()
    for done in (0, 1, 2, 3, 3):
        report("urn:slow", partial("{} of 1000".format, done), done=done, total=1000, clock=clock)
        clock.now += 20
    assert [record.message for record in caplog.records] == ["0 of 1000", "2 of 1000", "3 of 1000"]


def test_messages_that_stay() -> None:
    engine = Engine()
    set_engine(engine)
    tell("urn:d", "done")
    warn("urn:d", "careful")
    told, warned = engine.requests
    assert not told.ephemeral
    assert not warned.ephemeral
    assert warned.severity > told.severity


def test_engine_that_is_gone_does_not_matter() -> None:
    set_engine(BrokenEngine())
    tell("urn:e", "done")
    report("urn:e", lambda: "x", done=1, total=1)


def test_no_secret_in_a_message() -> None:
    engine = Engine()
    set_engine(engine)
    Credentials("id", "secret-in-a-message")
    tell("", "key secret-in-a-message")
    assert engine.messages == ["key [secret]"]


def test_bytes_that_go_twice_are_no_more_than_all() -> None:
    told = TransferProgress("urn:a", "uploading", 1000, clock=Clock())
    told.advance(1040)
    assert told.message().startswith("uploading 100% of")
    told.advance(-40)
    assert told.message().startswith("uploading 100% of")


def test_small_steps_are_told_together_and_the_last_one_at_once() -> None:
    clock, told = Clock(), list[int]()
    transfer = TransferProgress("urn:h", "uploading", 1000, clock=clock)
    with progress.heard_by(lambda message, done, total: told.append(done)):
        for _ in range(999):
            transfer.advance(1)
            clock.now += 0.001
        transfer.advance(1)
    assert told[-1] == 1000
    assert len(told) == 21


def test_rate_and_remaining_time() -> None:
    engine, clock = Engine(), Clock()
    set_engine(engine)
    transfer = TransferProgress("urn:f", "uploading", 14_200_000_000, clock=clock)
    clock.now += 10
    transfer.advance(2_840_000_000, moved=False)
    clock.now += 10
    transfer.advance(2_840_000_000)
    clock.now += 30
    transfer.advance(8_520_000_000)
    assert engine.messages == [
        "uploading 20% of 14.2 GB",
        "uploading 40% of 14.2 GB, 142.0 MB/s, 1m00s left",
        "uploading 100% of 14.2 GB, 227.2 MB/s",
    ]


@pytest.mark.parametrize(
    ("arguments", "is_plugin"),
    [(["plugin", "127.0.0.1:4711"], True), (["pytest", "-q"], False), (["x"], False), (["x", "tests/a.py:12"], False)],
)
def test_address_of_the_engine(arguments: list[str], is_plugin: bool) -> None:
    assert (progress._engine_of_plugin(arguments) is not None) == is_plugin
