"""A key to the namespace: opens it as KServe does, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.doctor.findings import NothingToTry, Unsupported
from pulumi_modelstore_provider.doctor.first_request import look
from pulumi_modelstore_provider.doctor.objects import require_equal
from pulumi_modelstore_provider.doctor.subject import CONTENT, CONTENT_TYPE, Subject
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.stores.opening import open_bucket
from pulumi_modelstore_provider.stores.protocol import ObjectStore

_WHOLE_BUCKETS = {"azure-blob", "cloudflare-r2"}
"""Backends whose keys cannot be narrowed to a prefix."""

_WHOLE_ACCOUNTS = {"cloudflare-r2"}
"""Backends where a declared key may open all buckets of an account, on purpose."""

_KEYS_LOOKED_AT = 1000
_BUCKETS_TRIED = 3


def kept(subject: Subject) -> str:
    """Read with the key, and try it where it must be refused."""
    if subject.key is None:
        raise NothingToTry("no key at hand: those in the state are sealed", "Pass one with --key env:PREFIX")
    opened = _opened(subject, subject.namespace.bucket, subject.key)
    if _speaks_s3(opened):
        # Elsewhere KServe begins with the listing, and its keys may not look at the bucket itself.
        look(opened)
    opened.probe(subject.namespace.prefix)
    key = subject.object_key("object")
    read = opened.get(key)
    require_equal(subject, key, read[0] if read else b"", CONTENT)
    rights = "reads and writes" if _writes(opened, subject) else "reads"
    refused = [*_other_buckets(subject, subject.key), *_outside(subject, opened)]
    where = " and ".join(refused)
    return f"{rights} here; refused {where}" if where else f"{rights} here; there is nothing else to try it on"


def _opened(subject: Subject, bucket: str, key: Credentials) -> ObjectStore:
    namespace = subject.namespace
    return open_bucket(namespace.key_connection or namespace.connection, bucket, credentials=key, connections=1)


def _writes(opened: ObjectStore, subject: Subject) -> bool:
    try:
        opened.put(subject.object_key("by-key"), CONTENT, content_type=CONTENT_TYPE)
    except StoreRefused:
        return False
    return True


def _other_buckets(subject: Subject, key: Credentials) -> Iterator[str]:
    """Where the key was refused among other buckets. Raises ModelstoreError where it was not."""
    names = [*subject.namespace.other_buckets, *_buckets_of_account(subject.store)]
    others = [name for name in dict.fromkeys(names) if name != subject.namespace.bucket]
    for name in others[:_BUCKETS_TRIED]:
        try:
            _opened(subject, name, key).probe("")
        except NotInStore:
            continue
        except StoreRefused:
            yield f"in bucket {name}"
            return
        if subject.namespace.kind in _WHOLE_ACCOUNTS:
            raise Unsupported(
                f"opens all buckets of the account, {name} too",
                'Use an account for models alone, or key_scope="bucket" where KServe can do with it',
            )
        raise ModelstoreError(
            "The key opens another bucket",
            answer=f"lists bucket {name}, too",
            remedy="Replace the key by one that is limited to this namespace: AccessKeyPair makes such",
        )


def _speaks_s3(store: ObjectStore) -> bool:
    from pulumi_modelstore_provider.s3.objects import Objects

    return isinstance(store, Objects)


def _buckets_of_account(store: Any) -> list[str]:
    from pulumi_modelstore_provider.s3.failures import asking

    if not _speaks_s3(store):
        return []
    try:
        with asking("Cannot list the account's buckets", on=store.url("")):
            answer = store.client.list_buckets()
    except ModelstoreError:
        return []
    return [bucket["Name"] for bucket in answer.get("Buckets", ())]


def _outside(subject: Subject, opened: ObjectStore) -> Iterator[str]:
    """Where the key was refused outside of the prefix. Raises ModelstoreError where it was not."""
    prefix = subject.namespace.prefix.strip("/")
    if not prefix:
        return
    found = _object_outside(subject, f"{prefix}/")
    try:
        seen = opened.head(found or f"modelstore-doctor-elsewhere-{subject.own}")
    except StoreRefused:
        yield "outside of the prefix"
        return
    if seen is None:
        # Some stores tell that an object is not there before they look whether the key may know.
        return
    if subject.namespace.kind in _WHOLE_BUCKETS:
        raise Unsupported("opens all of the bucket, not only the prefix", "Give what others must not read another one")
    raise ModelstoreError(
        "The key opens more than the namespace",
        answer="reads objects outside of the prefix, too",
        remedy="Replace the key by one that is limited to this namespace: AccessKeyPair makes such",
    )


def _object_outside(subject: Subject, prefix: str) -> str | None:
    """Some object of the bucket that is not the namespace's, if there is one among its first keys."""
    listed = itertools.islice(subject.store.list(""), _KEYS_LOOKED_AT)
    try:
        return next((item.key for item in listed if not item.key.startswith(prefix)), None)
    except StoreRefused:
        return None
