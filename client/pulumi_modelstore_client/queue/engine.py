"""What an engine of the message queue has to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was received, and is this consumer's until its visibility time is over.

    Args:
        body: what was sent.
        group: within which order is kept.
        id: the queue's own name of it.
        deliveries: how often it was handed out, this time included.
        receipt: what acknowledges this delivery of it.
    """

    body: bytes
    group: str
    id: str
    deliveries: int
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How a queue hands out messages.

    Args:
        visibility_seconds: until a message that was not acknowledged comes back.
        max_deliveries: after so many it goes to the dead letters in the place of coming back.
    """

    visibility_seconds: int
    max_deliveries: int


class QueueGone(Exception):
    """There is no such queue, or no longer."""


class ReceiptOver(Exception):
    """The message came back to the queue, or is with another consumer."""


class QueueEngine(Protocol):
    """The queues of one store. Arguments were checked before; a failure is a StoreError, a missing queue QueueGone.

    `dead` means the dead letters that belong to the queue.
    """

    def create(self, queue: str, settings: QueueSettings) -> bool:
        """Create a queue; False where one of that name has other settings."""
        ...

    def exists(self, queue: str) -> bool:
        """Whether there is one."""
        ...

    def names(self) -> list[str]:
        """All of them, sorted, without dead letters."""
        ...

    def remove(self, queue: str) -> bool:
        """Delete one with its messages and dead letters; False where there was none."""
        ...

    def send(self, queue: str, body: bytes, group: str, deduplication_id: str) -> str:
        """Add a message at the end; the same group and deduplication id within 300 s adds none."""
        ...

    def receive(
        self, queue: str, *, dead: bool, most: int, wait_seconds: float, visibility_seconds: int | None
    ) -> list[Message]:
        """Take up to `most` messages, of groups of which none is out."""
        ...

    def ack(self, queue: str, message: Message, *, dead: bool) -> None:
        """Delete a message that is out; ReceiptOver where it no longer is this consumer's. Gone already is well."""
        ...

    def length(self, queue: str, *, dead: bool) -> int:
        """Messages that were not acknowledged."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
