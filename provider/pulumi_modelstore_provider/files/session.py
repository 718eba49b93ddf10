"""Requests to an agent: what a volume holds, and one file there or back."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.files.channel import Channel

CHUNK = 1 << 20
_PARTIAL = ".modelstore-download-"


class FilesRefused(ModelstoreError):
    """The agent could not do what it was asked for; `code` is the errno, 0 where it refused by itself."""

    def __init__(self, failed: str, *, on: str = "", answer: str = "", remedy: str = "", code: int = 0) -> None:
        super().__init__(failed, on=on, answer=answer, remedy=remedy)
        self.code = code


@dataclass(frozen=True)
class Entry:
    """What lies in a volume.

    Args:
        path: relative to the folder that was listed.
        type: `file`, `folder` or `other`, such as a link.
        size: in bytes.
        modified: seconds since 1970.
        digest: `sha256:<hex>` of a file, where it was asked for.
    """

    path: str
    type: str
    size: int
    modified: float
    digest: str | None = None


class FileSession:
    """A conversation with one agent.

    Args:
        channel: to the agent; closed with the session.
        volume: how messages name the volume.
    """

    def __init__(self, channel: Channel, volume: str) -> None:
        self._channel, self.volume = channel, volume
        self._answer("cannot be reached", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def list(self, path: str, *, recursive: bool = False, digests: bool = False) -> list[Entry]:
        """Entries of a folder in the order of their paths, or the one file. Raises FilesRefused."""
        answer = self._ask("list", path, recursive=recursive, digests=digests)
        return [Entry(**entry) for entry in answer["entries"]]

    def type_of(self, path: str) -> str:
        """What a path is: `file`, `folder`, `other` or `nothing`. Raises FilesRefused for one outside of the volume."""
        return str(self._ask("type", path)["type"])

    def make_folder(self, path: str, *, parents: bool = False) -> None:
        """Make a folder; with `parents` those above too. Raises FilesRefused."""
        self._ask("mkdir", path, parents=parents)

    def remove(self, path: str, *, recursive: bool = False) -> None:
        """Remove a file, an empty folder, or with `recursive` all of a folder. Raises FilesRefused."""
        self._ask("remove", path, recursive=recursive)

    def upload(self, source: Path, path: str, digest: str, *, advance: Callable[[int, bool], None]) -> bool:
        """Bring one file there, from where an earlier attempt stopped; False where it was there.

        `digest` is of the source; what arrives is compared with it before it gets its name. `advance` is told bytes,
        and whether they were sent now. Raises FilesRefused and ChannelClosed.
        """
        size = source.stat().st_size
        begun = self._ask("begun", path, digest=digest, size=size)
        advance(begun["bytes"], False)
        if begun["whole"]:
            return False
        offset = begun["bytes"]
        self._send({"op": "put", "path": path, "digest": digest, "offset": offset, "body": size - offset})
        with source.open("rb") as file:
            file.seek(offset)
            left = size - offset
            while left:
                # A file that became shorter is filled up: the digest tells that it changed.
                chunk = file.read(min(CHUNK, left)) or bytes(min(CHUNK, left))
                self._channel.send(chunk)
                left -= len(chunk)
                advance(len(chunk), True)
        self._answer("cannot be written", path)
        return True

    def download(self, path: str, target: Path, entry: Entry, *, advance: Callable[[int, bool], None]) -> bool:
        """Bring one file here, from where an earlier attempt stopped; False where it was there.

        `entry` is the file's own, with its digest. Raises FilesRefused, ChannelClosed and ModelstoreError.
        """
        digest = entry.digest or ""
        if target.is_file() and target.stat().st_size == entry.size and _digest(target)[0] == digest:
            advance(entry.size, False)
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{_PARTIAL}{digest.removeprefix('sha256:')[:16]}")
        whole, offset = hashlib.sha256(), 0
        if partial.is_file() and partial.stat().st_size <= entry.size:
            _, whole = _digest(partial)
            offset = partial.stat().st_size
        advance(offset, False)
        header = self._ask("get", path, offset=offset)
        left = int(header["body"])
        with partial.open("ab" if offset else "wb") as file:
            while left:
                chunk = self._channel.receive(min(CHUNK, left))
                left -= len(chunk)
                whole.update(chunk)
                file.write(chunk)
                advance(len(chunk), True)
        if f"sha256:{whole.hexdigest()}" != digest:
            partial.unlink()
            raise ModelstoreError(
                "A file changed while it was downloaded", on=f"{self.volume}:{path}",
                remedy="Wait until nothing writes to it, and download it again",
            )  # fmt: skip
        partial.replace(target)
        return True

    def _ask(self, operation: str, path: str, **fields: Any) -> dict[str, Any]:
        self._send({"op": operation, "path": path, **fields})
        return self._answer(_FAILED.get(operation, "cannot be read"), path)

    def _send(self, header: dict[str, Any]) -> None:
        text = json.dumps(header).encode()
        self._channel.send(len(text).to_bytes(4, "big") + text)

    def _answer(self, failed: str, path: str) -> dict[str, Any]:
        length = int.from_bytes(self._channel.receive(4), "big")
        answer: dict[str, Any] = json.loads(self._channel.receive(length))
        if "error" not in answer:
            return answer
        code = int(answer["errno"])
        what = f"{path or '/'} {failed}"
        raise FilesRefused(what, on=self.volume, answer=answer["error"], remedy=_REMEDIES.get(code, ""), code=code)


_FAILED = {"mkdir": "cannot be made", "remove": "cannot be removed"}
_REMEDIES = {
    errno.ENOSPC: "Give the volume a larger size, or remove something; then run it again, and it goes on where it was",
    errno.EDQUOT: "Give the volume a larger size, or remove something; then run it again, and it goes on where it was",
    errno.ENOTEMPTY: "Pass -r to remove a folder with all that is in it",
    errno.EEXIST: "Pass -p where a folder that is there already is all right",
    errno.ENOENT: "Pass -p to make the folders above it too",
    errno.EROFS: "Mount the volume for writing",
    errno.EACCES: "Use --user with the numeric id that the files belong to",
}


def _digest(path: Path) -> tuple[str, Any]:
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            whole.update(chunk)
    return f"sha256:{whole.hexdigest()}", whole
