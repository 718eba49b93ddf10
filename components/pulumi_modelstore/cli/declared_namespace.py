"""A declared namespace as a stack's state has it: its place, how it is reached, and its keys where they can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pulumi_modelstore_provider.credentials import Credentials
    from pulumi_modelstore_provider.doctor.subject import Namespace

_NAMESPACE = "modelstore:index:StorageNamespace"
_TRIED_KEY = ":AccessKeyReady"
_SECRET = "4dabf18193072939515e22adb298388d"
"""The key by which a deployment marks a value as special, secrets among them (Pulumi's own constant)."""

_SEALED = "is sealed in the state, and cannot be examined; export it with: pulumi stack export --show-secrets"


@dataclass(frozen=True)
class Declared:
    """A namespace of a stack. `key` is a reader's, None where the state has none that can be read."""

    name: str
    kind: str
    bucket: str
    prefix: str
    project: str
    stack: str
    namespace: Namespace = field(repr=False)
    key: Credentials | None = field(repr=False)

    @property
    def is_aws(self) -> bool:
        """Whether it is on AWS itself, as far as the state says."""
        return self.kind == "aws-s3" and getattr(self.namespace.connection, "endpoint", None) is None


def declared_in(resources: Sequence[Mapping[str, Any]], name: str | None, *, credentials: str | None) -> Declared:
    """Find the namespace `name`, or the only one; `credentials` is a reference in place of the one that it has.

    Raises:
        click.ClickException: where it is not in the state, or what is there of it is not enough.
    """
    from pulumi_modelstore_provider.doctor.subject import Namespace

    found = {str(outputs["name"]): (resource, outputs) for resource, outputs in _of_type(resources, _NAMESPACE)}
    if name is None:
        name = _only(sorted(found))
    if name not in found:
        known = f"it has {', '.join(sorted(found))}" if found else "it has none; deploy the stack first"
        raise click.ClickException(f"the stack has no storage namespace {name!r}: {known}")
    resource, outputs = found[name]
    kind, bucket, prefix = (_text(name, outputs, field) for field in ("backend", "bucket", "prefix"))
    connection = outputs.get("connection")
    if connection is None:
        raise click.ClickException(
            f"the state does not say how {name!r} is reached: deploy the stack once with this version of the package"
        )
    plain = _readable(connection)
    if not isinstance(plain, dict) or _SECRET in plain:
        raise click.ClickException(f"how {name!r} is reached {_SEALED}")
    plain = {field: _readable(value) for field, value in plain.items()}
    sealed = sorted(field for field, value in plain.items() if isinstance(value, dict))
    if sealed:
        raise click.ClickException(f"{', '.join(sealed)} of {name!r} {_SEALED}")
    if credentials is not None:
        plain["credentials"] = credentials
    opened = _connection(name, plain)
    others = [
        str(other["bucket"])
        for _, other in found.values()
        if isinstance(other.get("bucket"), str) and _same_store(other.get("connection"), opened.address)
    ]
    key_connection, key = _tried_key(resources, bucket, prefix)
    stack, project = _stack_and_project(str(resource.get("urn", "")))
    namespace = Namespace(kind, opened, bucket, prefix, others, key_connection)
    return Declared(name, kind, bucket, prefix, project, stack, namespace, key)


def _only(names: Sequence[str]) -> str:
    if not names:
        raise click.ClickException("the stack has no storage namespace; deploy the stack first")
    if len(names) > 1:
        raise click.ClickException(
            f"the stack has several storage namespaces; pass --namespace, one of {', '.join(names)}"
        )
    return names[0]


def _of_type(resources: Sequence[Mapping[str, Any]], ending: str) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Resources that exist, each with its outputs."""
    return [
        (resource, resource.get("outputs") or {})
        for resource in resources
        if str(resource.get("type", "")).endswith(ending) and not resource.get("delete") and resource.get("outputs")
    ]


def _text(name: str, outputs: Mapping[str, Any], field: str) -> str:
    value = _readable(outputs.get(field) or "")
    if not isinstance(value, str):
        raise click.ClickException(f"the {field} of {name!r} {_SEALED}")
    return value


def _readable(value: Any) -> Any:
    """A value of a state; one that is stored as a secret only where the state was exported with secrets in clear."""
    if isinstance(value, dict) and isinstance(value.get("plaintext"), str):
        try:
            return json.loads(value["plaintext"])
        except ValueError:
            return value
    return value


def _connection(name: str, settings: Mapping[str, Any]) -> Any:
    from pydantic import TypeAdapter, ValidationError

    from pulumi_modelstore_provider.stores.connection import Connection

    adapter: TypeAdapter[Any] = TypeAdapter(Connection)
    try:
        return adapter.validate_python(dict(settings))
    except ValidationError as invalid:
        reasons = "; ".join(
            f"{'.'.join(map(str, error['loc'][1:]))}: {str(error['msg']).removeprefix('Value error, ')}"
            for error in invalid.errors(include_input=False, include_url=False)
        )
        raise click.ClickException(f"how {name!r} is reached is not valid: {reasons}") from None


def _same_store(connection: Any, address: str) -> bool:
    if not isinstance(connection, dict):
        return False
    try:
        return bool(_connection("", connection).address == address)
    except click.ClickException:
        return False


def _tried_key(resources: Sequence[Mapping[str, Any]], bucket: str, prefix: str) -> tuple[Any, Credentials | None]:
    """How keys to the namespace reach it, and one of them; None for what the state does not tell."""
    from pulumi_modelstore_provider.credentials import Credentials

    connection: Any = None
    for _, outputs in _of_type(resources, _TRIED_KEY):
        if outputs.get("bucket") != bucket or str(outputs.get("prefix") or "").strip("/") != prefix.strip("/"):
            continue
        if connection is None and isinstance(outputs.get("connection"), dict):
            connection = _connection("the key", outputs["connection"])
        identifier, secret = (_readable(outputs.get(field)) for field in ("accessKeyId", "secretAccessKey"))
        if isinstance(identifier, str) and isinstance(secret, str):
            return connection, Credentials(identifier, secret)
    return connection, None


def _stack_and_project(urn: str) -> tuple[str, str]:
    parts = urn.removeprefix("urn:pulumi:").split("::")
    return (parts[0], parts[1]) if len(parts) > 1 else ("", "")
