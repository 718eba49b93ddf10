"""Object bodies as files in the sandbox home, so that no object of a model's size is ever held in memory."""

from __future__ import annotations

import mmap
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CHUNK_BYTES: Final = 1024 * 1024


class MappedBody(mmap.mmap):
    """A body mapped into memory: slices are bytes, iteration yields chunks instead of single bytes."""

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[override]  # mmap's own yields integers
        for start in range(0, len(self), CHUNK_BYTES):
            yield self[start : start + CHUNK_BYTES]


class JoinedBodies:
    """Several bodies one after the other: what a multipart upload becomes, not yet written anywhere."""

    def __init__(self, parts: list[BodyFile]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(part.size() for part in self.parts)

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            yield from part.chunks()


class BodyFile:
    """The file object that moto keeps a body in. It holds no descriptor between calls: there may be many bodies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = 0

    @property
    def name(self) -> str:
        """The file's name in its store."""
        return self.path.name

    def size(self) -> int:
        """Return the body's length in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def seek(self, offset: int) -> int:
        """Set the position of the next read or write."""
        self._position = offset
        return offset

    def truncate(self) -> None:
        """Drop everything from the position on."""
        with self.path.open("ab") as file:
            file.truncate(self._position)

    def write(self, data: bytes | MappedBody | JoinedBodies) -> int:
        """Write at the position; only a body's first write, from its start, ever happens."""
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.seek(self._position)
            if isinstance(data, bytes):
                file.write(data)
            else:
                for chunk in data:
                    file.write(chunk)
            self._position = file.tell()
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Read from the position, at most `size` bytes."""
        with self.path.open("rb") as file:
            file.seek(self._position)
            data = file.read(size)
        self._position += len(data)
        return data

    def chunks(self) -> Iterator[bytes]:
        """Yield the whole body piece by piece."""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def content(self) -> bytes | MappedBody:
        """Return the whole body: as bytes while it is small, else as a mapping of the file."""
        if self.size() <= CHUNK_BYTES:
            return self.path.read_bytes()
        with self.path.open("rb") as file:
            return MappedBody(file.fileno(), 0, access=mmap.ACCESS_READ)

    def close(self) -> None:
        """Do nothing: a file goes when the saved state no longer names it (`BodyStore.keep`)."""


class BodyStore:
    """The folder of all bodies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._known = {path.name for path in folder.iterdir()}

    def new(self) -> BodyFile:
        """Return a new, empty body."""
        body = BodyFile(self._folder / uuid.uuid4().hex)
        body.path.touch(mode=0o600)
        self._known.add(body.name)
        return body

    def existing(self, name: str) -> BodyFile:
        """Return the body that a saved state names."""
        return BodyFile(self._folder / name)

    def set_aside(self) -> Path:
        """Start with an empty folder; return where the old one is now."""
        aside = self._folder.with_suffix(".unreadable")
        shutil.rmtree(aside, ignore_errors=True)
        self._folder.replace(aside)
        self._folder.mkdir(mode=0o700)
        self._known.clear()
        return aside

    def keep(self, names: set[str]) -> None:
        """Remove every body but those named: call it once a state that names these alone is on disk."""
        for name in self._known - names:
            (self._folder / name).unlink(missing_ok=True)
        self._known &= names
