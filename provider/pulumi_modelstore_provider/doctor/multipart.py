"""Uploads in parts: begun, listed, completed, aborted."""

from __future__ import annotations

import zlib

from pulumi_modelstore_provider.doctor.objects import require_equal
from pulumi_modelstore_provider.doctor.subject import CONTENT, CONTENT_TYPE, Subject
from pulumi_modelstore_provider.errors import ModelstoreError

_FIRST_PART = 5 << 20
"""Bytes: what S3 requires at least of every part but the last (S3 API reference, quotas of multipart uploads)."""


def upload(subject: Subject) -> str:
    """Upload an object in two parts and read it; begin another upload and abort it."""
    store, key = subject.store, subject.object_key("parts")
    bodies = [(CONTENT * (_FIRST_PART // len(CONTENT))), CONTENT]
    whole = b"".join(bodies)
    begun = store.begin(key, content_type=CONTENT_TYPE, metadata={})
    parts = [store.send_part(begun, number, body) for number, body in enumerate(bodies, start=1)]
    stored = store.stored_parts(begun)
    if {number: part.size for number, part in stored.items()} != {1: len(bodies[0]), 2: len(bodies[1])}:
        raise ModelstoreError(
            "The store does not list the parts that it took",
            answer=f"parts {sorted(stored)} instead of 1 and 2",
            remedy="Interrupted uploads cannot be resumed here: report it to the store's vendor",
        )
    store.complete(begun, parts, crc32=zlib.crc32(whole), if_absent=False)
    require_equal(subject, key, b"".join(store.stream(key)), whole)
    _abort(subject)
    return f"2 parts joined, {len(whole)} bytes as written; another upload aborted"


def _abort(subject: Subject) -> None:
    store, key = subject.store, subject.object_key("aborted")
    begun = store.begin(key, content_type=CONTENT_TYPE, metadata={})
    store.send_part(begun, 1, CONTENT)
    store.abort(begun)
    if store.stored_parts(begun):
        raise ModelstoreError(
            "The store keeps the parts of an aborted upload",
            answer="aborted, and its parts are still listed",
            remedy="Have the store remove unfinished uploads by a lifecycle rule: they take space and cost",
        )
