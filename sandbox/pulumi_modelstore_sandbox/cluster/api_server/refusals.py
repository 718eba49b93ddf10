"""An API server's error answers as errors that say what to do."""

from __future__ import annotations

import re
from typing import Any, Final

from pulumi_modelstore_sandbox.cluster.api_server.answer import CONFLICT, INVALID, Answer
from pulumi_modelstore_sandbox.cluster.errors import FieldConflict, ImmutableField, ServerRefused, UndeclaredField

_UNDECLARED: Final = re.compile(r"field not declared in schema|unknown field", re.IGNORECASE)
_IMMUTABLE: Final = re.compile(
    r"field is immutable|is immutable after creation|may not be changed|may not change once set|cannot change roleRef"
    r"|Forbidden: updates to|updates to .* are forbidden",
    re.IGNORECASE,
)
_MISTYPED: Final = "failed to create typed patch object"
_MANAGER: Final = re.compile(r'conflicts? with "([^"]*)"')

_REMEDIES: Final = {
    400: "Correct the object as the server says",
    401: "Renew the credentials in the kubeconfig",
    403: "Grant the kubeconfig's user that permission",
    422: "Correct the fields that the server names",
    429: "Run again when the server is less busy",
}


def refusal(answer: Answer, *, doing: str, on: str) -> ServerRefused:
    """Make an error of an answer; `doing` is a sentence's beginning ("Applying a Secret"), `on` names the object."""
    message = str(answer.body.get("message") or f"HTTP {answer.status}")
    reason = str(answer.body.get("reason") or "")
    details = answer.body.get("details") or {}
    causes = details.get("causes") or []
    kind: type[ServerRefused] = ServerRefused
    remedy = _REMEDIES.get(answer.status, "Look into the server's log")
    if answer.status == CONFLICT and any(cause.get("reason") == "FieldManagerConflict" for cause in causes):
        kind, message, remedy = FieldConflict, _owners(causes), _conflict_remedy(causes)
    elif _UNDECLARED.search(message):
        kind, remedy = (
            UndeclaredField,
            "Correct or remove the field; check that the kind's definition is the version meant",
        )
    elif _MISTYPED in message:
        remedy = _REMEDIES[INVALID]
    elif answer.status == INVALID and _IMMUTABLE.search(message):
        kind, remedy = ImmutableField, "The object has to be replaced: change its name, or delete it first"
    elif reason == "NotFound" and details.get("kind") == "namespaces":
        remedy = f"Create the namespace {details.get('name')} first, in this stack or outside it"
    return kind(
        f"{doing} was refused",
        on=on,
        answer=message,
        remedy=remedy,
        status=answer.status,
        reason=reason,
        fields=tuple(str(cause["field"]).removeprefix(".") for cause in causes if cause.get("field")),
    )


def _owners(causes: list[dict[str, Any]]) -> str:
    owned = [f"{cause.get('field', '')} belongs to field manager {_manager(cause)}" for cause in causes]
    return "; ".join(owned)


def _conflict_remedy(causes: list[dict[str, Any]]) -> str:
    managers = " and ".join(dict.fromkeys(_manager(cause) for cause in causes))
    return (
        f"Leave the fields out of the program, or let {managers} give them up, or take them over with the annotation "
        'pulumi.com/patchForce: "true" on this object'
    )


def _manager(cause: dict[str, Any]) -> str:
    found = _MANAGER.search(str(cause.get("message", "")))
    return f'"{found[1]}"' if found else "another manager"
