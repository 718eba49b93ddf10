"""Statements of one owner in a bucket's policy, beside those of others and whatever else is in there.

A store replaces the whole policy at once, whoever wrote it in between: so what was written is looked at again, and
written again where somebody else's writing has taken it away.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.locks import lock_of
from pulumi_modelstore_provider.s3.failures import asking

if TYPE_CHECKING:
    from pulumi_modelstore_provider.credentials import ConfigLookup
    from pulumi_modelstore_provider.s3.connection import S3Connection

_WRITES = 12
SETTLED_SECONDS = 0.5
"""How long another writer may take from reading the policy to writing it back: what it undoes is seen after that."""

_CONCURRENT = {"ConcurrentModification", "OperationAborted", "ConditionalRequestConflict"}
_OWNER = "Let credentials refer to a key of the bucket's owner: on most stores only that user may set its policy"

Statement = dict[str, Any]


class BucketPolicy:
    """The policy of one bucket.

    Args:
        client: with the key of the bucket's owner.
        bucket: its name.
        place: how messages name it.
        sleep: waits, in seconds.
    """

    def __init__(self, client: Any, bucket: str, place: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client, self._bucket, self.place, self._sleep = client, bucket, place, sleep

    def settle(self, mark: str, wanted: Sequence[Statement], *, of: str) -> None:
        """Have these, and no others, of the statements whose ids begin with `mark`; all others stay as they are.

        `of` names their owner in messages. Raises NotInStore where there is no bucket.
        """
        with lock_of(self.place):
            for _ in range(_WRITES):
                document = self._read()
                if _same(_marked(document, mark), wanted):
                    return
                if self._write(_with(document, mark, wanted)):
                    # Apart from each other, so that two writers do not meet again and again.
                    self._sleep(SETTLED_SECONDS + random.uniform(0, SETTLED_SECONDS / 2))  # noqa: S311
        raise ModelstoreError(
            f"The policy of the bucket does not keep the statements of {of}: others write it at the same time",
            on=self.place,
            remedy="Run again when no other stack or script changes the bucket's policy",
        )

    def remove(self, mark: str, *, of: str) -> None:
        """Take the statements out whose ids begin with `mark`; a bucket that is gone is no error."""
        try:
            self.settle(mark, [], of=of)
        except NotInStore:
            return

    def holds(self, mark: str, wanted: Sequence[Statement]) -> bool:
        """Tell whether these are the statements whose ids begin with `mark`; no bucket has none."""
        try:
            return _same(_marked(self._read(), mark), wanted)
        except NotInStore:
            return not wanted

    def _read(self) -> dict[str, Any]:
        try:
            with asking("Cannot read the bucket's policy", on=self.place):
                text = self._client.get_bucket_policy(Bucket=self._bucket)["Policy"]
        except NotInStore:
            raise
        except StoreRefused as refusal:
            if refusal.code == "NoSuchBucketPolicy":
                return {"Version": "2012-10-17", "Statement": []}
            raise _of_owner(refusal) from None
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ModelstoreError(
                "The bucket's policy is no JSON object",
                on=self.place,
                remedy="Mend or delete it, then run again: nothing was changed",
            )
        return found

    def _write(self, document: dict[str, Any]) -> bool:
        """Write the policy; False where the store says that another change was under way."""
        try:
            with asking("Cannot set the bucket's policy", on=self.place):
                if document["Statement"]:
                    text = json.dumps(document, separators=(",", ":"))
                    self._client.put_bucket_policy(Bucket=self._bucket, Policy=text)
                else:
                    self._client.delete_bucket_policy(Bucket=self._bucket)
        except NotInStore:
            raise
        except StoreRefused as refusal:
            if refusal.code in _CONCURRENT:
                self._sleep(SETTLED_SECONDS)
                return False
            raise _of_owner(refusal) from None
        return True


def open_policy(connection: S3Connection, bucket: str, *, config: ConfigLookup | None) -> BucketPolicy:
    """Return the policy of a bucket whose owner the connection's credentials are; nothing is sent yet."""
    from pulumi_modelstore_provider.s3.bucket import open_bucket

    objects = open_bucket(connection, bucket, config=config, connections=1)
    return BucketPolicy(objects.client, bucket, objects.url(""))


def _statements(document: dict[str, Any]) -> list[Any]:
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _is_marked(statement: Any, mark: str) -> bool:
    return isinstance(statement, dict) and str(statement.get("Sid", "")).startswith(mark)


def _marked(document: dict[str, Any], mark: str) -> list[Any]:
    return [statement for statement in _statements(document) if _is_marked(statement, mark)]


def _with(document: dict[str, Any], mark: str, wanted: Sequence[Statement]) -> dict[str, Any]:
    others = [statement for statement in _statements(document) if not _is_marked(statement, mark)]
    return {**document, "Statement": [*others, *wanted]}


def _same(found: Sequence[Statement], wanted: Sequence[Statement]) -> bool:
    return [_spelled(statement) for statement in found] == [_spelled(statement) for statement in wanted]


def _spelled(statement: Statement) -> Statement:
    """The statement in one of the spellings that mean the same: MinIO gives back another than it was given."""
    spelled = {name: _listed(value) if name in ("Action", "Resource") else value for name, value in statement.items()}
    who = statement.get("Principal")
    who = {"AWS": who} if isinstance(who, str) else who
    if isinstance(who, dict):
        spelled["Principal"] = {kind: _listed(names) for kind, names in who.items()}
    return spelled


def _listed(value: Any) -> list[Any]:
    return sorted(value, key=str) if isinstance(value, list) else [value]


def _of_owner(refusal: StoreRefused) -> StoreRefused:
    if refusal.code != "AccessDenied":
        return refusal
    return StoreRefused(
        refusal.failed,
        on=refusal.on,
        answer=refusal.answer,
        remedy=_OWNER,
        code=refusal.code,
        status=refusal.status,
    )
