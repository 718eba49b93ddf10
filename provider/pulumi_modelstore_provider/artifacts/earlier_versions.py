"""Finds files of a new version that an earlier version of the model has already, so that its store copies them.

Only what is above 1 MiB: a copy takes three requests, in which a smaller file is sent as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi_modelstore_provider.artifacts.byte_source import ByteSource
from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.layout import manifest_key, manifests_prefix, version_prefix
from pulumi_modelstore_provider.artifacts.parts import MIB
from pulumi_modelstore_provider.artifacts.sources.bucket import StoredObject
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.stores.copying import CopyingStore
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore

_VERSIONS = 3
"""How many are looked through, the newest first: what has changed since longer is mostly gone for good."""

_SMALLEST = MIB


class EarlierFile(StoredObject):
    """A file of a committed version. Nothing is remembered of it but what the manifest says."""

    is_spare = True

    def __init__(self, objects: ObjectStore, found: ListedObject) -> None:
        self.objects, self.key, self.etag = objects, found.key, found.etag

    def forget(self) -> None:
        """Do nothing: there is nothing to forget."""


def earlier_files(
    objects: ObjectStore, model_prefix: str, version: str, content: Content, sources: Mapping[str, ByteSource]
) -> Mapping[str, EarlierFile]:
    """Return, by path, the files that the newest versions have with the same digest; none where nothing is copied.

    Files of another bucket are not among them: those are compared with what was declared as they are read. Never
    raises for a version that is damaged or cannot be read: what is not found here is sent.
    """
    if not isinstance(objects, CopyingStore):
        return {}
    files = [
        entry
        for entry in content.files
        if entry.size >= _SMALLEST and not isinstance(sources[entry.path], StoredObject)
    ]
    wanted = {entry.digest: entry for entry in files}
    found: dict[str, EarlierFile] = {}
    try:
        for name in _newest(objects, model_prefix, version) if wanted else ():
            missing = {digest: entry for digest, entry in wanted.items() if digest not in found}
            if not missing:
                break
            found |= _of_version(objects, model_prefix, name, missing)
    except ModelstoreError:
        # Whoever may write a version may not always read others.
        return {}
    return {entry.path: found[entry.digest] for entry in files if entry.digest in found}


def _newest(objects: ObjectStore, model_prefix: str, version: str) -> Sequence[str]:
    prefix, own = manifests_prefix(model_prefix), manifest_key(model_prefix, version)
    others = [item for item in objects.list(prefix) if item.key.endswith(".json") and item.key != own]
    dated = sorted(others, key=lambda item: item.modified.timestamp() if item.modified else 0.0, reverse=True)
    return [item.key.removeprefix(prefix).removesuffix(".json") for item in dated[:_VERSIONS]]


def _of_version(
    objects: ObjectStore, model_prefix: str, version: str, wanted: Mapping[str, FileEntry]
) -> dict[str, EarlierFile]:
    try:
        manifest = read_manifest(objects, manifest_key(model_prefix, version))
    except ModelstoreError:
        return {}
    fitting = {} if manifest is None else {e.path: e for e in manifest.content.files if e.digest in wanted}
    if not fitting:
        return {}
    prefix = version_prefix(model_prefix, version)
    listed = {item.key.removeprefix(prefix): item for item in objects.list(prefix)}
    return {
        entry.digest: EarlierFile(objects, listed[path])
        for path, entry in fitting.items()
        if path in listed and listed[path].size == entry.size == wanted[entry.digest].size
    }
