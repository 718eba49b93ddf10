"""Conditional writes: of two writers of one object, does the second one learn of the first."""

from __future__ import annotations

from pulumi_modelstore_provider.doctor.findings import Unsupported
from pulumi_modelstore_provider.doctor.subject import CONTENT, CONTENT_TYPE, Subject
from pulumi_modelstore_provider.errors import WriteConflict


def refused_second(subject: Subject) -> str:
    """Write an object twice on condition that it is absent: the second write has to be refused."""
    key = subject.object_key("once")
    subject.store.put(key, CONTENT, content_type=CONTENT_TYPE, if_absent=True)
    try:
        subject.store.put(key, CONTENT, content_type=CONTENT_TYPE, if_absent=True)
    except WriteConflict as conflict:
        return f"second write refused: {conflict.code} (HTTP {conflict.status})"
    raise Unsupported(
        "second write accepted",
        "Upload one version of a model from one place at a time: two writers are not told apart by this store",
    )
