"""Refers to a model that another stack owns: by a version or a tag, resolved at preview in the live store."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import Refusal, refuse
from pulumi_modelstore.artifacts.configuration import configured
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.namespace import StorageNamespace
from pulumi_modelstore_provider.artifacts.layout import model_prefix, validate_name, validate_tag, version_prefix
from pulumi_modelstore_provider.artifacts.manifest import Manifest

_COMPONENT = "ModelArtifact.lookup"


def look_up(namespace: StorageNamespace, model: Any, tag_or_version: Any) -> ModelReference:
    """What `ModelArtifact.lookup` returns."""
    check = ArgumentCheck(_COMPONENT, f"{_shown(model)}:{_shown(tag_or_version)}")
    # The name is made here, of two that are checked below.
    check.problems.clear()
    usable = check.uses("namespace", namespace, StorageNamespace)
    for argument, value, validate in (
        ("model", model, validate_name),
        ("tag_or_version", tag_or_version, validate_tag),
    ):
        text = check.text(argument, value)
        if text is not None:
            check.extend(Problem(argument, found) for found in validate(text))
        elif value is None:
            check.add(argument, "is None", "Name it")
    manifest = _resolve(check, namespace, model, tag_or_version) if usable and not check.problems else None
    if check.problems:
        refuse(Refusal(_COMPONENT, check.name, tuple(check.problems)))
    if manifest is None:
        return ModelReference("", namespace if isinstance(namespace, StorageNamespace) else None, refused=True)
    # Not namespace.uri(): the layout's prefix begins with the namespace's own.
    prefix = model_prefix(namespace.backend.prefix, model)
    return ModelReference(
        namespace.backend.uri(version_prefix(prefix, manifest.version)),
        namespace,
        manifest.content.total_bytes,
        namespace.guarded_by,
        manifest.version,
        prefix,
    )


def _resolve(check: ArgumentCheck, namespace: StorageNamespace, model: str, name: str) -> Manifest | None:
    from pydantic import TypeAdapter

    from pulumi_modelstore_provider.artifacts.resolution import resolve
    from pulumi_modelstore_provider.errors import ModelstoreError
    from pulumi_modelstore_provider.stores.connection import Connection
    from pulumi_modelstore_provider.stores.opening import open_bucket

    connection, bucket = namespace.backend.connection(), namespace.backend.bucket
    if not is_plain(connection) or not is_plain(bucket):
        remedy = "Give bucket and endpoint as plain values, such as those of the stack's configuration"
        check.add("namespace", "is not known before the stack is deployed, and the model is looked for there", remedy)
        return None
    settings: Connection = TypeAdapter(Connection).validate_python(connection)
    try:
        return resolve(
            open_bucket(settings, bucket, config=configured), model_prefix(namespace.backend.prefix, model), name
        )
    except ModelstoreError as error:
        about = f" ({error.on})" if error.on else ""
        answer = f". The answer was: {error.answer}" if error.answer else ""
        check.add("tag_or_version", f"{error.failed}{about}{answer}", error.remedy)
    return None


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else type(value).__name__
