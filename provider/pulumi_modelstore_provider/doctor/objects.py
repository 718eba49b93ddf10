"""Are the bucket and objects in it reached: head, list, put, get, delete."""

from __future__ import annotations

from pulumi_modelstore_provider.doctor.findings import Unsupported
from pulumi_modelstore_provider.doctor.first_request import HeadRefused, look
from pulumi_modelstore_provider.doctor.subject import CONTENT, CONTENT_TYPE, Subject
from pulumi_modelstore_provider.errors import ModelstoreError


def head(subject: Subject) -> str:
    """Look at the bucket, as KServe does first; it is not these credentials that KServe has, though."""
    try:
        look(subject.store)
    except HeadRefused as refused:
        raise Unsupported(
            refused.answer, "KServe begins with HeadBucket: pass a reader's key with --key to see whether it may"
        ) from None
    return "the bucket is there"


def listing(subject: Subject) -> str:
    """List what is under the namespace's prefix, and remove what a killed examination left."""
    subject.store.probe(subject.namespace.prefix)
    left = subject.sweep()
    return f"listed; {left} left by an earlier run, removed" if left else "listed"


def put(subject: Subject) -> str:
    """Write the probe object."""
    receipt = subject.store.put(
        subject.object_key("object"), CONTENT, content_type=CONTENT_TYPE, metadata={"modelstore": "doctor"}
    )
    return f"{len(CONTENT)} bytes written, ETag {receipt.etag}"


def get(subject: Subject) -> str:
    """Read it: all of it, and no other bytes."""
    key = subject.object_key("object")
    answer = subject.store.get(key)
    known = subject.store.head(key)
    if answer is None or known is None:
        raise ModelstoreError(
            "The object is not there",
            on=subject.store.url(key),
            answer="no such object",
            remedy="Check that all servers behind the endpoint are one store: what was written has to be read at once",
        )
    require_equal(subject, key, answer[0], CONTENT)
    if known.size != len(CONTENT):
        raise ModelstoreError(
            "The object's size is wrong", answer=f"{known.size} bytes instead of {len(CONTENT)}", remedy=_ALTERED
        )
    return f"{known.size} bytes, as written"


def delete(subject: Subject) -> str:
    """Delete it."""
    key = subject.object_key("object")
    subject.store.delete([key])
    if subject.store.head(key) is not None:
        raise ModelstoreError(
            "The deleted object is still there",
            answer="deleted, and still there",
            remedy="Check the bucket for a retention rule or legal hold; purging and tags need deletion",
        )
    return "deleted, and gone"


_ALTERED = "Check what lies between this machine and the store: it alters what passes through"


def require_equal(subject: Subject, key: str, found: bytes, wanted: bytes) -> None:
    """Raise ModelstoreError unless the bytes read are those that were written."""
    if found != wanted:
        raise ModelstoreError(
            "Other bytes were read than written",
            on=subject.store.url(key),
            answer=f"{len(found)} bytes that differ from the {len(wanted)} written",
            remedy=_ALTERED,
        )
