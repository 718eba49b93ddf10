"""Brings a version from the store into a folder: in parallel, resumed across runs, and never a wrong file."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.destination import present_files, refuse_names, remove_leftovers, reserved
from pulumi_modelstore_provider.artifacts.led_by_one import TINY, LedByOne
from pulumi_modelstore_provider.artifacts.pacing import Pacing
from pulumi_modelstore_provider.artifacts.partial_file import PartialFile
from pulumi_modelstore_provider.artifacts.parts import Part, PartPlan, plan_parts
from pulumi_modelstore_provider.artifacts.reading_threads import OrderedDigest, ReadingThreads
from pulumi_modelstore_provider.artifacts.small_download import corrupted, start_download
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings, in_force
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.stores.protocol import ListedObject, ObjectStore
from pulumi_modelstore_provider.stores.started import Started

_MOST_SHOWN = 5

_Item: TypeAlias = tuple[str, FileEntry]


class Progress(Protocol):
    """Who is told how far it is."""

    def advance(self, count: int, *, moved: bool = True) -> None:
        """Count `count` bytes as there; `moved` False for those that were there already."""
        ...


class _Nobody:
    def advance(self, count: int, *, moved: bool = True) -> None:
        """Tell nobody."""


NOBODY: Progress = _Nobody()
"""Takes progress that nobody wants to see."""


@dataclass
class PullOutcome:
    """What it took: bytes that came now, bytes of files that an earlier run had begun, files that were there."""

    fetched: int = 0
    resumed: int = 0
    kept: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def count(self, *, fetched: int = 0, resumed: int = 0) -> None:
        """Add bytes; threads may do so at once."""
        with self._lock:
            self.fetched += fetched
            self.resumed += resumed


def pull(
    objects: ObjectStore,
    content: Content,
    prefix: str,
    destination: Path,
    *,
    settings: TransferSettings | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> PullOutcome:
    """Make the files of a version be in `destination`, each with the digest that its manifest says.

    `prefix` is of the version's objects and ends in a slash. Files that are there are kept; a file gets its name only
    when all of its bytes are in and its SHA-256 is right. Raises DestinationUnusable before anything is written,
    ModelstoreError for names that lead out of the folder, objects that are missing or a disk that is full,
    DownloadCorrupted for an object with other content, and what the store answers.
    """
    refuse_names(content, objects.url(prefix))
    limits = in_force(settings)
    with reserved(destination):
        present = present_files(destination, content, overwrite=overwrite)
        missing = [entry for entry in content.files if entry.path not in present]
        outcome = PullOutcome(kept=len(present))
        told = progress or NOBODY
        told.advance(sum(entry.size for entry in content.files if entry.path in present), moved=False)
        if missing:
            listed = _listed(objects, prefix, missing)
            _Pull(objects, destination, limits, told, outcome, listed).run(prefix, missing)
        remove_leftovers(destination, content)
    return outcome


def _listed(objects: ObjectStore, prefix: str, missing: list[FileEntry]) -> Mapping[str, ListedObject]:
    """Return the objects of the files. Raises ModelstoreError unless each is there in its size."""
    found = {item.key: item for item in objects.list(prefix)}
    wrong = [
        f"{entry.path} ({'missing' if item is None else f'{item.size} bytes, not {entry.size}'})"
        for entry in missing
        if (item := found.get(f"{prefix}{entry.path}")) is None or item.size != entry.size
    ]
    if wrong:
        shown = ", ".join(wrong[:_MOST_SHOWN]) + (" ..." if len(wrong) > _MOST_SHOWN else "")
        raise ModelstoreError(
            f"The version is damaged in the store: {shown}",
            on=objects.url(prefix),
            remedy="Upload it again where the files are: missing files are sent, and nothing else",
        )
    return found


@dataclass
class _Pull:
    objects: ObjectStore
    destination: Path
    limits: TransferSettings
    told: Progress
    outcome: PullOutcome
    listed: Mapping[str, ListedObject]

    def run(self, prefix: str, missing: list[FileEntry]) -> None:
        plans = {entry: plan_parts(entry.size) for entry in missing}
        largest = max(min(plan.part_size, plan.size) for plan in plans.values())
        self.threads = ReadingThreads(self.limits.concurrency, largest_part=largest)
        self.pacing = Pacing(self.limits.rate_limit)
        self.folder = str(self.destination)
        tiny: LedByOne[_Item, FileEntry] = LedByOne(
            self._start, finished=self._arrived, stopped=lambda: self.threads.stopped
        )
        for entry, plan in plans.items():
            key = f"{prefix}{entry.path}"
            if entry.size <= TINY:
                tiny.waiting.append((key, entry))
            elif plan.count == 1:
                self.threads.add(functools.partial(self._small, (key, entry)))
            else:
                partial = PartialFile(self.destination / entry.path, entry, plan)
                self._add(_Large(key, partial, OrderedDigest(plan, self.threads)))
        self.threads.add_all(tiny)
        self.threads.run()

    def _add(self, file: _Large) -> None:
        for part in file.plan:
            self.threads.add(functools.partial(self._part, file, part))

    def _start(self, item: _Item, room: Scratch) -> Started[FileEntry]:
        key, entry = item
        etag = self.listed[key].etag
        return start_download(self.objects, key, self.folder, entry, room, etag=etag, pacing=self.pacing)

    def _small(self, item: _Item, room: Scratch) -> None:
        self._arrived(self._start(item, room).finish())

    def _arrived(self, entry: FileEntry) -> None:
        self.outcome.count(fetched=entry.size)
        self.told.advance(entry.size)

    def _part(self, file: _Large, part: Part, room: Scratch) -> None:
        file.open()
        body, partial = room.of(part.size), file.partial
        if partial.has(part):
            partial.read(part, body)
            self.outcome.count(resumed=part.size)
        else:
            self._fetch(file.key, part.offset, body)
            partial.write(part, body)
            self.outcome.count(fetched=part.size)
        if not file.again:
            self.told.advance(part.size, moved=not partial.has(part))
        digest = file.digest.add(part, body)
        if digest == partial.entry.digest:
            partial.finish()
        elif digest is not None:
            partial.discard()
            if file.again:
                raise corrupted(self.objects.url(file.key), digest, partial.entry.digest)
            # Damaged on its way, or what an earlier run had left was: all of it once more.
            begun_anew = PartialFile(partial.target, partial.entry, partial.plan)
            self._add(_Large(file.key, begun_anew, OrderedDigest(partial.plan, self.threads), again=True))

    def _fetch(self, key: str, offset: int, body: memoryview) -> None:
        self.pacing.take(len(body))
        self.objects.read_into(key, offset, body, etag=self.listed[key].etag)


@dataclass
class _Large:
    """A file of many parts; `again` where its first download had another digest."""

    key: str
    partial: PartialFile
    digest: OrderedDigest
    again: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_open: bool = False

    @property
    def plan(self) -> PartPlan:
        return self.partial.plan

    def open(self) -> None:
        with self._lock:
            if not self._is_open:
                self.partial.open()
                self._is_open = True
