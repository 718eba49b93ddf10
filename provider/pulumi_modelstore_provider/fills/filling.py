"""Fills a folder of a volume: one process at a time, in steps that can each be repeated, the mark last."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi_modelstore_provider.artifacts.content import Content
from pulumi_modelstore_provider.artifacts.sizes import human_size
from pulumi_modelstore_provider.errors import ModelstoreError, without_secrets
from pulumi_modelstore_provider.fills.content_record import STATE_FOLDER, ContentRecord, Listing, size_of
from pulumi_modelstore_provider.fills.lease import Lease
from pulumi_modelstore_provider.fills.sources import Source, Staging, source_of
from pulumi_modelstore_provider.fills.specification import Specification
from pulumi_modelstore_provider.fills.staged_files import digest_staged, files_below, publish, remove_file

_log = logging.getLogger("pulumi_modelstore")
_TELL_EVERY = 30.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def fill(specification: Specification, volume: Path) -> bool:
    """Fill the volume unless it is complete; False where nothing was to be done.

    Waits while another process fills it, and goes on where a dead one has stopped. Raises ModelstoreError.
    """
    record = ContentRecord(volume / specification.folder)
    identity = specification.identity
    child = _Child()

    def complete() -> bool:
        return record.is_complete(identity)

    def waiting(holder: str) -> None:
        _log.info("waiting: %s fills the volume", holder)

    lease = Lease(
        record.leases, stale_after=specification.stale_after, on_waiting=waiting, on_lost=child.end
    )  # fmt: skip
    try:
        if not lease.acquire(unless=complete):
            _log.info("the volume is complete already")
            return False
        try:
            if complete():
                return False
            _bring(record, specification, lease, child)
        finally:
            lease.release()
    except OSError as error:
        raise _told(error, record) from None
    return True


def _bring(record: ContentRecord, specification: Specification, lease: Lease, child: _Child) -> None:
    identity = specification.identity
    lease.begin()
    record.unmark()
    ready = record.publishing()
    if ready is None or ready.identity != identity:
        record.absorb()
        _stage_for(record, identity)
        if specification.clear_first:
            _clear(record, lease)
        source = source_of(specification)
        staging = Staging(record.staging, lease.check, child.set, lambda text: _log.info("%s", without_secrets(text)))
        ready = Listing(identity, _staged(source, staging))
        record.begin_publishing(ready)
    publish(record, ready, lease.check)
    lease.check()
    record.complete(ready, lease=lease.number)
    content = ready.content
    _log.info("complete: %d files, %s, %s", len(content.files), human_size(content.total_bytes), content.tree_digest)


def _stage_for(record: ContentRecord, identity: str) -> None:
    """Make staging ready; what an attempt at another source left there is of no use."""
    note = record.state / "incoming.txt"
    if not note.is_file() or note.read_text(encoding="utf-8") != identity:
        shutil.rmtree(record.staging, ignore_errors=True)
        record.staging.mkdir(parents=True, exist_ok=True)
        note.write_text(identity, encoding="utf-8")
    record.staging.mkdir(parents=True, exist_ok=True)


def _staged(source: Source, staging: Staging) -> Content:
    with _telling(staging):
        told = source.stage(staging)
    paths = sorted(files_below(staging.folder, without=source.own_folder))
    if not paths:
        raise ModelstoreError("The source brought no files", remedy="Check its name, its revision and its patterns")
    if taken := [path for path in paths if path.split("/")[0] == STATE_FOLDER]:
        raise ModelstoreError(f"The source has a file {taken[0]}, which is where the fill keeps its own records")
    staging.say(f"{len(paths)} files are in the volume; reading them back")
    content = digest_staged(staging.folder, paths)
    wrong = [path for path, digest in content.digests.items() if told.get(path, digest) != digest]
    for path in wrong:
        remove_file(staging.folder, path)
        if source.own_folder:
            shutil.rmtree(staging.folder / source.own_folder, ignore_errors=True)
    if wrong:
        raise ModelstoreError(
            f"{len(wrong)} files did not arrive as the source has them: {', '.join(wrong[:5])}",
            remedy="They are removed; run the fill again, which brings them anew",
        )
    return content


@contextmanager
def _telling(staging: Staging) -> Iterator[None]:
    """Tell every while how much is there by now, whatever the source itself says."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(_TELL_EVERY):
            sizes = (size_of(Path(above, name)) for above, _, names in os.walk(staging.folder) for name in names)
            staging.say(f"{human_size(sum(max(size, 0) for size in sizes))} are in the volume")

    teller = threading.Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _clear(record: ContentRecord, lease: Lease) -> None:
    former = record.listing()
    for entry in former.content.files if former is not None else ():
        lease.check()
        remove_file(record.folder, entry.path)


class _Child:
    """The process that brings files, ended when the lease is lost."""

    def __init__(self) -> None:
        self._end: Callable[[], None] | None = None

    def set(self, end: Callable[[], None] | None) -> None:
        self._end = end

    def end(self) -> None:
        if self._end is not None:
            self._end()


def _told(error: OSError, record: ContentRecord) -> ModelstoreError:
    where = str(error.filename or record.folder)
    if error.errno not in _FULL:
        remedy = "See to it that the volume is mounted for writing, then run the fill again"
        if error.errno in (errno.EACCES, errno.EPERM):
            remedy = f"Run the fill as a user that may write there, with FillJob(user=...); it ran as {os.getuid()}"
        return ModelstoreError("The volume cannot be filled", on=where, answer=str(error.strerror), remedy=remedy)
    found = os.statvfs(record.folder)
    room = f"{human_size(found.f_bavail * found.f_frsize)} of {human_size(found.f_blocks * found.f_frsize)} are free"
    former = "; the former content stays until the new one is complete" if record.listing() is not None else ""
    return ModelstoreError(
        "The volume is full", on=where, answer=f"{error.strerror}, {room}{former}",
        remedy="Give the volume a larger size, or let the fill clear it first; then it goes on where it was",
    )  # fmt: skip
