"""What runs in the pod: reads requests from standard input and does them on the volume, one after the other.

One file with Python's own library alone: its text is the pod's program. A message is four bytes with the length of a
JSON header, the header, and as many further bytes as the header's `body` says. Paths are relative to the volume and
lead nowhere else. A file gets its name when all its bytes are there and its SHA-256 is the one that was announced.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

CHUNK = 1 << 20
PARTIAL = ".modelstore-upload-"
"""Begins the name of a file that is not whole yet; the first digits of its digest follow."""


class Refused(Exception):
    """A request that cannot be done; its text goes to the one who asked."""


class Volume:
    """The requests, by name."""

    def __init__(self, root: str) -> None:
        self.root = Path(root).resolve()

    def place(self, path: str) -> Path:
        """Where a path of the volume is. Refuses one that leads out of it, by dots or by links."""
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts or "\0" in path:
            raise Refused(f"{path!r} leads out of the volume")
        place = self.root.joinpath(*parts)
        if parts and not place.parent.resolve().is_relative_to(self.root):
            raise Refused(f"{path!r} leads out of the volume through a link")
        return place

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """Entries of a folder, or the one file; `recursive` those below it too; files with `digests` where asked."""
        place = self.place(request["path"])
        kind = kind_of(place)
        if kind == "nothing":
            raise Refused(f"{request['path']!r} is not there")
        if kind != "folder":
            return {"entries": [self._entry(place, place.name, request)]}
        found = []
        for above, folders, names in os.walk(place):
            paths = [Path(above, name) for name in [*folders, *names] if not name.startswith(PARTIAL)]
            found += [self._entry(path, path.relative_to(place).as_posix(), request) for path in paths]
            if not request.get("recursive"):
                break
        return {"entries": sorted(found, key=lambda entry: str(entry["path"]))}

    def type(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a path is: `file`, `folder`, `other`, or `nothing`."""
        return {"type": kind_of(self.place(request["path"]))}

    def mkdir(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a folder; `parents` those above it too, and one that is there is no mistake then."""
        parents = bool(request.get("parents"))
        self.place(request["path"]).mkdir(parents=parents, exist_ok=parents)
        return {}

    def remove(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a file or an empty folder; `recursive` a folder with all that is in it."""
        place = self.place(request["path"])
        if place == self.root:
            raise Refused("the volume itself cannot be removed")
        if kind_of(place) != "folder":
            place.unlink()
        elif request.get("recursive"):
            shutil.rmtree(place)
        else:
            place.rmdir()
        return {}

    def begun(self, request: dict[str, Any]) -> dict[str, Any]:
        """How many bytes of an upload are there already; `whole` where the file itself has the announced digest."""
        place, size = self.place(request["path"]), request["size"]
        if size_of(place) == size and digest_of(place) == request["digest"]:
            return {"whole": True, "bytes": size}
        there = size_of(_partial(place, request["digest"]))
        return {"whole": False, "bytes": there if 0 <= there <= size else 0}

    def put(self, request: dict[str, Any], body: Callable[[], bytes]) -> dict[str, Any]:
        """Write the rest of a file from `offset` on, and give it its name when its digest is right."""
        place = self.place(request["path"])
        partial = _partial(place, request["digest"])
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        with partial.open("r+b") as file:
            file.truncate(request["offset"])
            file.seek(request["offset"])
            while chunk := body():
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        found = digest_of(partial)
        if found != request["digest"]:
            partial.unlink()
            raise Refused(f"what arrived has the digest {found}, not {request['digest']}")
        partial.replace(place)
        return {"digest": found}

    def get(self, request: dict[str, Any]) -> tuple[BinaryIO, int]:
        """A file, open at `offset`, and how many bytes there are from there on."""
        place = self.place(request["path"])
        if kind_of(place) != "file":
            raise Refused(f"{request['path']!r} is no file")
        file = place.open("rb")
        file.seek(request["offset"])
        return file, max(0, os.fstat(file.fileno()).st_size - request["offset"])

    def _entry(self, place: Path, path: str, request: dict[str, Any]) -> dict[str, Any]:
        found, kind = place.lstat(), kind_of(place)
        entry = {"path": path, "type": kind, "size": found.st_size, "modified": found.st_mtime}
        if kind == "file" and request.get("digests"):
            entry["digest"] = digest_of(place)
        return entry


def _partial(place: Path, digest: str) -> Path:
    # By the digest: another content never goes on where this one stopped.
    return place.with_name(f"{PARTIAL}{digest.removeprefix('sha256:')[:16]}")


def kind_of(place: Path) -> str:
    """`file`, `folder`, `other`, such as a link, or `nothing`."""
    try:
        mode = place.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def size_of(place: Path) -> int:
    """The size of a file, -1 where it is none."""
    return place.lstat().st_size if kind_of(place) == "file" else -1


def digest_of(place: Path) -> str:
    """`sha256:<hex>` of a file."""
    whole = hashlib.sha256()
    with place.open("rb") as file:
        while chunk := file.read(CHUNK):
            whole.update(chunk)
    return f"sha256:{whole.hexdigest()}"


class Conversation:
    """Requests from one stream, answers on the other."""

    def __init__(self, volume: Volume, source: BinaryIO, target: BinaryIO) -> None:
        self.volume, self.source, self.target = volume, source, target
        self.left = 0

    def run(self) -> None:
        """Answer until the other side says `end` or goes away."""
        self.answer({"ready": True})
        while (request := self.request()) is not None and request["op"] != "end":
            try:
                self.do(request)
            except (OSError, Refused) as error:
                said = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else str(error)
                code = error.errno if isinstance(error, OSError) else 0
                self.drain()
                self.answer({"error": said, "errno": code})

    def do(self, request: dict[str, Any]) -> None:
        """Do one request."""
        if request["op"] == "get":
            file, size = self.volume.get(request)
            with file:
                self.answer({"body": size})
                while size and (chunk := file.read(min(CHUNK, size))):
                    self.target.write(chunk)
                    size -= len(chunk)
                if size:
                    # Shorter by now: the length was promised, and the digest tells the other side.
                    self.target.write(bytes(size))
                self.target.flush()
        elif request["op"] == "put":
            self.answer(self.volume.put(request, self.body))
        else:
            operations = {
                "begun": self.volume.begun,
                "list": self.volume.list,
                "mkdir": self.volume.mkdir,
                "remove": self.volume.remove,
                "type": self.volume.type,
            }
            self.answer(operations[request["op"]](request))

    def request(self) -> dict[str, Any] | None:
        """The next request; None where the other side has gone."""
        length = self.source.read(4)
        if len(length) < 4:
            return None
        header = self.source.read(int.from_bytes(length, "big"))
        request: dict[str, Any] = json.loads(header)
        self.left = request.get("body", 0)
        return request

    def body(self) -> bytes:
        """The next bytes of the request's body; none at its end. Raises EOFError where the other side has gone."""
        if not self.left:
            return b""
        chunk = self.source.read(min(CHUNK, self.left))
        if not chunk:
            raise EOFError
        self.left -= len(chunk)
        return chunk

    def drain(self) -> None:
        """Read past a body that nobody wants."""
        while self.body():
            pass

    def answer(self, header: dict[str, Any]) -> None:
        """Send an answer's header."""
        text = json.dumps(header).encode()
        self.target.write(len(text).to_bytes(4, "big") + text)
        self.target.flush()


def main(root: str) -> None:
    """Serve the volume mounted at `root` on standard input and output."""
    try:
        Conversation(Volume(root), sys.stdin.buffer, sys.stdout.buffer).run()
    except (EOFError, BrokenPipeError):
        # The other side has gone: what was written so far stays for the next time.
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
