"""What of a stack uses a version: the resources of its state that name the version's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_UPLOAD = ":ArtifactUpload"
_OWN = (_UPLOAD, ":ArtifactTag")
_VERSION = r"([A-Za-z0-9][A-Za-z0-9._-]*)"


def users_in(resources: Sequence[Mapping[str, Any]], bucket: str, model_prefix: str) -> dict[str, list[str]]:
    """The users of each version, as `InferenceService/llama-service` or `ModelArtifact/llama`.

    A resource uses a version when any of its inputs holds the version's folder or something in it: a storage URI of
    whatever scheme, alone or within a longer text, or the key alone. What a state keeps sealed cannot be searched.
    """
    # Not in the middle of another path; a bucket of the same name elsewhere counts, which errs on the safe side.
    at, above = re.escape(bucket), re.escape(model_prefix)
    place = re.compile(rf"(?:(?<![\w.-]){at}/|//{at}\.[^/\s]+/|(?<![\w./-])/?){above}{_VERSION}")
    found: dict[str, list[str]] = {}
    for resource in resources:
        inputs = resource.get("inputs") or {}
        if _is(resource, _UPLOAD):
            versions = {str(inputs.get("version"))} if _is_of(inputs, bucket, model_prefix) else set()
        elif not resource.get("custom") or _is(resource, *_OWN):
            versions = set()
        else:
            versions = {match for text in _texts(inputs) for match in place.findall(text)}
        for version in versions:
            found.setdefault(version, []).append(_name(resource))
    return {version: sorted(set(users)) for version, users in found.items()}


def keep_versions_in(resources: Sequence[Mapping[str, Any]], bucket: str, model_prefix: str) -> int | None:
    """How many versions the stack's artifact says are to be kept; None where it says nothing."""
    for resource in resources:
        inputs = resource.get("inputs") or {}
        keep = inputs.get("keepVersions")
        if _is(resource, _UPLOAD) and _is_of(inputs, bucket, model_prefix) and isinstance(keep, int | float):
            return int(keep)
    return None


def _is(resource: Mapping[str, Any], *endings: str) -> bool:
    return str(resource.get("type", "")).endswith(endings)


def _is_of(inputs: Mapping[str, Any], bucket: str, model_prefix: str) -> bool:
    return inputs.get("bucket") == bucket and inputs.get("modelPrefix") == model_prefix


def _name(resource: Mapping[str, Any]) -> str:
    kind = str(resource.get("type", "")).rsplit(":", 1)[-1]
    name = str(resource.get("urn", "")).rsplit("::", 1)[-1]
    if kind == _UPLOAD.removeprefix(":"):
        return f"ModelArtifact/{name.removesuffix('-upload')}"
    return f"{kind}/{name}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
