"""Reads a version's objects anew and compares each with its manifest."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.led_by_one import TINY, LedByOne
from pulumi_modelstore_provider.artifacts.pacing import Pacing
from pulumi_modelstore_provider.artifacts.parts import Part, plan_parts
from pulumi_modelstore_provider.artifacts.pull import NOBODY, Progress
from pulumi_modelstore_provider.artifacts.reading_threads import OrderedDigest, ReadingThreads
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings, in_force
from pulumi_modelstore_provider.errors import NotInStore, ObjectChanged
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore
from pulumi_modelstore_provider.stores.started import Started

Kind: TypeAlias = Literal["missing", "size", "digest", "changing", "extra"]
"""Not there; of another size; of other content; written while it was read; there and not in the manifest."""

_Item: TypeAlias = tuple[FileEntry, ListedObject]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with one object: `path` below the version's prefix, `found` what is there instead."""

    path: str
    kind: Kind
    found: str = ""


def rehash(
    objects: ObjectStore,
    prefix: str,
    content: Content,
    *,
    settings: TransferSettings | None = None,
    progress: Progress | None = None,
) -> list[Fault]:
    """Read every object of a version, in parallel and in bounded memory, and return what is wrong, by path.

    `prefix` is of the version's objects and ends in a slash. Objects that are no part of the version are told too: a
    pod would download them with it. Raises what the store answers, where it does not let itself be read.
    """
    found = {item.key.removeprefix(prefix): item for item in objects.list(prefix)}
    expected = {entry.path: entry for entry in content.files}
    faults = [Fault(path, "extra", f"{item.size} bytes") for path, item in found.items() if path not in expected]
    whole: dict[FileEntry, ListedObject] = {}
    told = progress or NOBODY
    for path, entry in expected.items():
        item = found.get(path)
        if item is not None and item.size == entry.size:
            whole[entry] = item
            continue
        faults.append(Fault(path, "missing") if item is None else Fault(path, "size", f"{item.size} bytes"))
        told.advance(entry.size, moved=False)
    if whole:
        faults += _Reading(objects, in_force(settings), told).run(whole)
    return sorted(faults)


class _Reading:
    def __init__(self, objects: ObjectStore, limits: TransferSettings, told: Progress) -> None:
        self._objects, self._limits, self._told = objects, limits, told
        self._pacing = Pacing(limits.rate_limit)
        self._faults: dict[str, Fault] = {}

    def run(self, whole: Mapping[FileEntry, ListedObject]) -> list[Fault]:
        plans = {entry: plan_parts(entry.size) for entry in whole}
        largest = max(min(plan.part_size, plan.size) for plan in plans.values())
        threads = ReadingThreads(self._limits.concurrency, largest_part=largest)
        tiny: LedByOne[_Item, FileEntry] = LedByOne(self._start, finished=self._read, stopped=lambda: threads.stopped)
        for entry, plan in plans.items():
            if entry.size <= TINY:
                tiny.waiting.append((entry, whole[entry]))
                continue
            digest = OrderedDigest(plan, threads)
            for part in plan:
                threads.add(functools.partial(self._part, entry, whole[entry], part, digest))
        threads.add_all(tiny)
        threads.run()
        return list(self._faults.values())

    def _start(self, item: _Item, room: Scratch) -> Started[FileEntry]:
        entry, found = item
        body = room.of(entry.size)
        self._pacing.take(entry.size)
        started = self._objects.start_read(found.key, body, etag=found.etag)

        def finish() -> FileEntry:
            with self._noting(entry):
                started.finish()
                self._compare(entry, f"sha256:{hashlib.sha256(body).hexdigest()}")
            return entry

        return Started(finish, started.answered_on)

    def _read(self, entry: FileEntry) -> None:
        self._told.advance(entry.size)

    def _part(self, entry: FileEntry, item: ListedObject, part: Part, digest: OrderedDigest, room: Scratch) -> None:
        body = room.of(part.size)
        if entry.path not in self._faults:
            self._pacing.take(part.size)
            with self._noting(entry):
                self._objects.read_into(item.key, part.offset, body, etag=item.etag)
        self._told.advance(part.size)
        # Also for a file that has failed: the parts behind this one wait for their turn.
        found = digest.add(part, body)
        if found is not None and entry.path not in self._faults:
            self._compare(entry, found)

    @contextmanager
    def _noting(self, entry: FileEntry) -> Iterator[None]:
        """Note what is wrong with a file that does not let itself be read whole."""
        try:
            yield
        except NotInStore:
            self._faults[entry.path] = Fault(entry.path, "missing")
        except ObjectChanged as changed:
            self._faults[entry.path] = Fault(entry.path, "changing", changed.answer)

    def _compare(self, entry: FileEntry, found: str) -> None:
        if found != entry.digest:
            self._faults[entry.path] = Fault(entry.path, "digest", found)
