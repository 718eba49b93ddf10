"""Operations per second of each workspace store's client, beside the bare library on the same server."""

from __future__ import annotations

import itertools
import statistics
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from bench.clients_servers import ALIKE, Servers, servers

GOAL = 0.9
TURNS = 60
SECONDS_A_TURN = 0.05

Operation = Callable[[], object]


def _operations(operation: Operation, seconds: float) -> int:
    """How many fit into about so many seconds."""
    start = time.perf_counter()
    for _ in range(5):
        operation()
    return max(1, round(seconds / ((time.perf_counter() - start) / 5)))


def _taken(operation: Operation, number: int) -> float:
    start = time.perf_counter()
    for _ in range(number):
        operation()
    return time.perf_counter() - start


def _pairs(server: Servers) -> Mapping[str, tuple[Operation, Operation]]:
    """By what is done: the bare library's way and the client's, each with the same bytes."""
    pairs: dict[str, tuple[Operation, Operation]] = {}
    value, key = b"v" * 1024, "user/7/session"
    redis, space = server.redis(), server.key_value().create_namespace("bench")
    redis.set(key, value)
    space.put(key, value)
    pairs["Valkey: put a key of 1 kB"] = (lambda: redis.set(key, value), lambda: space.put(key, value))
    pairs["Valkey: get it"] = (lambda: redis.get(key), lambda: space.get(key))

    redis.xgroup_create("stream", "group", mkstream=True)
    queue, numbers = server.queues().create("bench"), itertools.count()

    def bare_round_trip() -> None:
        redis.xadd("stream", {"group": str(next(numbers) % 10), "body": value})
        ((_, messages),) = redis.xreadgroup("group", "consumer", {"stream": ">"}, count=1)
        redis.xack("stream", "group", messages[0][0])
        redis.xdel("stream", messages[0][0])

    def client_round_trip() -> None:
        queue.send(value, group=str(next(numbers) % 10))
        queue.ack(queue.receive()[0])

    pairs["Valkey: send, receive and acknowledge a message of 1 kB"] = (bare_round_trip, client_round_trip)

    table, dynamodb, dynamo_space = server.dynamodb()
    identity = {"pk": {"S": "bare"}, "sk": {"B": key.encode()}}

    def bare_put() -> None:
        # With the client's condition: moto's own time with one is no matter of the client.
        dynamodb.put_item(
            TableName=table,
            Item={**identity, "key": {"B": key.encode()}, "value": {"B": value}},
            ConditionExpression="attribute_not_exists(pk) OR #key = :key",
            ExpressionAttributeNames={"#key": "key"},
            ExpressionAttributeValues={":key": {"B": key.encode()}},
        )

    bare_put()
    dynamo_space.put(key, value)
    pairs["DynamoDB (moto): put a key of 1 kB, unless another has its digest"] = (
        bare_put,
        lambda: dynamo_space.put(key, value),
    )
    pairs["DynamoDB (moto): get it"] = (
        lambda: dynamodb.get_item(TableName=table, Key=identity, ConsistentRead=True),
        lambda: dynamo_space.get(key),
    )

    sqs, url, sqs_queue = server.sqs()

    def bare_sqs() -> None:
        # Text of the length that the client's is in base64.
        sqs.send_message(
            QueueUrl=url, MessageBody="v" * 1368, MessageGroupId="a", MessageDeduplicationId=uuid.uuid4().hex
        )
        (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def client_sqs() -> None:
        sqs_queue.send(value, group="a")
        sqs_queue.ack(sqs_queue.receive()[0])

    pairs["SQS (moto): send, receive and delete a message of 1 kB"] = (bare_sqs, client_sqs)

    s3, bucket, objects = server.objects()
    content = b"o" * 100_000
    pairs["versitygw: put an object of 100 kB"] = (
        lambda: s3.put_object(Bucket=bucket, Key="bare", Body=content),
        lambda: objects.put("client", content),
    )
    pairs["versitygw: get it"] = (
        lambda: s3.get_object(Bucket=bucket, Key="bare")["Body"].read(),  # noqa: PLW0108 - a request each time
        lambda: objects.get("client"),
    )
    return pairs


def measure(*, quick: bool) -> dict[str, Any]:
    """Operations a second; the two take short turns, first one and then the other first, so that drift meets both."""
    results = {}
    turns = 4 if quick else TURNS
    with ExitStack() as stack:
        for name, pair in _pairs(servers(stack)).items():
            # The first ones open connections.
            number = min([_operations(operation, SECONDS_A_TURN) for operation in pair])
            taken: tuple[list[float], list[float]] = ([], [])
            for turn in range(turns):
                for which in (0, 1) if turn % 2 else (1, 0):
                    taken[which].append(_taken(pair[which], number))
            bare, client = (number / statistics.median(seconds) for seconds in taken)
            # Of neighbours in time: a disk is sometimes ten times as slow as a second before.
            ratio = statistics.median(theirs / ours for theirs, ours in zip(*taken, strict=True))
            results[name] = {"bare": round(bare), "client": round(client), "ratio": round(ratio, 2)}
    return {"clients": {"operations": results, "alike": ALIKE}}
