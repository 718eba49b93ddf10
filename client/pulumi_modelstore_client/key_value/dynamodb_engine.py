"""The key-value store in a DynamoDB table.

The table has the partition key `pk` (text) and the sort key `sk` (bytes), and its time to live is in `expires`. A sort
key has at most 1,024 bytes there: it is the SHA-256 of the key, which stands beside it whole and is compared each time.
"""

from __future__ import annotations

import hashlib
import math
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_client.aws import asking, connect
from pulumi_modelstore_client.errors import StoreError
from pulumi_modelstore_client.key_value.dynamodb_deletion import purge, sweep
from pulumi_modelstore_client.key_value.engine import Space, SpaceGone
from pulumi_modelstore_client.names import LONGEST_STORE, valid_name

if TYPE_CHECKING:
    from pulumi_modelstore_client.location import Location
    from pulumi_modelstore_client.time_limits import TimeLimits

KNOWN_SECONDS = 5.0
"""How long a namespace counts as being there without another look: asking each time would halve the throughput."""


def digest(key: bytes) -> bytes:
    """The sort key of a key."""
    return hashlib.sha256(key).digest()


class DynamoDbEngine:
    """A key-value store of that name in one table, which the stack declares."""

    def __init__(
        self, place: Location, limits: TimeLimits, *, store: str, digest: Callable[[bytes], bytes] = digest
    ) -> None:
        self._place = place
        self._store = valid_name(store, what="The store", longest=LONGEST_STORE)
        self._table = place.url.netloc
        self._digest = digest
        self._service = connect("dynamodb", place, limits, config=None)
        self._known: dict[str, tuple[str, float]] = {}

    def create(self, name: str) -> Space:
        """Create a namespace, or return the one that is there."""
        item = {**self._name(name), "id": {"S": uuid.uuid4().hex}}
        with asking("The namespace could not be created", self._place, on=name):
            sweep(self._service, self._table, self._store)
            with self._unless_refused():
                self._service.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        # Asked for also after a write, so that everybody gets the id of who came first.
        found = self.find(name)
        return found if found is not None else self.create(name)

    def find(self, name: str) -> Space | None:
        """Look one up."""
        with asking("The namespace could not be looked up", self._place, on=name):
            answer = self._service.get_item(TableName=self._table, Key=self._name(name), ConsistentRead=True)
        if "Item" not in answer:
            self._known.pop(name, None)
            return None
        space = Space(name, answer["Item"]["id"]["S"])
        self._known[name] = (space.id, time.monotonic())
        return space

    def names(self) -> list[str]:
        """All of them, sorted."""
        with asking("The namespaces could not be listed", self._place):
            return sorted(item["sk"]["B"].decode() for item in self._items("names", "sk"))

    def remove(self, name: str) -> bool:
        """Delete one with its data, and finish earlier deletions that broke off; False where there was none."""
        space = self.find(name)
        with asking("The namespace could not be deleted", self._place, on=name):
            sweep(self._service, self._table, self._store)
            if space is None:
                return False
            gone = {"pk": {"S": f"{self._store}#gone"}, "sk": {"B": space.id.encode()}}
            deletion = {"TableName": self._table, "Key": self._name(name), "ConditionExpression": "id = :id"}
            deletion["ExpressionAttributeValues"] = {":id": {"S": space.id}}
            record = {"TableName": self._table, "Item": {**gone, "at": {"N": str(int(time.time()))}}}
            try:
                self._service.transact_write_items(TransactItems=[{"Delete": deletion}, {"Put": record}])
            except self._service.exceptions.TransactionCanceledException as error:
                reasons = {reason["Code"] for reason in error.response["CancellationReasons"]}
                if "ConditionalCheckFailed" in reasons:
                    # Somebody else was faster.
                    return False
                if "TransactionConflict" not in reasons:
                    raise
                # Somebody is just creating or deleting it: who looks again sees how that ended.
                return self.remove(name)
            self._known.pop(name, None)
            purge(self._service, self._table, f"{self._store}#{space.id}")
            return True

    def put(self, space: Space, key: bytes, value: bytes, seconds: float | None) -> None:
        """Write a key, which expires after so many seconds."""
        self._check(space)
        item = {**self._key(space, key), "key": {"B": key}, "value": {"B": value}}
        if seconds is not None:
            until = time.time() + seconds
            # The service's own deletion goes by whole seconds and comes late; until then `until` counts.
            item |= {"until": {"N": f"{until:.3f}"}, "expires": {"N": str(math.ceil(until))}}
        with asking("The value could not be written", self._place, on=space.name):
            try:
                self._service.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR #key = :key",
                    ExpressionAttributeNames={"#key": "key"},
                    ExpressionAttributeValues={":key": {"B": key}},
                )
            except self._service.exceptions.ConditionalCheckFailedException:
                raise StoreError(
                    "The value could not be written: another key has the same SHA-256",
                    on=space.name,
                    remedy="Choose another key",
                ) from None

    def get(self, space: Space, key: bytes) -> bytes | None:
        """Read a key."""
        self._check(space)
        with asking("The value could not be read", self._place, on=space.name):
            answer = self._service.get_item(TableName=self._table, Key=self._key(space, key), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or item["key"]["B"] != key or _is_over(item):
            return None
        value: bytes = item["value"]["B"]
        return value

    def delete(self, space: Space, key: bytes) -> bool:
        """Delete a key; False where there was none."""
        self._check(space)
        with asking("The key could not be deleted", self._place, on=space.name):
            try:
                answer = self._service.delete_item(
                    TableName=self._table,
                    Key=self._key(space, key),
                    ConditionExpression="#key = :key",
                    ExpressionAttributeNames={"#key": "key"},
                    ExpressionAttributeValues={":key": {"B": key}},
                    ReturnValues="ALL_OLD",
                )
            except self._service.exceptions.ConditionalCheckFailedException:
                return False
        return not _is_over(answer["Attributes"])

    def keys(self, space: Space) -> Iterator[bytes]:
        """Each key once, in the order of their digests."""
        self._check(space)
        return self._listed(space)

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def _listed(self, space: Space) -> Iterator[bytes]:
        with asking("The keys could not be listed", self._place, on=space.name):
            for item in self._items(space.id, "#key, #until", {"#key": "key", "#until": "until"}):
                if not _is_over(item):
                    yield item["key"]["B"]

    def _items(self, partition: str, fields: str, names: dict[str, str] | None = None) -> Iterator[Any]:
        pages = self._service.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"{self._store}#{partition}"}},
            ProjectionExpression=fields,
            ConsistentRead=True,
            **({"ExpressionAttributeNames": names} if names else {}),
        )
        for page in pages:
            yield from page["Items"]

    def _check(self, space: Space) -> None:
        identifier, seen = self._known.get(space.name, ("", -math.inf))
        if time.monotonic() - seen > KNOWN_SECONDS:
            found = self.find(space.name)
            identifier = found.id if found else ""
        if identifier != space.id:
            raise SpaceGone

    def _unless_refused(self) -> suppress:
        known = self._service.exceptions
        return suppress(known.ConditionalCheckFailedException, known.TransactionConflictException)

    def _name(self, name: str) -> dict[str, Any]:
        return {"pk": {"S": f"{self._store}#names"}, "sk": {"B": name.encode()}}

    def _key(self, space: Space, key: bytes) -> dict[str, Any]:
        return {"pk": {"S": f"{self._store}#{space.id}"}, "sk": {"B": self._digest(key)}}


def _is_over(item: Any) -> bool:
    return "until" in item and float(item["until"]["N"]) <= time.time()
