"""Deleting one object and waiting until it is gone."""

from __future__ import annotations

import threading
import time
from typing import Final

from pulumi_modelstore_sandbox.cluster.api_server.answer import CONFLICT, NOT_FOUND, OK
from pulumi_modelstore_sandbox.cluster.api_server.connection import ApiResource, Connection, object_path
from pulumi_modelstore_sandbox.cluster.api_server.refusals import refusal
from pulumi_modelstore_sandbox.cluster.errors import ClusterError
from pulumi_modelstore_sandbox.cluster.identity import Identity, annotations_of, metadata_of
from pulumi_modelstore_sandbox.cluster.properties import Object
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType

SKIP_AWAIT: Final = "pulumi.com/skipAwait"
PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"

# Pulumi's own default for a deletion.
_DEFAULT_SECONDS: Final = 600.0
_FIRST_POLL_SECONDS: Final = 0.05
_LONGEST_POLL_SECONDS: Final = 2.0


class Deletion:
    """Deletes objects of one API server."""

    def __init__(self, connection: Connection, cancelled: threading.Event) -> None:
        self._connection = connection
        self._cancelled = cancelled

    def run(self, kind: ResourceType, served: ApiResource, where: Identity, recorded: Object, timeout: float) -> None:
        """Delete the object that `recorded` describes, not one that has taken its name since.

        Raises ClusterError with the finalizers that are left when `timeout` seconds are over.
        """
        path = object_path(kind, served, where)
        uid = metadata_of(recorded).get("uid")
        policy = str(annotations_of(recorded).get(PROPAGATION, "background")).capitalize()
        body: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}
        if isinstance(uid, str):
            body["preconditions"] = {"uid": uid}
        answer = self._connection.request("DELETE", path, body=body)
        if answer.status == NOT_FOUND or (answer.status == CONFLICT and "UID" in str(answer.body.get("message", ""))):
            return
        if answer.status not in OK:
            raise refusal(answer, doing="Deleting", on=where.of(kind))
        if annotations_of(recorded).get(SKIP_AWAIT) != "true":
            self._wait(path, uid, where.of(kind), timeout or _DEFAULT_SECONDS)

    def _wait(self, path: str, uid: object, on: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        pause = _FIRST_POLL_SECONDS
        while True:
            answer = self._connection.request("GET", path)
            metadata = metadata_of(answer.body)
            if answer.status == NOT_FOUND or (uid and metadata.get("uid") not in (None, uid)):
                return
            if time.monotonic() > deadline or self._cancelled.is_set():
                waiting = ", ".join(metadata.get("finalizers") or ()) or "no finalizer"
                raise ClusterError(
                    f"The object is still there after {seconds:g} s",
                    on=on,
                    answer=f"finalizers left: {waiting}",
                    remedy="Remove what they wait for and run again; what is deleted already stays deleted",
                )
            self._cancelled.wait(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(pause * 2, _LONGEST_POLL_SECONDS)
