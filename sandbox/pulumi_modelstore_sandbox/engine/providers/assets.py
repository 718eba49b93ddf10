"""Files and texts among a resource's inputs: they are compared by the digest of what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.values import SIGNATURE, Secret, Value

ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
"""Marks an asset, part of Pulumi's wire protocol."""


def with_hashes(value: Value, folder: Path) -> Value:
    """Return the value with a `hash` in every asset; paths are relative to the program's folder."""
    match value:
        case Secret(inner):
            return Secret(with_hashes(inner, folder))
        case list():
            return [with_hashes(item, folder) for item in value]
        case dict() if value.get(SIGNATURE) == ASSET_SIGNATURE:
            return value if value.get("hash") else _hashed(value, folder)
        case dict():
            return {key: with_hashes(item, folder) for key, item in value.items()}
        case _:
            return value


def _hashed(asset: dict[str, Value], folder: Path) -> dict[str, Value]:
    if isinstance(text := asset.get("text"), str) and text:
        return {**asset, "hash": hashlib.sha256(text.encode()).hexdigest()}
    if isinstance(path := asset.get("path"), str) and path:
        try:
            with (folder / path).open("rb") as file:
                return {**asset, "hash": hashlib.file_digest(file, "sha256").hexdigest()}
        except OSError as error:
            raise ProviderFailed(f"the file {path!r} of an asset cannot be read: {error.strerror}") from error
    return asset
