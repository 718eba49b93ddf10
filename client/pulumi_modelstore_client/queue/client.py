"""`MessageQueueClient`: what a program in a pod uses."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import ClassVar, Self, TypeVar

from pulumi_modelstore_client import valkey
from pulumi_modelstore_client.errors import InvalidRequest, NotInStore, ReceiptExpired
from pulumi_modelstore_client.location import Location, unknown_engine
from pulumi_modelstore_client.queue import limits as allowed
from pulumi_modelstore_client.queue.engine import Message, QueueEngine, QueueGone, QueueSettings, ReceiptOver
from pulumi_modelstore_client.store_client import StoreClient
from pulumi_modelstore_client.time_limits import USUAL, TimeLimits

STORE = "main"
"""Name of the store where the URL has no `store=`."""
GROUP = "main"
"""The group of messages that are sent without one."""

T = TypeVar("T")


class MessageQueueClient(StoreClient):
    """Queues, safe to share between threads.

    Every method raises a StoreError for what went wrong with the store: StoreUnreachable, AccessRefused, StoreFull.
    """

    PREFIX: ClassVar[str] = "MODELSTORE_QUEUE"

    def __init__(self, engine: QueueEngine) -> None:
        self._engine = engine

    @classmethod
    def at(cls, place: Location, *, limits: TimeLimits = USUAL) -> Self:
        """Return a client of the store at a location: `valkey[s]://`, `redis[s]://` or `sqs://store`."""
        if place.engine in valkey.SCHEMES:
            from pulumi_modelstore_client.queue.valkey_engine import ValkeyQueues

            return cls(ValkeyQueues(place, limits, store=place.option("store") or STORE))
        if place.engine == "sqs":
            from pulumi_modelstore_client.queue.sqs_engine import SqsQueues

            return cls(SqsQueues(place, limits, store=place.url.netloc or STORE))
        raise unknown_engine(place, "valkey, valkeys, redis, rediss and sqs")

    def create(self, name: str, *, visibility_seconds: int = 30, max_deliveries: int = 5) -> Queue:
        """Create a queue with its dead letters, or take the one that is there.

        Args:
            name: 1 to 40 lower-case letters, digits and hyphens.
            visibility_seconds: 1 to 43,200; a message that was not acknowledged by then comes back.
            max_deliveries: 1 to 1,000; a message that comes back after so many goes to the dead letters.

        Raises:
            InvalidRequest: where there is one of that name with other settings, or SQS deleted one within 60 s.
        """
        allowed.valid_queue(name)
        settings = QueueSettings(
            int(allowed.within(visibility_seconds, 1, allowed.VISIBILITY_SECONDS, what="visibility_seconds")),
            int(allowed.within(max_deliveries, 1, allowed.DELIVERIES, what="max_deliveries")),
        )
        if not self._engine.create(name, settings):
            remedy = "Give the settings that it has, or delete it first"
            raise InvalidRequest("There is a queue of that name with other settings", on=name, remedy=remedy)
        return Queue(self._engine, name)

    def queue(self, name: str) -> Queue:
        """Return a queue. Raises NotInStore where there is none of that name."""
        if not self._engine.exists(allowed.valid_queue(name)):
            raise _missing(name)
        return Queue(self._engine, name)

    def queues(self) -> list[str]:
        """Names of all queues, sorted. SQS may show one that was just made or deleted a minute late."""
        return self._engine.names()

    def delete(self, name: str) -> bool:
        """Delete a queue with its messages and dead letters; False where there is none."""
        return self._engine.remove(allowed.valid_queue(name))

    def close(self) -> None:
        """Close the connections."""
        self._engine.close()


class _Received:
    """A queue, or its dead letters, as its consumers see it."""

    def __init__(self, engine: QueueEngine, name: str, *, dead: bool) -> None:
        self._engine = engine
        self._dead = dead
        self.name = name

    def receive(
        self, *, max_messages: int = 1, wait_seconds: float = 0, visibility_seconds: int | None = None
    ) -> list[Message]:
        """Take messages, the oldest first; none of a group of which others are still out.

        Args:
            max_messages: at most, 1 to 10; several of one group come in their order.
            wait_seconds: how long to wait for the first one, 0 to 20; SQS takes whole ones.
            visibility_seconds: in place of the queue's own.
        """
        most = int(allowed.within(max_messages, 1, allowed.BATCH, what="max_messages"))
        wait = allowed.within(wait_seconds, 0, allowed.WAIT_SECONDS, what="wait_seconds")
        visible = visibility_seconds
        if visible is not None:
            visible = int(allowed.within(visible, 1, allowed.VISIBILITY_SECONDS, what="visibility_seconds"))
        return self._do(
            lambda: self._engine.receive(
                self.name, dead=self._dead, most=most, wait_seconds=wait, visibility_seconds=visible
            )
        )

    def ack(self, message: Message) -> None:
        """Say that the message is dealt with: it is deleted. Once more does no harm.

        Raises:
            ReceiptExpired: where its visibility time was over and it came back, so that somebody deals with it again.
        """
        try:
            self._do(lambda: self._engine.ack(self.name, message, dead=self._dead))
        except ReceiptOver:
            raise ReceiptExpired(
                "The message was not acknowledged in time, and came back to the queue",
                on=f"{self.name}, message {message.id}",
                remedy="Give the queue a longer visibility time than a message takes, or take fewer at once",
            ) from None

    def length(self) -> int:
        """Messages that were not acknowledged, those that are out among them; on SQS an estimate."""
        return self._do(lambda: self._engine.length(self.name, dead=self._dead))

    def _do(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except QueueGone:
            raise _missing(self.name) from None


class DeadLetters(_Received):
    """Messages that came back too often. They stay until they are acknowledged; SQS drops them after 14 days."""


class Queue(_Received):
    """One queue. Within a group messages come in the order in which they were sent, one consumer at a time.

    Every method raises NotInStore where the queue is gone.
    """

    def __init__(self, engine: QueueEngine, name: str) -> None:
        super().__init__(engine, name, dead=False)
        self.dead_letters = DeadLetters(engine, name, dead=True)

    def send(self, body: bytes, *, group: str = GROUP, deduplication_id: str | None = None) -> str:
        """Add a message at the end, and return the queue's name of it.

        Args:
            body: 1 to 196,608 bytes.
            group: within which order is kept: 1 to 128 ASCII characters. One group has one consumer at a time; messages
                that need no order among them spread over consumers where their groups differ.
            deduplication_id: what makes a repeat of this call within 300 s add nothing: give it where the call may be
                made again after it failed without an answer.

        Raises:
            TooLarge: where the body is above its limit; nothing was sent.
        """
        taken = allowed.checked_body(body)
        allowed.valid_token(group, what="group")
        # Requests are repeated where no answer came: without an id of its own a message would be there twice.
        repeat = uuid.uuid4().hex if deduplication_id is None else deduplication_id
        allowed.valid_token(repeat, what="deduplication id")
        return self._do(lambda: self._engine.send(self.name, taken, group, repeat))


def _missing(name: str) -> NotInStore:
    return NotInStore("There is no such queue", on=name, remedy="Create it with create, or look at queues()")
