"""The message queue in Valkey or Redis: streams, and scripts that keep the order of groups."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_client.names import LONGEST_STORE, valid_name
from pulumi_modelstore_client.queue import valkey_scripts as scripts
from pulumi_modelstore_client.queue.engine import Message, QueueGone, QueueSettings, ReceiptOver
from pulumi_modelstore_client.queue.limits import REPEATS_SECONDS
from pulumi_modelstore_client.valkey import Script, asking, connect

if TYPE_CHECKING:
    from pulumi_modelstore_client.location import Location
    from pulumi_modelstore_client.time_limits import TimeLimits

_PAGE = 500
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2


class ValkeyQueues:
    """The queues of that store in one database of a server."""

    def __init__(self, place: Location, limits: TimeLimits, *, store: str) -> None:
        self._place = place
        self._prefix = f"modelstore:queue:{valid_name(store, what='The store', longest=LONGEST_STORE)}:"
        self._names, self._deleted = f"{self._prefix}names", f"{self._prefix}deleted"
        self._server = connect(place, limits)
        names = ("CREATE", "REMOVE", "SEND", "RECEIVE", "ACK", "LENGTH")
        self._scripts = {name: Script(self._server, getattr(scripts, name)) for name in names}
        self._ids: dict[str, str] = {}

    def create(self, queue: str, settings: QueueSettings) -> bool:
        """Create a queue; False where one of that name has other settings."""
        arguments = [queue, uuid.uuid4().hex, self._prefix, settings.visibility_seconds * 1000, settings.max_deliveries]
        with asking("The queue could not be created", self._place, on=queue):
            return bool(self._scripts["CREATE"]([self._names], arguments))

    def exists(self, queue: str) -> bool:
        """Whether there is one."""
        return self._look_up(queue) is not None

    def names(self) -> list[str]:
        """All of them, sorted, without dead letters."""
        with asking("The queues could not be listed", self._place):
            found: Any = self._server.hkeys(self._names)
        return sorted(name.decode() for name in found)

    def remove(self, queue: str) -> bool:
        """Delete one with its messages and dead letters, and finish earlier deletions that broke off."""
        with asking("The queue could not be deleted", self._place, on=queue):
            was_there = self._scripts["REMOVE"]([self._names, self._deleted], [queue, self._prefix])
            unfinished: Any = self._server.smembers(self._deleted)
            for identifier in unfinished:
                self._purge(identifier.decode())
                self._server.srem(self._deleted, identifier)
        return bool(was_there)

    def send(self, queue: str, body: bytes, group: str, deduplication_id: str) -> str:
        """Add a message at the end; the same group and deduplication id within 300 s adds none."""
        arguments = [group, body, deduplication_id, REPEATS_SECONDS]
        sent: bytes = self._run("SEND", queue, arguments, failed="The message could not be sent")
        return sent.decode()

    def receive(
        self, queue: str, *, dead: bool, most: int, wait_seconds: float, visibility_seconds: int | None
    ) -> list[Message]:
        """Take up to `most` messages, of groups of which none is out."""
        receipt, pause = uuid.uuid4().hex, _SHORTEST_PAUSE
        arguments = [most, "" if visibility_seconds is None else visibility_seconds * 1000, receipt]
        deadline = time.monotonic() + wait_seconds
        while True:
            taken = self._run("RECEIVE", queue, arguments, dead=dead, failed="No message could be received")
            left = deadline - time.monotonic()
            if taken or left <= 0:
                return [
                    Message(body, group.decode(), number.decode(), deliveries, receipt)
                    for number, group, deliveries, body in taken
                ]
            # A message also comes back by the passing of time, which wakes nobody up.
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def ack(self, queue: str, message: Message, *, dead: bool) -> None:
        """Delete a message that is out; ReceiptOver where it no longer is this consumer's."""
        arguments = [message.id, message.receipt, message.group]
        failed = "The message could not be acknowledged"
        if not self._run("ACK", queue, arguments, dead=dead, failed=failed):
            raise ReceiptOver

    def length(self, queue: str, *, dead: bool) -> int:
        """Messages that were not acknowledged."""
        length: int = self._run("LENGTH", queue, [], dead=dead, failed="The queue's length could not be read")
        return length

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _run(self, script: str, queue: str, arguments: list[Any], *, failed: str, dead: bool = False) -> Any:
        known = self._ids.get(queue)
        for identifier in (known, None):
            found = identifier or self._look_up(queue)
            if found is None:
                break
            base = f"{self._prefix}{found}:"
            keys = [f"{base}dead:", base] if dead else [base, f"{base}dead:"]
            with asking(failed, self._place, on=queue):
                answer = self._scripts[script](keys, arguments)
            if answer is not None:
                return answer
            # Deleted; somebody may have created it anew.
            self._ids.pop(queue, None)
        raise QueueGone

    def _look_up(self, queue: str) -> str | None:
        with asking("The queue could not be looked up", self._place, on=queue):
            found: Any = self._server.hget(self._names, queue)
        if found is None:
            return None
        self._ids[queue] = found.decode()
        return self._ids[queue]

    def _purge(self, identifier: str) -> None:
        for found in self._server.scan_iter(match=f"{self._prefix}{identifier}:*", count=_PAGE):
            self._server.unlink(found)
