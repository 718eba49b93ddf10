"""The message queue in SQS: FIFO queues, each with one for its dead letters."""

from __future__ import annotations

import base64
import json
import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pulumi_modelstore_client.aws import asking, connect
from pulumi_modelstore_client.errors import InvalidRequest, NotInStore, StoreError
from pulumi_modelstore_client.names import LONGEST_STORE, valid_name
from pulumi_modelstore_client.queue.engine import Message, QueueGone, QueueSettings, ReceiptOver

if TYPE_CHECKING:
    from pulumi_modelstore_client.location import Location
    from pulumi_modelstore_client.time_limits import TimeLimits

RETENTION_SECONDS = 14 * 24 * 3600
"""The longest that SQS keeps a message (its API reference)."""

# No store and no queue has an underscore in its name: `a_b` is the queue b of the store a, and of no other.
_SEPARATOR, _DEAD, _FIFO = "_", "_dead", ".fifo"
_EXISTS = ("QueueAlreadyExists", "QueueNameExists")
# Without it SQS lists no more than 1,000 and does not say that there are more.
_PAGE = 1000
_RECENT = "AWS.SimpleQueueService.QueueDeletedRecently"


class SqsQueues:
    """The queues of an account and region whose names begin with that store's."""

    def __init__(self, place: Location, limits: TimeLimits, *, store: str) -> None:
        self._place = place
        self._store = valid_name(store, what="The store", longest=LONGEST_STORE)
        self._service = connect("sqs", place, limits, config=None)
        self._urls: dict[str, str] = {}

    def create(self, queue: str, settings: QueueSettings) -> bool:
        """Create a queue with its dead letters; False where one of that name has other settings."""
        fifo = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "MessageRetentionPeriod": str(RETENTION_SECONDS),
            "VisibilityTimeout": str(settings.visibility_seconds),
        }
        try:
            with asking("The queue could not be created", self._place, on=queue):
                dead = self._service.create_queue(QueueName=self._name(queue, dead=True), Attributes=fifo)["QueueUrl"]
                asked = self._service.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
                redrive = {
                    "deadLetterTargetArn": asked["Attributes"]["QueueArn"],
                    "maxReceiveCount": str(settings.max_deliveries),
                }
                attributes = {**fifo, "RedrivePolicy": json.dumps(redrive)}
                self._service.create_queue(QueueName=self._name(queue, dead=False), Attributes=attributes)
        except StoreError as error:
            if any(code in error.answer for code in _EXISTS):
                return False
            if _RECENT in error.answer:
                raise InvalidRequest(
                    "A queue of that name was deleted a moment ago",
                    on=queue,
                    remedy="SQS takes the name again after 60 s: wait, or choose another",
                ) from None
            raise
        return True

    def exists(self, queue: str) -> bool:
        """Whether there is one."""
        self._urls.pop(self._name(queue, dead=False), None)
        try:
            self._url(queue, dead=False)
        except QueueGone:
            return False
        return True

    def names(self) -> list[str]:
        """All of them, sorted, without dead letters."""
        beginning, found = self._store + _SEPARATOR, []
        with asking("The queues could not be listed", self._place):
            pages = self._service.get_paginator("list_queues").paginate(
                QueueNamePrefix=beginning, PaginationConfig={"PageSize": _PAGE}
            )
            for page in pages:
                found += [url.rpartition("/")[2] for url in page.get("QueueUrls", [])]
        names = (name.removeprefix(beginning).removesuffix(_FIFO) for name in found)
        return sorted(name for name in names if not name.endswith(_DEAD))

    def remove(self, queue: str) -> bool:
        """Delete one with its messages and dead letters; False where there was none."""
        was_there = self.exists(queue)
        for dead in (False, True):
            try:
                with self._of(queue, "The queue could not be deleted"):
                    self._service.delete_queue(QueueUrl=self._url(queue, dead=dead))
            except QueueGone:
                continue
            finally:
                self._urls.pop(self._name(queue, dead=dead), None)
        return was_there

    def send(self, queue: str, body: bytes, group: str, deduplication_id: str) -> str:
        """Add a message at the end; the same group and deduplication id within 300 s adds none."""
        with self._of(queue, "The message could not be sent"):
            sent: str = self._service.send_message(
                QueueUrl=self._url(queue, dead=False),
                MessageBody=base64.b64encode(body).decode(),
                MessageGroupId=group,
                MessageDeduplicationId=deduplication_id,
            )["MessageId"]
        return sent

    def receive(
        self, queue: str, *, dead: bool, most: int, wait_seconds: float, visibility_seconds: int | None
    ) -> list[Message]:
        """Take up to `most` messages, of groups of which none is out."""
        visibility = {} if visibility_seconds is None else {"VisibilityTimeout": visibility_seconds}
        with self._of(queue, "No message could be received"):
            answer = self._service.receive_message(
                QueueUrl=self._url(queue, dead=dead),
                MaxNumberOfMessages=most,
                WaitTimeSeconds=math.ceil(wait_seconds),
                # Where no answer came the SDK asks again, and is given the same messages.
                ReceiveRequestAttemptId=uuid.uuid4().hex,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "MessageGroupId"],
                **visibility,
            )
        return [
            Message(
                base64.b64decode(message["Body"]),
                message["Attributes"]["MessageGroupId"],
                message["MessageId"],
                int(message["Attributes"]["ApproximateReceiveCount"]),
                message["ReceiptHandle"],
            )
            for message in answer.get("Messages", [])
        ]

    def ack(self, queue: str, message: Message, *, dead: bool) -> None:
        """Delete a message that is out; ReceiptOver where it no longer is this consumer's."""
        try:
            with self._of(queue, "The message could not be acknowledged"):
                self._service.delete_message(QueueUrl=self._url(queue, dead=dead), ReceiptHandle=message.receipt)
        except StoreError as error:
            # FIFO queues say so of a receipt whose time is over.
            if error.answer.startswith(("InvalidParameterValue", "ReceiptHandleIsInvalid")):
                raise ReceiptOver from None
            raise

    def length(self, queue: str, *, dead: bool) -> int:
        """Messages that were not acknowledged, as SQS estimates them."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        with self._of(queue, "The queue's length could not be read"):
            url = self._url(queue, dead=dead)
            answer = self._service.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def _name(self, queue: str, *, dead: bool) -> str:
        return f"{self._store}{_SEPARATOR}{queue}{_DEAD if dead else ''}{_FIFO}"

    def _url(self, queue: str, *, dead: bool) -> str:
        name = self._name(queue, dead=dead)
        if name not in self._urls:
            with self._of(queue, "The queue could not be looked up"):
                self._urls[name] = self._service.get_queue_url(QueueName=name)["QueueUrl"]
        return self._urls[name]

    @contextmanager
    def _of(self, queue: str, failed: str) -> Iterator[None]:
        try:
            with asking(failed, self._place, on=queue):
                yield
        except NotInStore:
            raise QueueGone from None
