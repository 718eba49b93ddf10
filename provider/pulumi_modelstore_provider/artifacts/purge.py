"""Deletes one version of one model: the only code of this package that deletes an artifact's objects."""

from __future__ import annotations

from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.tags import tags_to
from pulumi_modelstore_provider.artifacts.version_files import abort_unfinished, own_keys
from pulumi_modelstore_provider.errors import InvalidTag
from pulumi_modelstore_provider.stores.protocol import ObjectStore


def purge_version(objects: ObjectStore, model_prefix: str, version: str) -> int:
    """Delete the manifest and the files that it lists; return how many files that were.

    Where there is no manifest, what an interrupted purge or upload left there is deleted. Raises InvalidTag, before
    anything is deleted, while a tag means this version: the stack's own tags are deleted before its artifact.
    """
    key = manifest_key(model_prefix, version)
    tags = tags_to(objects, model_prefix, version)
    if tags:
        raise InvalidTag(
            f"The version {version!r} cannot be purged: {', '.join(tags)}, tagged by another stack, still lead to it",
            on=objects.url(key),
            remedy="Move or delete those tags first, or keep the version with on_delete='retain'",
        )
    prefix = version_prefix(model_prefix, version)
    manifest = read_manifest(objects, key)
    if manifest is None:
        keys = own_keys(objects, list(objects.list(prefix)))
    else:
        keys = [f"{prefix}{entry.path}" for entry in manifest.content.files]
        # The manifest goes first, so that nobody adopts a version that is being taken apart.
        objects.delete([key])
    objects.delete(keys)
    if manifest is not None:
        abort_unfinished(objects, prefix, manifest.content)
    return len(keys)
