"""Uploads in parts: each part is an object of its own, and the store composes them into the one that is wanted.

Not by the XML API's multipart uploads: those take no conditions on the object, and no emulator has them.
Parts lie outside of every version, under `.modelstore-uploads/`, until they are composed, aborted, or a lifecycle rule
takes them away:

    .modelstore-uploads/<key>.upload-<id>/upload         what is to become of the parts
    .modelstore-uploads/<key>.upload-<id>/part-00001
    .modelstore-uploads/<key>.upload-<id>/join-1-00000   32 parts in one, on the way to all in one
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.gcs.failures import asking
from pulumi_modelstore_provider.gcs.objects import Objects, md5_hex
from pulumi_modelstore_provider.stores.bodies import in_memory
from pulumi_modelstore_provider.stores.protocol import Body, OpenUpload, PartSum, StoredPart

PLACE = ".modelstore-uploads/"
"""Where parts lie until they are composed."""

_MOST_SOURCES = 32
"""Objects that one request composes (Cloud Storage documentation, "Composite objects")."""

_OPEN = re.compile(rf"{re.escape(PLACE)}(?P<key>.+)\.upload-(?P<id>[0-9]{{20}}-[0-9a-f]{{8}})/upload")
_NUMBER = re.compile(r"part-(\d+)")
_PARTS_DIFFER = "InvalidPart"


def begin(objects: Objects, key: str, *, content_type: str, metadata: Mapping[str, str]) -> OpenUpload:
    """Begin an upload: write down what is to become of its parts."""
    # Nanoseconds, so that a listing has the oldest first.
    upload = OpenUpload(key, f"{time.time_ns():020d}-{secrets.token_hex(4)}", uses_crc32=False)
    plan = {"contentType": content_type, "metadata": dict(metadata)}
    objects.send(
        f"{_folder(upload)}upload",
        json.dumps(plan).encode(),
        content_type="application/json",
        if_generation_match=0,
    )
    return upload


def open_uploads(objects: Objects, prefix: str) -> Iterator[OpenUpload]:
    """List the uploads under a key prefix that were begun and neither completed nor aborted, oldest first for a key."""
    for item in objects.list(f"{PLACE}{prefix}"):
        found = _OPEN.fullmatch(item.key)
        if found is not None:
            yield OpenUpload(found["key"], found["id"], uses_crc32=False)


def stored_parts(objects: Objects, upload: OpenUpload) -> dict[int, StoredPart]:
    """Return the parts that the store has, by number; none when the upload is gone."""
    parts = {}
    folder = _folder(upload)
    for blob in objects.listed(f"{folder}part-", "name,size,md5Hash"):
        number = _NUMBER.fullmatch(blob.name.removeprefix(folder))
        if number is not None:
            part = StoredPart(int(number[1]), int(blob.size), md5_hex(blob) or "")
            parts[part.number] = part
    return parts


def send_part(
    objects: Objects, upload: OpenUpload, number: int, body: Body, *, sums: PartSum | None = None
) -> StoredPart:
    """Send one part, checked by the store as it arrives; `number` counts from 1."""
    blob = objects.send(_part(upload, number), in_memory(body), sums=sums)
    return StoredPart(number, len(body), md5_hex(blob) or "")


def complete(objects: Objects, upload: OpenUpload, parts: Sequence[StoredPart], *, if_absent: bool) -> None:
    """Compose the parts into the object and take them away.

    Raises NotInStore when the upload is gone and WriteConflict when `if_absent` and somebody else wrote the object.
    """
    plan = objects.get(f"{_folder(upload)}upload")
    stored = stored_parts(objects, upload)
    if plan is None or any(part.number not in stored for part in parts):
        _clear(objects, upload)
        raise NotInStore("Cannot complete the upload: it is gone", on=objects.url(upload.key), code="NoSuchUpload")
    if any(stored[part.number].etag != part.etag for part in parts):
        raise StoreRefused(
            "Cannot complete the upload: somebody else has overwritten its parts",
            on=objects.url(upload.key),
            code=_PARTS_DIFFER,
        )
    wanted = json.loads(plan[0])
    names = [_part(upload, part.number) for part in parts]
    level = 0
    while len(names) > _MOST_SOURCES:
        level += 1
        names = _joined(objects, upload, names, level)
    whole = objects.handle.blob(upload.key)
    whole.content_type = wanted["contentType"]
    whole.metadata = wanted["metadata"]
    with asking("Cannot complete the upload", on=objects.url(upload.key)):
        whole.compose(
            [objects.handle.blob(name) for name in names], if_generation_match=0 if if_absent else None, retry=None
        )
    # The object is there: parts that cannot be deleted now are the next run's, or the lifecycle rule's.
    with suppress(ModelstoreError):
        _clear(objects, upload)


def abort(objects: Objects, upload: OpenUpload) -> None:
    """Throw an unfinished upload away; one that is gone already is no error."""
    _clear(objects, upload)


def _joined(objects: Objects, upload: OpenUpload, names: Sequence[str], level: int) -> list[str]:
    """Compose each 32 of the objects into one; return the names of those."""
    groups = {
        f"{_folder(upload)}join-{level}-{start // _MOST_SOURCES:05d}": names[start : start + _MOST_SOURCES]
        for start in range(0, len(names), _MOST_SOURCES)
    }

    def join(name: str) -> str:
        blob = objects.handle.blob(name)
        blob.content_type = "application/octet-stream"
        with asking("Cannot join the parts of the upload", on=objects.url(upload.key)):
            blob.compose([objects.handle.blob(source) for source in groups[name]], retry=None)
        return name

    return list(objects.each(join, list(groups)))


def _clear(objects: Objects, upload: OpenUpload) -> None:
    folder = _folder(upload)
    keys = [item.key for item in objects.list(folder)]
    # What makes it an upload goes last: until then it can be found and cleared again.
    objects.delete([key for key in keys if key != f"{folder}upload"])
    objects.delete([key for key in keys if key == f"{folder}upload"])


def _folder(upload: OpenUpload) -> str:
    return f"{PLACE}{upload.key}.upload-{upload.upload_id}/"


def _part(upload: OpenUpload, number: int) -> str:
    return f"{_folder(upload)}part-{number:05d}"
