"""What every engine of the object store does alike."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from pulumi_modelstore_client import InvalidRequest, NotInStore, ObjectStoreClient


def read(url: str, trust: ssl.SSLContext | None = None) -> bytes | int:
    """What somebody without credentials gets: the content, or the status."""
    try:
        with urllib.request.urlopen(url, timeout=10, context=trust) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.code


def put_read_list_and_delete(objects: ObjectStoreClient, folder: Path) -> None:
    """All calls beside `url`, on a store without objects; `folder` is empty."""
    file = folder / "file"
    file.write_bytes(b"f" * 9_000_000)
    objects.put("reports/a b+é.json", b"{}", content_type="application/json")
    objects.put("reports/file", file)
    objects.put("buffer", memoryview(b"abc"))  # type: ignore[arg-type]
    assert objects.get("buffer") == b"abc"
    objects.delete("buffer")
    with pytest.raises(InvalidRequest, match=r"of the type str \(text\)\. Give bytes, a Path"):
        objects.put("text", "content")  # type: ignore[arg-type]
    with file.open("rb") as opened:
        objects.put("other", opened)
    assert [(found.key, found.size) for found in objects.list()] == [
        ("other", 9_000_000),
        ("reports/a b+é.json", 2),
        ("reports/file", 9_000_000),
    ]
    assert all(found.modified.tzinfo is not None for found in objects.list())
    assert [found.key for found in objects.list("reports/a")] == ["reports/a b+é.json"]
    objects.download("reports/file", folder / "back")
    assert (folder / "back").read_bytes() == file.read_bytes()
    objects.put("reports/a b+é.json", b"[]")
    assert objects.get("reports/a b+é.json") == b"[]"
    objects.delete("other")
    objects.delete("other")
    for absent in (lambda: objects.get("other"), lambda: objects.download("other", folder / "none")):
        with pytest.raises(NotInStore, match="could not be read"):
            absent()
    assert sorted(path.name for path in folder.iterdir()) == ["back", "file"]
