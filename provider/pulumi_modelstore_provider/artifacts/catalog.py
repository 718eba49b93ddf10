"""What a namespace holds: its models, their versions and tags, as the store has them at this moment."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.layout import (
    manifest_key,
    model_prefix,
    models_prefix,
    validate_name,
    validate_tag,
    validate_version,
)
from pulumi_modelstore_provider.artifacts.manifest import Manifest
from pulumi_modelstore_provider.artifacts.tags import TagPlace
from pulumi_modelstore_provider.errors import InvalidTag, ModelstoreError
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore

_THREADS = 8
_MANIFESTS, _TAGS, _JSON = "manifests", "tags", ".json"

TagState: TypeAlias = Literal["ok", "dangling", "circle", "ambiguous", "no tag"]
"""Leads to a version; to nothing; to itself; through a name that is a tag and a version; holds no name at all."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class TagChain:
    """A tag with all that it leads through; the last is the version where `state` is ok."""

    names: tuple[str, ...]
    state: TagState

    @property
    def tag(self) -> str:
        """The tag's name."""
        return self.names[0]

    @property
    def version(self) -> str | None:
        """The version that it means; None where it means none."""
        return self.names[-1] if self.state == "ok" else None


@dataclass(frozen=True)
class StoredVersion:
    """A version: `manifest` is None where its manifest is damaged, or not there because it is not whole (`committed`).

    `size` and `files` are of what lies there, `modified` of the manifest.
    """

    version: str
    manifest: Manifest | None
    committed: bool
    size: int
    files: int
    modified: datetime.datetime | None
    tags: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class StoredModel:
    """A model: its versions, the newest first, and its tags by name."""

    name: str
    prefix: str
    versions: tuple[StoredVersion, ...]
    tags: tuple[TagChain, ...]

    def find(self, version_or_tag: str) -> StoredVersion | None:
        """Return the version of that name, or that a tag of that name means; None for neither."""
        meant = {chain.tag: chain.version for chain in self.tags}.get(version_or_tag, version_or_tag)
        return next((found for found in self.versions if found.version == meant), None)


@dataclass
class _Found:
    """The objects of one model in a listing."""

    manifests: dict[str, ListedObject] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    files: dict[str, list[ListedObject]] = field(default_factory=dict)

    def add(self, folder: str, rest: str, item: ListedObject) -> None:
        if folder == _MANIFESTS:
            version = rest.removesuffix(_JSON)
            if rest.endswith(_JSON) and not validate_version(version):
                self.manifests[version] = item
        elif folder == _TAGS:
            self.tags += [] if validate_tag(rest) else [rest]
        elif not validate_version(folder):
            self.files.setdefault(folder, []).append(item)


def read_models(objects: ObjectStore, prefix: str) -> list[StoredModel]:
    """Return all models of a namespace, by name; `prefix` is the namespace's. One listing, and a read a version."""
    above = models_prefix(prefix)
    found: dict[str, _Found] = {}
    for item in objects.list(above):
        model, _, below = item.key.removeprefix(above).partition("/")
        folder, _, rest = below.partition("/")
        if rest and not validate_name(model):
            found.setdefault(model, _Found()).add(folder, rest, item)
    models = [_model(objects, name, model_prefix(prefix, name), one) for name, one in sorted(found.items())]
    return [model for model in models if model.versions or model.tags]


def read_model(objects: ObjectStore, prefix: str, name: str) -> StoredModel | None:
    """Return one model of a namespace; None where it has nothing of that name."""
    above = model_prefix(prefix, name)
    found = _Found()
    for item in objects.list(above):
        folder, _, rest = item.key.removeprefix(above).partition("/")
        if rest:
            found.add(folder, rest, item)
    model = _model(objects, name, above, found)
    return model if model.versions or model.tags else None


def _model(objects: ObjectStore, name: str, prefix: str, found: _Found) -> StoredModel:
    targets = dict(_at_once(lambda tag: (tag, _target(TagPlace(objects, prefix, tag))), found.tags))
    chains = tuple(chain_of(tag, targets, found.manifests) for tag in sorted(targets))

    def version(name: str) -> StoredVersion:
        files, commit = found.files.get(name, []), found.manifests.get(name)
        tags = tuple(chain.tag for chain in chains if chain.version == name)
        size, modified = sum(file.size for file in files), commit.modified if commit else None
        manifest, problem = None, ""
        if commit:
            try:
                manifest = read_manifest(objects, manifest_key(prefix, name))
            except ModelstoreError as error:
                problem = error.failed
        else:
            problem = "without a manifest: an upload is under way, or was cut off"
        return StoredVersion(name, manifest, commit is not None, size, len(files), modified, tags, problem)

    versions = list(_at_once(version, sorted({*found.manifests, *found.files})))
    oldest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    versions.sort(key=lambda one: (one.modified or oldest, one.version), reverse=True)
    return StoredModel(name, prefix, tuple(versions), chains)


def chain_of(tag: str, targets: Mapping[str, str], versions: Iterable[str]) -> TagChain:
    """Return what a tag leads through; `targets` has what each tag points to, empty where its object holds no name."""
    known, names = set(versions), [tag]
    while True:
        last = names[-1]
        if last in targets and last in known:
            return TagChain(tuple(names), "ambiguous")
        if last not in targets:
            return TagChain(tuple(names), "ok" if last in known else "dangling")
        if not targets[last]:
            return TagChain(tuple(names), "no tag")
        names.append(targets[last])
        if names[-1] in names[:-1]:
            return TagChain(tuple(names), "circle")


def _target(place: TagPlace) -> str:
    try:
        stored = place.read()
    except InvalidTag:
        return ""
    return "" if stored is None else stored.target


def _at_once(read: Callable[[_T], _R], wanted: Sequence[_T]) -> list[_R]:
    if not wanted:
        return []
    with ThreadPoolExecutor(min(_THREADS, len(wanted)), thread_name_prefix="catalog") as threads:
        return list(threads.map(read, wanted))
