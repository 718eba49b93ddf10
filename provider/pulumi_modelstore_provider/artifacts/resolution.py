"""Finds out which version a name means in a live store: the name of a version, or a tag that leads to one."""

from __future__ import annotations

from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.layout import manifest_key, manifests_prefix, validate_version
from pulumi_modelstore_provider.artifacts.manifest import Manifest
from pulumi_modelstore_provider.artifacts.tags import TagPlace, resolve_tag, tags_of
from pulumi_modelstore_provider.errors import InvalidTag
from pulumi_modelstore_provider.stores.protocol import ObjectStore

_MOST_SHOWN = 10


class NoSuchVersion(InvalidTag):
    """Neither a version nor a tag has that name."""


def resolve(objects: ObjectStore, model_prefix: str, name: str) -> Manifest:
    """Return the manifest of the version that `name` means; reads, and changes nothing.

    Raises NoSuchVersion with the names that there are, InvalidTag when the tag goes in a circle, points nowhere or has
    the name of a version, and ModelstoreError for a damaged manifest and what the store answers.
    """
    manifest = None if validate_version(name) else read_manifest(objects, manifest_key(model_prefix, name))
    stored = TagPlace(objects, model_prefix, name).read()
    if manifest is not None and stored is None:
        return manifest
    if manifest is None and stored is None:
        raise NoSuchVersion(
            f"{name!r} is neither a version nor a tag: {_known(objects, model_prefix)}",
            on=objects.url(model_prefix),
            remedy="Use one of them, or deploy the stack that owns the model first",
        )
    version = resolve_tag(objects, model_prefix, name)
    found = read_manifest(objects, manifest_key(model_prefix, version))
    if found is None:
        raise NoSuchVersion(
            f"The tag {name!r} leads to the version {version!r}, which was deleted meanwhile",
            on=objects.url(model_prefix),
            remedy="Run again",
        )
    return found


def versions_of(objects: ObjectStore, model_prefix: str) -> list[str]:
    """Return the names of a model's versions, in order."""
    prefix = manifests_prefix(model_prefix)
    names = (item.key.removeprefix(prefix) for item in objects.list(prefix))
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json") and "/" not in name)


def _known(objects: ObjectStore, model_prefix: str) -> str:
    versions, tags = versions_of(objects, model_prefix), sorted(tags_of(objects, model_prefix))
    if not versions and not tags:
        return "there is no model of that name"
    return f"versions are {_few(versions)}, tags are {_few(tags)}"


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_SHOWN]) or "none"
    return f"{shown} and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else shown
