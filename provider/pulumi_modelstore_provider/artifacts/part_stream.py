"""Takes a file apart: threads read parts and work on them, while one more digests them in their order.

Parts that fit into a buffer are read once: what is digested is what is sent. Larger ones (in files above 156 GiB) are
read twice, piece by piece: first for the digest and their sums, then again as they are sent, when the sums have to come
out the same. Where sums were recorded as the file was digested, it is not digested again: they have to be the same.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from pulumi_modelstore_provider.artifacts.buffers import Scratch
from pulumi_modelstore_provider.artifacts.byte_source import OpenBytes
from pulumi_modelstore_provider.artifacts.parts import MIB, Part, PartPlan
from pulumi_modelstore_provider.artifacts.transfer import Transfer, TransferStopped
from pulumi_modelstore_provider.errors import SourceChanged
from pulumi_modelstore_provider.stores.bodies import Body, RangeBody
from pulumi_modelstore_provider.stores.part_sums import PartSum, RunningSum, SumKind

T = TypeVar("T")

Work = Callable[[Part, Body, PartSum], T]


class _ReadPart:
    """A part in memory: free again when it is worked on, and digested where that is to be."""

    def __init__(self, part: Part, buffer: memoryview, free: Callable[[memoryview], None], *, users: int) -> None:
        self.part, self.body = part, buffer[: part.size]
        self.read = threading.Event()
        self.failed = False
        self._buffer, self._free = buffer, free
        self._lock = threading.Lock()
        self._users = users

    def done(self) -> None:
        with self._lock:
            self._users -= 1
            last = not self._users
        if last:
            self.body.release()
            self._free(self._buffer)


class PartStream(Generic[T]):
    """One open file on its way; `wanted` are sums beside CRC32 that `work` needs to be told of each part.

    `recorded` is what `OpenBytes.recorded` said of `digest`, the file's.
    """

    def __init__(
        self,
        transfer: Transfer,
        opened: OpenBytes,
        plan: PartPlan,
        work: Work[T],
        wanted: Callable[[Part], Collection[SumKind]],
        *,
        is_local: bool,
        digest: str,
        recorded: Sequence[int] = (),
    ) -> None:
        self._transfer, self._opened, self._plan, self._work, self._wanted = transfer, opened, plan, work, wanted
        self._is_local, self._declared, self._recorded = is_local, digest, recorded
        self._whole = hashlib.sha256()
        self._futures: list[Future[T]] = []
        self._ended = threading.Event()

    def end(self) -> None:
        """Begin no further part: the rest is of no use."""
        self._ended.set()

    def run(self) -> tuple[list[T], str | None]:
        """Return what `work` returned of each part, and the file's digest, `sha256:<hex>`; None after `end`.

        Raises what reading and `work` raise, and TransferStopped where something else of the transfer has failed.
        """
        try:
            if self._plan.part_size <= self._transfer.buffers.size:
                self._through_memory()
            else:
                self._in_two_passes()
        finally:
            # Part after part has to end before the file is closed and its memory is used for another.
            wait(self._futures)
        self._raise_failure()
        return [future.result() for future in self._futures], None if self._ended.is_set() else self._digest_of_all()

    def _digest_of_all(self) -> str:
        return self._declared if self._recorded else f"sha256:{self._whole.hexdigest()}"

    def _through_memory(self) -> None:
        in_order: queue.SimpleQueue[_ReadPart | None] = queue.SimpleQueue()
        digesting = threading.Thread(target=self._digest, args=(in_order,), name="digest", daemon=True)
        if not self._recorded:
            digesting.start()
        buffers = self._transfer.buffers
        try:
            for part in self._plan:
                buffer = None if self._ended.is_set() else buffers.take()
                if buffer is None:
                    break
                reading = _ReadPart(part, buffer, buffers.give_back, users=1 if self._recorded else 2)
                try:
                    self._futures.append(self._transfer.submit(self._read_and_work, reading))
                except BaseException:
                    buffers.give_back(buffer)
                    raise
                if not self._recorded:
                    in_order.put(reading)
        finally:
            if not self._recorded:
                in_order.put(None)
                digesting.join()

    def _raise_failure(self) -> None:
        failures = [error for future in self._futures if (error := future.exception()) is not None]
        for error in failures:
            # The others ended because of it.
            if not isinstance(error, TransferStopped):
                raise error
        if failures or self._transfer.stopped:
            raise TransferStopped

    def _read_and_work(self, reading: _ReadPart) -> T:
        try:
            running = RunningSum(self._wanted(reading.part))
            try:
                self._read(reading, running)
            except BaseException:
                reading.failed = True
                raise
            finally:
                reading.read.set()
            sums = running.total()
            self._compare(reading.part, sums)
            return self._work(reading.part, reading.body, sums)
        finally:
            reading.done()

    def _compare(self, part: Part, sums: PartSum) -> None:
        if self._recorded and sums.crc32 != self._recorded[part.number - 1]:
            self._opened.check()
            raise SourceChanged(
                "The source changed during the upload: a part of it is not the one that was digested",
                remedy="Wait until it is written, then run again: the new content becomes a new version",
            )

    def _read(self, reading: _ReadPart, running: RunningSum) -> None:
        """Read and sum up piece by piece, while a piece is in the processor's cache; a remote part in one request."""
        size = min(MIB, reading.part.size) if self._is_local else reading.part.size
        for start in range(0, reading.part.size, size):
            piece = reading.body[start : start + size]
            self._opened.read_into(reading.part.offset + start, piece)
            running.add(piece)

    def _digest(self, in_order: queue.SimpleQueue[_ReadPart | None]) -> None:
        while (reading := in_order.get()) is not None:
            reading.read.wait()
            if not reading.failed and not self._transfer.stopped:
                self._whole.update(reading.body)
            reading.done()

    def _in_two_passes(self) -> None:
        ahead = threading.BoundedSemaphore(self._transfer.ranges_at_once(self._plan.part_size))
        scratch = Scratch()
        for part in self._plan:
            wanted = self._wanted(part)
            running = RunningSum(wanted)
            sums = PartSum(part.size, self._recorded[part.number - 1]) if self._recorded and not wanted else None
            if sums is None:
                for piece in self._pieces(part, 0, scratch):
                    if self._transfer.stopped:
                        return
                    running.add(piece)
                    if not self._recorded:
                        self._whole.update(piece)
                sums = running.total()
                self._compare(part, sums)
            ahead.acquire()
            if self._ended.is_set() or self._transfer.stopped:
                ahead.release()
                return
            future = self._transfer.submit(self._read_again_and_work, part, sums)
            future.add_done_callback(lambda _: ahead.release())
            self._futures.append(future)

    def _read_again_and_work(self, part: Part, sums: PartSum) -> T:
        scratch = Scratch()

        def pieces(start: int) -> Iterator[memoryview]:
            if start:
                return self._pieces(part, start, scratch)
            return self._summed_again(part, sums, scratch)

        return self._work(part, RangeBody(part.size, pieces), sums)

    def _summed_again(self, part: Part, sums: PartSum, scratch: Scratch) -> Iterator[memoryview]:
        running, held = RunningSum(), memoryview(b"")
        for piece in self._pieces(part, 0, scratch):
            running.add(piece)
            held = piece
            if running.size < part.size:
                yield piece
        if running.total().crc32 != sums.crc32:
            self._opened.check()
            raise SourceChanged(
                "The source changed during the upload: a part of it read twice was not the same",
                remedy="Wait until it is written, then run again: the new content becomes a new version",
            )
        yield held

    def _pieces(self, part: Part, start: int, scratch: Scratch) -> Iterator[memoryview]:
        for offset in range(start, part.size, MIB):
            piece = scratch.of(min(MIB, part.size - offset))
            self._opened.read_into(part.offset + offset, piece)
            yield piece
