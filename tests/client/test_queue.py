"""The message queue, the same on every engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from client.conftest import sqs_environment
from pulumi_modelstore_client import InvalidRequest, MessageQueueClient, NotInStore, Queue, ReceiptExpired, TooLarge
from pulumi_modelstore_client.location import from_environment
from pulumi_modelstore_client.queue import sqs_engine
from pulumi_modelstore_client.queue.limits import BODY_BYTES
from pulumi_modelstore_client.time_limits import USUAL
from servers.moto import MotoAws
from servers.valkey import ValkeyServer


def _bodies(queue: Queue, most: int = 10) -> list[bytes]:
    return [message.body for message in queue.receive(max_messages=most)]


def test_first_in_first_out_until_it_is_acknowledged(queues: MessageQueueClient) -> None:
    jobs = queues.create("jobs")
    for number in range(3):
        jobs.send(b"\x00\xff %d" % number)
    assert jobs.length() == 3
    for number in range(3):
        (message,) = jobs.receive()
        assert (message.body, message.deliveries, message.group) == (b"\x00\xff %d" % number, 1, "main")
        assert jobs.length() == 3 - number, "one that is out still counts"
        jobs.ack(message)
        jobs.ack(message)
    assert (jobs.receive(), jobs.length()) == ([], 0)


def test_queues_are_created_listed_and_deleted(queues: MessageQueueClient) -> None:
    assert queues.queues() == []
    jobs = queues.create("jobs", visibility_seconds=60, max_deliveries=3)
    queues.create("b").send(b"kept")
    jobs.send(b"1")
    assert queues.create("jobs", visibility_seconds=60, max_deliveries=3).length() == 1
    with pytest.raises(InvalidRequest, match="other settings"):
        queues.create("jobs", visibility_seconds=61, max_deliveries=3)
    assert queues.queues() == ["b", "jobs"]
    assert (queues.delete("jobs"), queues.delete("jobs")) == (True, False)
    assert queues.queues() == ["b"]
    with pytest.raises(NotInStore, match="no such queue"):
        queues.queue("jobs")
    for use in (lambda: jobs.send(b"2"), jobs.receive, jobs.length, jobs.dead_letters.length):
        with pytest.raises(NotInStore):
            use()
    assert queues.queue("b").length() == 1


def test_a_group_has_one_consumer_at_a_time_and_others_do_not_wait_for_it(queues: MessageQueueClient) -> None:
    jobs = queues.create("jobs")
    for group, body in (("a", b"a1"), ("a", b"a2"), ("b", b"b1"), ("a", b"a3")):
        jobs.send(body, group=group)
    (first,) = jobs.receive()
    assert first.body == b"a1"
    assert _bodies(jobs) == [b"b1"], "what follows in the group waits for what is out"
    jobs.ack(first)
    assert _bodies(jobs) == [b"a2", b"a3"]


def test_what_was_not_acknowledged_comes_back_before_what_follows(queues: MessageQueueClient) -> None:
    jobs = queues.create("jobs", visibility_seconds=1)
    for number in range(4):
        jobs.send(b"%d" % number)
    first, second = jobs.receive(max_messages=2)
    jobs.ack(first)
    again = jobs.receive(max_messages=10, wait_seconds=5)
    assert [(message.body, message.deliveries) for message in again] == [(b"1", 2), (b"2", 1), (b"3", 1)]
    assert again[0].receipt != second.receipt


def test_after_its_deliveries_a_message_goes_to_the_dead_letters(queues: MessageQueueClient) -> None:
    jobs = queues.create("jobs", visibility_seconds=1, max_deliveries=2)
    jobs.send(b"poison", group="a")
    jobs.send(b"good", group="a")
    for deliveries in (1, 2):
        (message,) = jobs.receive(wait_seconds=5)
        assert (message.body, message.deliveries) == (b"poison", deliveries)
    (good,) = jobs.receive(wait_seconds=5)
    assert good.body == b"good"
    jobs.ack(good)
    assert (jobs.length(), jobs.dead_letters.length()) == (0, 1)
    (dead,) = jobs.dead_letters.receive(wait_seconds=5)
    assert (dead.body, dead.group) == (b"poison", "a")
    jobs.dead_letters.ack(dead)
    assert jobs.dead_letters.length() == 0


def test_a_repeat_of_a_deduplication_id_adds_nothing(queues: MessageQueueClient) -> None:
    jobs = queues.create("jobs")
    jobs.send(b"1", deduplication_id="one")
    jobs.send(b"1", deduplication_id="one")
    jobs.send(b"2", deduplication_id="two")
    jobs.send(b"2")
    jobs.send(b"2")
    assert _bodies(jobs) == [b"1", b"2", b"2", b"2"]


def test_limits_are_exact_to_the_byte(queues: MessageQueueClient) -> None:
    jobs = queues.create("q" * 40)
    assert BODY_BYTES == 196_608
    jobs.send(b"\xff" * BODY_BYTES, group="g" * 128)
    (message,) = jobs.receive()
    assert (message.body, message.group) == (b"\xff" * BODY_BYTES, "g" * 128)
    with pytest.raises(TooLarge, match="message of 196609 bytes"):
        jobs.send(b"\xff" * (BODY_BYTES + 1))
    for wrong in (
        lambda: jobs.send(b""),
        lambda: jobs.send(b"1", group="g" * 129),
        lambda: jobs.send(b"1", group="a b"),
        lambda: jobs.receive(max_messages=11),
        lambda: jobs.receive(wait_seconds=21),
        lambda: queues.create("q" * 41),
        lambda: queues.create("a_dead"),
        lambda: queues.create("a", visibility_seconds=43_201),
        lambda: queues.create("a", max_deliveries=0),
    ):
        with pytest.raises(InvalidRequest):
            wrong()


def test_a_late_acknowledgement_is_refused(valkey: ValkeyServer, store_name: str) -> None:
    environment = valkey.environment("MODELSTORE_QUEUE", store=store_name)
    jobs = MessageQueueClient.from_environment(environ=environment).create("jobs", visibility_seconds=1)
    jobs.send(b"1")
    (late,) = jobs.receive()
    (again,) = jobs.receive(wait_seconds=5)
    with pytest.raises(ReceiptExpired, match="not acknowledged in time"):
        jobs.ack(late)
    jobs.ack(again)
    jobs.ack(late)


def test_a_late_acknowledgement_of_a_dead_letter_is_refused(valkey: ValkeyServer, store_name: str) -> None:
    environment = valkey.environment("MODELSTORE_QUEUE", store=store_name)
    client = MessageQueueClient.from_environment(environ=environment)
    jobs = client.create("jobs", visibility_seconds=1, max_deliveries=1)
    jobs.send(b"1")
    (late,) = jobs.receive()
    while jobs.length():
        assert jobs.receive() == []
    with pytest.raises(ReceiptExpired, match="not acknowledged in time"):
        jobs.ack(late)
    (dead,) = jobs.dead_letters.receive()
    jobs.dead_letters.ack(dead)
    jobs.ack(late)
    assert not list(valkey.client().scan_iter(match=f"*{store_name}*:receipts"))


def test_all_queues_are_listed_where_they_are_more_than_a_page(
    moto_aws: MotoAws, store_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs_engine, "_PAGE", 3)
    engine = _in_sqs(moto_aws, store_name)
    client, asked = MessageQueueClient(engine), []
    for name in "abcd":
        client.create(name)
    engine._service.meta.events.register(
        "provide-client-params.sqs.ListQueues", lambda params, **_: asked.append(params.get("MaxResults"))
    )
    assert client.queues() == ["a", "b", "c", "d"]
    assert asked == [3, 3, 3], "without a number SQS ends the list at 1,000"


def test_a_repeated_request_asks_for_the_same_messages(moto_aws: MotoAws, store_name: str) -> None:
    engine = _in_sqs(moto_aws, store_name)
    jobs = MessageQueueClient(engine).create("jobs")
    attempts: list[str] = []

    def lose_first(request: Any, **_: object) -> None:
        attempts.append(json.loads(request.body)["ReceiveRequestAttemptId"])
        if len(attempts) == 1:
            raise ConnectionClosedError(endpoint_url=request.url)

    engine._service.meta.events.register("before-send.sqs.ReceiveMessage", lose_first)
    jobs.receive()
    jobs.receive()
    assert attempts[0] == attempts[1] != attempts[2]


def _in_sqs(aws: MotoAws, store: str) -> sqs_engine.SqsQueues:
    place = from_environment("MODELSTORE_QUEUE", sqs_environment(aws, store))
    return sqs_engine.SqsQueues(place, USUAL, store=store)


def test_nothing_of_a_deleted_queue_stays_on_the_server(valkey: ValkeyServer, store_name: str) -> None:
    client = MessageQueueClient.from_environment(environ=valkey.environment("MODELSTORE_QUEUE", store=store_name))
    jobs = client.create("jobs", visibility_seconds=1, max_deliveries=1)
    for group in "abc":
        jobs.send(b"1", group=group)
    jobs.receive(max_messages=2)
    client.delete("jobs")
    assert list(valkey.client().scan_iter(match=f"*{store_name}*")) == []
    client.create("jobs")
    assert jobs.length() == 0, "one that was held is the new one"
