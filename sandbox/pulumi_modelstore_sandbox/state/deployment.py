"""The deployment JSON as a whole, version 3: what `pulumi stack export` prints and `pulumi stack import` reads."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pulumi_modelstore_sandbox.state.errors import StateError
from pulumi_modelstore_sandbox.state.resources import time_to_json

VERSION: Final = 3
SECRETS_PROVIDER: Final = "passphrase"


@dataclass(frozen=True)
class RawDeployment:
    """A deployment as it was read, its resources still JSON."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    salt: str = ""
    rest: Mapping[str, Any] = field(default_factory=dict)
    """What this release does not use, kept for the next write."""


def read_deployment(text: str, file: Path | str) -> RawDeployment:
    """Read a deployment; raises StateError, which names `file`, when it is none or of a kind that cannot be used."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise StateError(f"{file} is not JSON: {error}.") from None
    if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):
        raise StateError(f'{file} is no deployment: an object with "version" and "deployment" is expected.')
    if document.get("version") != VERSION:
        raise StateError(
            f"{file} holds a deployment of version {document.get('version')}; this release reads version {VERSION}."
        )
    deployment: dict[str, Any] = document["deployment"]
    provider = deployment.get("secrets_providers") or {}
    if provider.get("type") not in {None, "", SECRETS_PROVIDER}:
        raise StateError(
            f"The secrets in {file} are sealed by the provider {provider['type']!r}; only `passphrase` can be opened. "
            "In the stack that it comes from, run `pulumi stack change-secrets-provider passphrase`, then export again."
        )
    used = {"manifest", "secrets_providers", "resources", "pending_operations", "metadata"}
    return RawDeployment(
        resources=list(deployment.get("resources") or ()),
        pending=list(deployment.get("pending_operations") or ()),
        salt=(provider.get("state") or {}).get("salt", ""),
        rest={key: value for key, value in deployment.items() if key not in used},
    )


def write_deployment(resources: Iterable[str], pending: Iterable[str], *, salt: str, rest: Mapping[str, Any]) -> str:
    """Return a deployment's text: resources and pending operations are JSON texts already, one a line."""
    parts = [f'"manifest": {json.dumps(manifest(datetime.datetime.now(datetime.UTC)))}']
    if salt:
        provider = {"type": SECRETS_PROVIDER, "state": {"salt": salt}}
        parts.append(f'"secrets_providers": {json.dumps(provider)}')
    for name, texts in (("resources", resources), ("pending_operations", pending)):
        joined = ",\n".join(texts)
        if joined:
            parts.append(f'"{name}": [\n{joined}\n]')
    parts.append('"metadata": {}')
    parts.extend(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in rest.items())
    inner = ",\n".join(parts)
    return f'{{"version": {VERSION}, "deployment": {{\n{inner}\n}}}}\n'


def manifest(time: datetime.datetime) -> dict[str, str]:
    """Return the manifest; its magic is the SHA-256 of the version, which the CLI checks when it loads a state."""
    version = engine_version()
    return {"time": time_to_json(time), "magic": hashlib.sha256(version.encode()).hexdigest(), "version": version}


@functools.cache
def engine_version() -> str:
    """Return the release of Pulumi whose state format and steps these are: that of its SDK."""
    from importlib.metadata import version

    return f"v{version('pulumi')}"
