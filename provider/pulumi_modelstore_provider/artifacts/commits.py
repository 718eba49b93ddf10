"""Reads and writes manifests: the one object whose existence makes a version exist."""

from __future__ import annotations

import time

from pulumi_modelstore_provider.artifacts.manifest import Manifest, parse_manifest
from pulumi_modelstore_provider.errors import ModelstoreError, VersionConflict, WriteConflict
from pulumi_modelstore_provider.progress import warn
from pulumi_modelstore_provider.stores.protocol import ObjectStore

_SETTLING_SECONDS = 1.0
"""What two writers of one version that began at the same time need to have both written."""

_LARGEST_TRIAL = 1 << 20
"""Bytes of a manifest that is worth writing twice; with thousands of files, a smaller one will tell some day."""

_keeps_conditions: dict[str, bool] = {}
"""By a bucket's URL: whether it has refused to write what was there already."""


def read_manifest(objects: ObjectStore, key: str) -> Manifest | None:
    """Return the manifest at `key`, or None where there is none. Raises ModelstoreError on one that cannot be read."""
    found = objects.get(key)
    return None if found is None else _parsed(objects, key, found[0])


def _parsed(objects: ObjectStore, key: str, text: bytes) -> Manifest:
    try:
        return parse_manifest(text)
    except ValueError as error:
        raise ModelstoreError(
            f"The manifest is damaged or not of this package: {error}",
            on=objects.url(key),
            remedy="Restore it from the bucket's versions, or choose a new version",
        ) from None


def write_manifest(objects: ObjectStore, key: str, manifest: Manifest, *, urn: str = "") -> None:
    """Commit a version. Raises VersionConflict when somebody else committed other content meanwhile.

    The manifest is written only where none is, and read back, since some stores take the condition and ignore it. Which
    do is found out with a second write of the same bytes, once for each bucket and process: it has to be refused. On a
    store that accepts it the manifest is looked for right before the write as well, and once more after a moment; `urn`
    is the resource that is then warned.
    """
    text = manifest.to_json().encode("utf-8")
    place = objects.url("")
    if _keeps_conditions.get(place) is False:
        _refuse_other(objects, key, manifest, text, absent_is_well=True)
    if not _write(objects, key, text):
        _keeps_conditions[place] = True
    _refuse_other(objects, key, manifest, text)
    if place not in _keeps_conditions and len(text) <= _LARGEST_TRIAL:
        _keeps_conditions[place] = not _write(objects, key, text)
        if not _keeps_conditions[place]:
            warn(
                urn,
                f"{place} passes over conditions of writes: upload one version of a model from one place at a time, "
                "since this store does not tell two writers apart",
            )
    if not _keeps_conditions.get(place, True):
        time.sleep(_SETTLING_SECONDS)
        _refuse_other(objects, key, manifest, text)


def _write(objects: ObjectStore, key: str, text: bytes) -> bool:
    """Write a manifest where none is; tell whether the store took it."""
    try:
        objects.put(key, text, content_type="application/json", if_absent=True)
    except WriteConflict:
        return False
    return True


def _refuse_other(
    objects: ObjectStore, key: str, manifest: Manifest, text: bytes, *, absent_is_well: bool = False
) -> None:
    """Raise VersionConflict unless what lies there is of the same content; mostly it is the same `text`."""
    found = objects.get(key)
    if absent_is_well if found is None else found[0] == text:
        return
    digest = "" if found is None else _parsed(objects, key, found[0]).content.tree_digest
    if digest != manifest.content.tree_digest:
        raise version_conflict(objects.url(key), manifest.version, digest)


def version_conflict(url: str, version: str, found: str) -> VersionConflict:
    """Return the error for a version that is in the store with other content."""
    return VersionConflict(
        f"The version {version!r} is already in the store with other content" + (f", {found}" if found else ""),
        on=url,
        remedy="Versions are immutable: choose a new version, or leave it unset to have it follow the content",
    )
