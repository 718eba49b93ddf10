"""Reads and writes manifests: the one object whose existence makes a version exist."""

from __future__ import annotations

import contextlib

from pulumi_modelstore_provider.artifacts.manifest import Manifest, parse_manifest
from pulumi_modelstore_provider.errors import ModelstoreError, VersionConflict, WriteConflict
from pulumi_modelstore_provider.stores.protocol import ObjectStore


def read_manifest(objects: ObjectStore, key: str) -> Manifest | None:
    """Return the manifest at `key`, or None where there is none. Raises ModelstoreError on one that cannot be read."""
    found = objects.get(key)
    if found is None:
        return None
    try:
        return parse_manifest(found[0])
    except ValueError as error:
        raise ModelstoreError(
            f"The manifest is damaged or not of this package: {error}",
            on=objects.url(key),
            remedy="Restore it from the bucket's versions, or choose a new version",
        ) from None


def write_manifest(objects: ObjectStore, key: str, manifest: Manifest) -> None:
    """Commit a version. Raises VersionConflict when somebody else committed other content meanwhile.

    The manifest is written only where none is, and read back, since some stores take the condition and ignore it.
    """
    text = manifest.to_json().encode("utf-8")
    with contextlib.suppress(WriteConflict):
        objects.put(key, text, content_type="application/json", if_absent=True)
    found = read_manifest(objects, key)
    if found is None or found.content.tree_digest != manifest.content.tree_digest:
        raise version_conflict(objects.url(key), manifest.version, "" if found is None else found.content.tree_digest)


def version_conflict(url: str, version: str, found: str) -> VersionConflict:
    """Return the error for a version that is in the store with other content."""
    return VersionConflict(
        f"The version {version!r} is already in the store with other content" + (f", {found}" if found else ""),
        on=url,
        remedy="Versions are immutable: choose a new version, or leave it unset to have it follow the content",
    )
