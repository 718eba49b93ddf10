"""What the files of one upload share: the store, the threads, the memory they may take, and the progress they make."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pulumi_modelstore_provider.artifacts.parts import MIB
from pulumi_modelstore_provider.artifacts.transfer_settings import USUAL_CONCURRENCY
from pulumi_modelstore_provider.artifacts.verification import Method
from pulumi_modelstore_provider.progress import TransferProgress
from pulumi_modelstore_provider.stores.protocol import ObjectStore

_MOST_MEMORY = 192 * MIB
_FEWEST_WORKERS = 2


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """One file that is in the store: how it was verified, its ETag there, and how its bytes came there.

    They were `sent` from here, `kept` from an earlier run, or `copied` by the store itself.
    """

    path: str
    method: Method
    etag: str
    sent: int
    kept: int
    copied: int = 0

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.sent + self.kept + self.copied


class TransferStopped(Exception):
    """Raised where work ends because other work of the same transfer has failed; that failure is the one to show."""


class Transfer:
    """The threads of one upload. Parts in memory at once: at most `workers`, fewer where parts are large."""

    def __init__(
        self,
        objects: ObjectStore,
        progress: TransferProgress,
        *,
        largest_part: int,
        refuse_if_committed: Callable[[], None],
        workers: int = USUAL_CONCURRENCY,
    ) -> None:
        self.objects = objects
        self.progress = progress
        self.refuse_if_committed = refuse_if_committed
        self._buffers = max(_FEWEST_WORKERS, min(workers, _MOST_MEMORY // max(1, largest_part)))
        self._free = threading.BoundedSemaphore(self._buffers)
        self._pool = ThreadPoolExecutor(self._buffers, thread_name_prefix="upload")
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def reserve(self) -> None:
        """Wait for room for one part in memory; `submit` gives it back when its work is done.

        Raises TransferStopped when something has failed meanwhile.
        """
        self._free.acquire()
        if self._stopped.is_set():
            self._free.release()
            raise TransferStopped

    def release(self) -> None:
        """Give room back that was reserved and not used."""
        self._free.release()

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run `work` in a thread, in room that was reserved before; its failure stops the transfer."""

        def run() -> Any:
            try:
                return work(*arguments)
            except BaseException:
                self.stop()
                raise
            finally:
                self._free.release()

        try:
            return self._pool.submit(run)
        except BaseException:
            self._free.release()
            raise

    def stop(self) -> None:
        """Let no further part begin: the upload has failed."""
        self._stopped.set()
