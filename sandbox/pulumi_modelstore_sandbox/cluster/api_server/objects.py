"""Objects of a real API server: applied, previewed by dry run, read and deleted."""

from __future__ import annotations

import datetime
import threading
import time
from dataclasses import replace
from typing import Any, Final

from pulumi_modelstore_sandbox.cluster.api_server.answer import NOT_FOUND, OK
from pulumi_modelstore_sandbox.cluster.api_server.comparison import differs, named_fields, without_dry_run
from pulumi_modelstore_sandbox.cluster.api_server.connection import (
    ApiResource,
    Connection,
    collection_path,
    object_path,
)
from pulumi_modelstore_sandbox.cluster.api_server.deletion import Deletion
from pulumi_modelstore_sandbox.cluster.api_server.refusals import refusal
from pulumi_modelstore_sandbox.cluster.destination import Comparison, Declaration, declarable
from pulumi_modelstore_sandbox.cluster.difference import changes, projected
from pulumi_modelstore_sandbox.cluster.errors import (
    ClusterError,
    FieldConflict,
    ImmutableField,
    ServerRefused,
    UndeclaredField,
)
from pulumi_modelstore_sandbox.cluster.identity import Identity, identity, is_known, metadata_of
from pulumi_modelstore_sandbox.cluster.properties import Object, has_unknowns, without_unknowns
from pulumi_modelstore_sandbox.cluster.property_path import at, covers, present, put
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType, of_object
from pulumi_modelstore_sandbox.cluster.scope import Scope, known_scope
from pulumi_modelstore_sandbox.cluster.settings import FIELD_MANAGER

_DEFINITION: Final = "CustomResourceDefinition"
_ESTABLISHED_SECONDS: Final = 30.0
# A server lists a kind a moment after it has accepted its definition, whoever installed that.
_LISTED_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.1


