"""Downloads objects of a bucket, on whatever store, into a volume."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.sources import Staging
from pulumi_modelstore_provider.fills.specification import Specification
from pulumi_modelstore_provider.fills.staged_files import files_below, remove_file

if TYPE_CHECKING:
    from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore

_READERS = 12
_CHUNK = 8 << 20
_SHA256 = 64


@dataclass(frozen=True)
class BucketObjects:
    """Objects below a prefix, as far as the patterns take them."""

    prefix: str
    allow: Sequence[str]
    ignore: Sequence[str]
    connection: Mapping[str, Any]
    bucket: str
    own_folder: str = ".objects"
    """Files that are not whole yet, and the ETags of those that are."""

    @classmethod
    def of(cls, specification: Specification) -> BucketObjects:
        """Read the source of a specification."""
        source, reach = specification.source, specification.reach
        patterns = list(source["allow"]), list(source["ignore"])
        return cls(str(source["prefix"]), *patterns, dict(reach["connection"]), str(reach["bucket"]))

    def stage(self, staging: Staging) -> Mapping[str, str]:
        """Download what is not there in its present form; an object that changes meanwhile is an error."""
        from pydantic import TypeAdapter

        from pulumi_modelstore_provider.stores.connection import Connection
        from pulumi_modelstore_provider.stores.opening import open_bucket

        connection: Connection = TypeAdapter(Connection).validate_python(dict(self.connection))
        objects = open_bucket(connection, self.bucket, connections=_READERS)
        wanted = self._wanted(objects)
        notes = staging.folder / self.own_folder
        etags = _etags(notes)
        for path in list(files_below(staging.folder, without=self.own_folder)):
            if path not in wanted or etags.get(path) != wanted[path].etag:
                remove_file(staging.folder, path)
        with ThreadPoolExecutor(_READERS, thread_name_prefix="download") as pool:
            for path, item in wanted.items():
                if (staging.folder / path).is_file():
                    continue
                _download(objects, item, staging, notes / "partial" / path, pool)
                (staging.folder / path).parent.mkdir(parents=True, exist_ok=True)
                # The note first: a file that has its name is one whose ETag is known.
                etags[path] = item.etag
                (notes / "etags.json").write_text(json.dumps(etags), encoding="utf-8")
                (notes / "partial" / path).replace(staging.folder / path)
        return _recorded(objects, wanted)

    def _wanted(self, objects: ObjectStore) -> dict[str, ListedObject]:
        from pulumi_modelstore_provider.artifacts.file_names import nesting_problems, path_problems
        from pulumi_modelstore_provider.artifacts.sources.patterns import chosen
        from pulumi_modelstore_provider.stores.protocol import ListedObject

        prefix = self.prefix
        one = objects.head(prefix) if prefix and not prefix.endswith("/") else None
        if one is not None:
            name = prefix.rpartition("/")[2]
            return {name: ListedObject(prefix, one.size, one.etag)}
        folder = f"{prefix.rstrip('/')}/" if prefix else ""
        listed = {item.key.removeprefix(folder): item for item in objects.list(folder) if not item.key.endswith("/")}
        paths = list(chosen(listed, allow=tuple(self.allow), ignore=tuple(self.ignore)))
        problems = [f"{path!r}: {problem}" for path in paths for problem in path_problems(path)]
        problems += nesting_problems(paths)
        if problems or not paths:
            raise ModelstoreError(
                "; ".join(problems[:5]) or "No object lies there, or the patterns leave none", on=objects.url(folder),
                remedy="Check bucket, folder and patterns",
            )  # fmt: skip
        return {path: listed[path] for path in sorted(paths)}


def _download(
    objects: ObjectStore, item: ListedObject, staging: Staging, partial: Path, pool: ThreadPoolExecutor
) -> None:
    """Read one object, many ranges at a time; each range is of the object with the ETag of the listing."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
    try:

        def bring(offset: int) -> None:
            staging.check()
            body = memoryview(bytearray(min(_CHUNK, item.size - offset)))
            objects.read_into(item.key, offset, body, etag=item.etag)
            written = 0
            while written < len(body):
                written += os.pwrite(descriptor, body[written:], offset + written)

        for _ in pool.map(bring, range(0, item.size, _CHUNK)):
            staging.check()
    finally:
        os.close(descriptor)


def _etags(notes: Path) -> dict[str, str]:
    try:
        found = json.loads((notes / "etags.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _recorded(objects: ObjectStore, wanted: Mapping[str, ListedObject]) -> dict[str, str]:
    """Digests that this package has written with objects."""
    from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA

    found = {}
    with ThreadPoolExecutor(_READERS, thread_name_prefix="digests") as pool:
        heads = pool.map(lambda item: objects.head(item.key), wanted.values())
        for path, head in zip(wanted, heads, strict=True):
            told = head.metadata.get(SHA256_METADATA, "") if head is not None else ""
            if len(told) == _SHA256:
                found[path] = f"sha256:{told}"
    return found
