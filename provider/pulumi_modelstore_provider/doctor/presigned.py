"""Presigned URLs: an object is read by whoever has one, without keys."""

from __future__ import annotations

from pulumi_modelstore_provider.doctor.objects import require_equal
from pulumi_modelstore_provider.doctor.subject import CONTENT, Subject
from pulumi_modelstore_provider.doctor.unsigned import send
from pulumi_modelstore_provider.errors import StoreRefused

_SECONDS = 60
_OK = 200
_SERVER_ERRORS = 500
_REMEDY = "Check the region, the addressing and the clock; a proxy that renames the host breaks signatures"


def fetched(subject: Subject) -> str:
    """Sign a URL for the probe object and fetch it as somebody without keys."""
    key = subject.object_key("object")
    answer = send("GET", subject.store.presigned_url(key, seconds=_SECONDS), subject.namespace.connection)
    if answer.status != _OK:
        raise StoreRefused(
            "The presigned URL was refused",
            on=subject.store.url(key),
            answer=f"HTTP {answer.status}",
            remedy=_REMEDY if answer.status < _SERVER_ERRORS else "Look into the store's own log",
            status=answer.status,
        )
    require_equal(subject, key, answer.body, CONTENT)
    return f"fetched without keys, good for {_SECONDS} s"
