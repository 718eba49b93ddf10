"""A principal's place in its bucket's policy, which it shares with other principals and with whatever else is in there.

Ceph replaces the whole policy at once, whoever wrote it in between: so what was written is looked at again, and written
again where somebody else's writing has taken it away.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.keys.ceph_rgw_locks import lock_of
from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.keys.s3_statements import statements
from pulumi_modelstore_provider.s3.failures import asking

_WRITES = 12
SETTLED_SECONDS = 0.5
"""How long another writer may take from reading the policy to writing it back: what it undoes is seen after that."""

_CONCURRENT = {"ConcurrentModification", "OperationAborted", "ConditionalRequestConflict"}
_OWNER = "Let credentials refer to a key of the bucket's owner: only that user may set its policy"

Statement = dict[str, Any]


def statements_of(principal: str, scope: Scope) -> list[Statement]:
    """Return what lets the principal into the scope."""
    who = {"AWS": [arn_of(principal)]}
    allowed = zip(("bucket", "objects"), statements(scope), strict=True)
    return [{**statement, "Sid": f"{_mark(principal)}{of}", "Principal": who} for of, statement in allowed]


def arn_of(principal: str) -> str:
    """Return how policies name a user: `tenant$uid`, or `uid` outside of tenants."""
    tenant, _, uid = principal.rpartition("$")
    return f"arn:aws:iam::{tenant}:user/{uid}"


def _mark(principal: str) -> str:
    """How the ids of a principal's own statements begin."""
    return f"pulumi-modelstore/{principal}/"


class BucketPolicy:
    """The policy of one bucket.

    Args:
        client: of the bucket's owner.
        bucket: its name.
        place: how messages name it.
        sleep: waits, in seconds.
    """

    def __init__(self, client: Any, bucket: str, place: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client, self._bucket, self.place, self._sleep = client, bucket, place, sleep

    def admit(self, principal: str, scope: Scope) -> None:
        """Let the principal into the scope and nowhere else in the bucket; all other statements stay."""
        self._settle(principal, statements_of(principal, scope))

    def dismiss(self, principal: str) -> None:
        """Take the principal's own statements out; a bucket that is gone is no error."""
        try:
            self._settle(principal, [])
        except NotInStore:
            return

    def _settle(self, principal: str, wanted: list[Statement]) -> None:
        with lock_of(self.place):
            for _ in range(_WRITES):
                document = self._read()
                if _own(document, principal) == wanted:
                    return
                if self._write(_with(document, principal, wanted)):
                    # Apart from each other, so that two writers do not meet again and again.
                    self._sleep(SETTLED_SECONDS + random.uniform(0, SETTLED_SECONDS / 2))  # noqa: S311
        raise ModelstoreError(
            f"The policy of the bucket does not keep the statements of {principal}: others write it at the same time",
            on=self.place,
            remedy="Run again when no other stack or script changes the bucket's policy",
        )

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
        """Write the policy; False where Ceph says that another change was under way."""
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


def _statements(document: dict[str, Any]) -> list[Any]:
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _is_own(statement: Any, principal: str) -> bool:
    return isinstance(statement, dict) and str(statement.get("Sid", "")).startswith(_mark(principal))


def _own(document: dict[str, Any], principal: str) -> list[Any]:
    return [statement for statement in _statements(document) if _is_own(statement, principal)]


def _with(document: dict[str, Any], principal: str, wanted: list[Statement]) -> dict[str, Any]:
    others = [statement for statement in _statements(document) if not _is_own(statement, principal)]
    return {**document, "Statement": [*others, *wanted]}


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
