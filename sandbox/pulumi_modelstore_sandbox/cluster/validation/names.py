"""Kubernetes' rules for names, labels, annotations and data keys (RFC 1123; the API's conventions for identifiers)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pulumi_modelstore_sandbox.cluster.identity import metadata_of
from pulumi_modelstore_sandbox.cluster.properties import UNKNOWN, Object, Path, leaves
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType
from pulumi_modelstore_sandbox.cluster.scope import Scope
from pulumi_modelstore_sandbox.cluster.validation import Problem

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_DATA_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_LABEL_LENGTH: Final = 63
_SUBDOMAIN_LENGTH: Final = 253
_ANNOTATIONS_BYTES: Final = 256 * 1024
_DATA_BYTES: Final = 1024 * 1024

_LABEL_NAMED: Final = frozenset({"Namespace", "Service"})
_RBAC: Final = "rbac.authorization.k8s.io"

_SUBDOMAIN_RULE: Final = "lower-case letters, digits, '-' and '.', a letter or digit at both ends of each part"
_LABEL_RULE: Final = "lower-case letters, digits and '-', a letter or digit at both ends"


def problems(item: Object, kind: ResourceType, scope: Scope) -> Iterator[Problem]:
    """Find every name and key that no API server would take; what a preview does not know passes."""
    metadata = metadata_of(item)
    if item.get("metadata") == UNKNOWN:
        return
    yield from _name(metadata.get("name"), kind)
    if metadata.get("generateName"):
        yield Problem(
            ("metadata", "generateName"), "is not supported; leave metadata.name out and a name is made up and kept"
        )
    yield from _namespace(metadata.get("namespace"), kind, scope)
    yield from _labels(metadata.get("labels"))
    yield from _annotations(metadata.get("annotations"))
    if kind.group == "" and kind.kind in {"Secret", "ConfigMap"}:
        yield from _data(item)


def _name(name: Any, kind: ResourceType) -> Iterator[Problem]:
    path: Path = ("metadata", "name")
    if name == UNKNOWN:
        return
    if not isinstance(name, str) or not name:
        yield Problem(path, f"{name!r} is not a name; give a string")
    elif kind.group == _RBAC:
        if name in {".", ".."} or "/" in name or "%" in name:
            yield Problem(path, f"{name!r} has '/' or '%', or is '.' or '..', which the names of RBAC objects may not")
    elif kind.group == "" and kind.kind in _LABEL_NAMED:
        yield from _matching(path, name, _LABEL, _LABEL_LENGTH, _LABEL_RULE)
    else:
        yield from _matching(path, name, _SUBDOMAIN, _SUBDOMAIN_LENGTH, _SUBDOMAIN_RULE)


def _namespace(namespace: Any, kind: ResourceType, scope: Scope) -> Iterator[Problem]:
    path: Path = ("metadata", "namespace")
    if namespace in (None, UNKNOWN):
        return
    if scope is Scope.CLUSTER:
        yield Problem(path, f"{kind} belongs to the whole cluster; remove the namespace")
    elif not isinstance(namespace, str):
        yield Problem(path, f"{namespace!r} is not a namespace; give a string")
    else:
        yield from _matching(path, namespace, _LABEL, _LABEL_LENGTH, _LABEL_RULE)


def _labels(labels: Any) -> Iterator[Problem]:
    if not isinstance(labels, dict):
        return
    for key, value in labels.items():
        path: Path = ("metadata", "labels", key)
        yield from _qualified(path, key)
        if isinstance(value, str) and value not in ("", UNKNOWN):
            rule = "letters, digits, '-', '_' and '.', a letter or digit at both ends"
            yield from _matching(path, value, _QUALIFIED, _LABEL_LENGTH, rule)


def _annotations(annotations: Any) -> Iterator[Problem]:
    if not isinstance(annotations, dict):
        return
    for key in annotations:
        yield from _qualified(("metadata", "annotations", key), key)
    size = sum(len(f"{key}{value}".encode()) for key, value in annotations.items())
    if size > _ANNOTATIONS_BYTES:
        yield Problem(("metadata", "annotations"), f"hold {size} bytes; Kubernetes takes {_ANNOTATIONS_BYTES} in all")


def _data(item: Object) -> Iterator[Problem]:
    size = 0
    for field in ("data", "stringData", "binaryData"):
        values = item.get(field)
        for key in values if isinstance(values, dict) else ():
            if not _DATA_KEY.fullmatch(key) or len(key) > _SUBDOMAIN_LENGTH:
                rule = f"letters, digits, '-', '_' and '.', at most {_SUBDOMAIN_LENGTH}"
                yield Problem((field, key), f"{key!r} is not a valid key: {rule}")
        size += sum(len(leaf.encode()) for _, leaf in leaves(values) if isinstance(leaf, str))
    if size > _DATA_BYTES:
        yield Problem(("data",), f"holds {size} bytes; Kubernetes takes {_DATA_BYTES} in one object")


def _qualified(path: Path, key: str) -> Iterator[Problem]:
    prefix, slash, name = key.rpartition("/")
    if slash and (not _SUBDOMAIN.fullmatch(prefix) or len(prefix) > _SUBDOMAIN_LENGTH):
        yield Problem(path, f"the part of the key {key!r} before '/' is no DNS name: {_SUBDOMAIN_RULE}")
    if not _QUALIFIED.fullmatch(name) or len(name) > _LABEL_LENGTH:
        rule = f"letters, digits, '-', '_' and '.', a letter or digit at both ends, at most {_LABEL_LENGTH}"
        yield Problem(path, f"{key!r} is not a valid key: {rule}")


def _matching(path: Path, text: str, rule: re.Pattern[str], length: int, words: str) -> Iterator[Problem]:
    if len(text) > length:
        yield Problem(path, f"{text!r} has {len(text)} characters; at most {length} are allowed")
    elif not rule.fullmatch(text):
        yield Problem(path, f"{text!r} is not valid: {words}")