class ApiServerObjects:
    """One API server: a destination."""

    def __init__(self, connection: Connection, cancelled: threading.Event) -> None:
        self._connection = connection
        self._cancelled = cancelled
        self._coming: set[tuple[str, str]] = set()

    def scope(self, kind: ResourceType) -> Scope:
        """Return the scope that the server gives a kind; without the kind there, what this package knows."""
        served = self._connection.served(kind)
        if served is None:
            return known_scope(kind)
        return Scope.NAMESPACED if served.namespaced else Scope.CLUSTER

    def expect_definition(self, definition: Object) -> None:
        """Take note of a definition that this stack declares: its kind may not be served yet."""
        spec = definition.get("spec") or {}
        self._coming.add((str(spec.get("group")), str((spec.get("names") or {}).get("kind"))))

    def compared(self, old: Object, declared: Declaration) -> Comparison:
        """Return what an apply would change now, as the server's dry run says.

        A field that another manager has taken is a conflict only where the program wants something else than recorded.
        """
        by_inputs = Comparison(projected(declarable(old), declared.item), declared.item)
        if _kind_and_place(old) != _kind_and_place(declared.item):
            return by_inputs
        live = self.read(declared.kind, declared.where)
        if live is None:
            return by_inputs
        try:
            planned = self.preview(declared)
        except ImmutableField as refused:
            return without_dry_run(by_inputs, declarable(live), refused)
        except FieldConflict as refused:
            if differs(by_inputs) or self._changes_beside(refused, live, declared):
                raise
            return Comparison(declared.item, declared.item)
        if planned is declared.item:
            return Comparison(projected(declarable(live), declared.item), declared.item)
        return Comparison(declarable(live), declarable(planned))

    def preview(self, declared: Declaration) -> Object:
        """Return what the server's dry run makes of the object.

        The declaration itself where a dry run cannot tell: some values are not known yet, or the namespace or the
        kind's definition is still to be created. A field that the kind does not have is refused even then.
        """
        if not is_known(declared.item) or self._kind_is_coming(declared.kind):
            return declared.item
        guessed = has_unknowns(declared.item)
        try:
            planned = self._apply(declared, without_unknowns(declared.item), dry_run=True)
        except (UndeclaredField, FieldConflict, ImmutableField):
            raise
        except ServerRefused as refused:
            if guessed or refused.status == NOT_FOUND:
                return declared.item
            raise
        return declared.item if guessed else planned

    def write(self, declared: Declaration) -> Object:
        """Apply the object; a definition is waited for until its kind is served."""
        if declared.kind.kind == _DEFINITION and declared.kind.built_in:
            return self._established(declared)
        return self._apply(declared, declared.item, dry_run=False)

    def read(self, kind: ResourceType, where: Identity) -> Object | None:
        """Return the live object; None where it, its namespace or its kind is gone."""
        served = self._connection.served(kind)
        if served is None:
            return None
        answer = self._connection.request("GET", object_path(kind, served, where))
        if answer.status == NOT_FOUND:
            return None
        if answer.status not in OK:
            raise refusal(answer, doing="Reading", on=where.of(kind))
        return answer.body

    def created(self, kind: ResourceType, where: Identity) -> datetime.datetime | None:
        """Return the server's time of the object's creation."""
        live = self.read(kind, where)
        written = None if live is None else metadata_of(live).get("creationTimestamp")
        return datetime.datetime.fromisoformat(written) if isinstance(written, str) else None

    def declared_part(self, live: Object, declared: Object | None) -> Object:
        """Return the fields of the live object that the program declared; all that it could declare without one."""
        part = declarable(live)
        return part if declared is None else projected(part, declared)

    def delete(self, kind: ResourceType, where: Identity, recorded: Object, timeout: float) -> None:
        """Delete the object and wait until its finalizers are done (10 minutes at most where `timeout` is 0)."""
        served = self._connection.served(kind)
        if served is not None:
            Deletion(self._connection, self._cancelled).run(kind, served, where, recorded, timeout)

    def _changes_beside(self, refused: FieldConflict, live: Object, declared: Declaration) -> bool:
        """Whether an apply would change more than the fields that another manager has taken."""
        planned = self._apply(replace(declared, force=True), declared.item, dry_run=True)
        taken = named_fields(refused)
        found = changes(declarable(live), declarable(planned))
        return any(not any(covers(field, change.path) for field in taken) for change in found)

    def _apply(self, declared: Declaration, item: Object, *, dry_run: bool) -> Object:
        served = self._served(declared.kind)
        if declared.ignored:
            item = self._with_ignored(declared, item)
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "force": str(declared.force).lower()}
        answer = self._connection.request(
            "PATCH",
            object_path(declared.kind, served, declared.where),
            query=query | ({"dryRun": "All"} if dry_run else {}),
            body=item,
            content_type="application/apply-patch+yaml",
        )
        if answer.status not in OK:
            doing = "The dry run of an apply" if dry_run else "Applying"
            refused = refusal(answer, doing=doing, on=str(declared))
            if isinstance(refused, UndeclaredField):
                refused = self._with_every_field(refused, declared, served, item, doing)
            raise refused
        return answer.body

    def _with_every_field(
        self, refused: ServerRefused, declared: Declaration, served: ApiResource, item: Object, doing: str
    ) -> ServerRefused:
        # An apply stops at the first field that it does not know; a creation, run dry, names all of them.
        answer = self._connection.request(
            "POST",
            collection_path(declared.kind, served, declared.where),
            query={"dryRun": "All", "fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"},
            body=item,
        )
        complete = refusal(answer, doing=doing, on=str(declared))
        return complete if isinstance(complete, UndeclaredField) else refused

    def _with_ignored(self, declared: Declaration, item: Object) -> Object:
        # Sending the live value of an ignored field shares it with its owner; any other value would be a conflict.
        live = self.read(declared.kind, declared.where) or {}
        for path in declared.ignored:
            if present(live, path) and present(item, path):
                item = put(item, path, at(live, path))
        return item

    def _established(self, declared: Declaration) -> Object:
        live = self._apply(declared, declared.item, dry_run=False)
        deadline = time.monotonic() + _ESTABLISHED_SECONDS
        while not _condition(live, "Established"):
            if time.monotonic() > deadline or self._cancelled.wait(_POLL_SECONDS):
                raise ClusterError(
                    "The definition is not served yet",
                    on=str(declared),
                    answer=str(live.get("status", {}).get("conditions", "no conditions")),
                    remedy="Run again when the server has accepted its names",
                )
            live = self.read(declared.kind, declared.where) or {}
        return live

    def _kind_is_coming(self, kind: ResourceType) -> bool:
        return (kind.group, kind.kind) in self._coming and self._connection.served(kind) is None

    def _served(self, kind: ResourceType) -> ApiResource:
        served = self._connection.served(kind)
        coming = (kind.group, kind.kind) in self._coming
        deadline = time.monotonic() + (_ESTABLISHED_SECONDS if coming else _LISTED_SECONDS)
        while served is None:
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"The API server has no kind {kind.kind} in {kind.api_version}",
                    remedy="Install its definition first, or correct apiVersion and kind",
                )
            self._cancelled.wait(_POLL_SECONDS)
            served = self._connection.served(kind, again=True)
        return served


def _kind_and_place(item: Object) -> tuple[Any, ...]:
    return of_object(str(item.get("apiVersion")), str(item.get("kind"))), identity(item)


def _condition(item: Object, name: str) -> bool:
    conditions = (item.get("status") or {}).get("conditions") or []
    return any(found.get("type") == name and found.get("status") == "True" for found in conditions)
