"""A producer or consumer of the fault test, as a process of its own that can be killed.

queue_worker.py produce <producer> <groups> <messages>    sends each number once, in order within its group
queue_worker.py consume <file>                            for each message adds "<group> <number>", then acknowledges
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from pulumi_modelstore_client import Message, MessageQueueClient, Queue, ReceiptExpired, StoreUnreachable

T = TypeVar("T")


def until_answered(work: Callable[[], T]) -> T:
    """What a program does while its server is away: the same again."""
    while True:
        try:
            return work()
        except StoreUnreachable:
            time.sleep(0.05)


def produce(queue: Queue, producer: str, groups: int, messages: int) -> None:
    for number in range(messages):
        group = f"{producer}-{number % groups}"
        body = f"{number // groups}".encode()
        until_answered(lambda g=group, b=body, n=number: queue.send(b, group=g, deduplication_id=f"{producer}-{n}"))


def consume(queue: Queue, file: str) -> None:
    done = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        lost: set[str] = set()
        for message in until_answered(lambda: queue.receive(max_messages=10, wait_seconds=1)):
            if message.group in lost:
                continue
            os.write(done, f"{message.group} {message.body.decode()}\n".encode())
            if not acknowledged(queue, message):
                # What was taken with it comes back, too, and after it.
                lost.add(message.group)


def acknowledged(queue: Queue, message: Message) -> bool:
    try:
        until_answered(lambda: queue.ack(message))
    except ReceiptExpired:
        return False
    return True


if __name__ == "__main__":
    queue = until_answered(lambda: MessageQueueClient.from_environment().queue("load"))
    if sys.argv[1] == "produce":
        produce(queue, sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        consume(queue, sys.argv[2])
