"""What the files of one upload share: the store, the threads, the memory they may take, the pace and the progress."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, NamedTuple, Self

from pulumi_modelstore_provider.artifacts.buffers import Buffers
from pulumi_modelstore_provider.artifacts.pacing import Pacing
from pulumi_modelstore_provider.artifacts.parts import MIB, SMALLEST_PART
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.verification import Method
from pulumi_modelstore_provider.metering import PIECE, meter, set_meter
from pulumi_modelstore_provider.progress import TransferProgress
from pulumi_modelstore_provider.stores.protocol import ObjectStore

_MOST_MEMORY = 128 * MIB
"""Of all buffers; what Python and the SDK take beside it stays under as much again."""

_FEWEST_BUFFERS = 2
_PIECES_A_SECOND = 32
_SMALLEST_PIECE = 4 << 10
_LARGEST_PACED_PIECE = 256 << 10


class FileReceipt(NamedTuple):
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
    """The threads of one upload, and the memory of parts that travel: at most 128 MiB, however large the files."""

    def __init__(
        self,
        objects: ObjectStore,
        progress: TransferProgress,
        *,
        settings: TransferSettings,
        largest_small: int,
        refuse_if_committed: Callable[[], None],
    ) -> None:
        """Make no thread yet; `largest_small` is the size of the largest file that is sent with one request."""
        self.objects = objects
        self.progress = progress
        self.refuse_if_committed = refuse_if_committed
        self.concurrency = settings.concurrency
        self.pacing = Pacing(settings.rate_limit)
        self.piece = _paced_piece(settings.rate_limit)
        # SDKs copy a body before they send it.
        memory = _MOST_MEMORY if objects.sends_from_memory else _MOST_MEMORY // 2
        self.small_at_once = max(_FEWEST_BUFFERS, min(self.concurrency, memory // max(1, largest_small)))
        left = memory - min(memory // 4, largest_small * max(1, self.concurrency // 4))
        self._stopped = threading.Event()
        count = max(_FEWEST_BUFFERS, min(self.concurrency, round(left / SMALLEST_PART)))
        self.buffers = Buffers(count, SMALLEST_PART, stopped=self._stopped)
        self._pool = ThreadPoolExecutor(
            self.concurrency, thread_name_prefix="upload", initializer=lambda: set_meter(TransferMeter(self))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def stopped(self) -> bool:
        """Whether something has failed, and nothing more is to begin."""
        return self._stopped.is_set()

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run `work` in a thread of the transfer; its failure stops all of it."""

        def run() -> Any:
            try:
                return work(*arguments)
            except BaseException:
                self.stop()
                raise

        return self._pool.submit(run)

    def ranges_at_once(self, size: int) -> int:
        """Return how many parts of `size` bytes, too large for a buffer, may be on their way at once.

        SDKs that take a body whole (Azure, Google Cloud) get them one by one, or few: what they hold has no bound here.
        """
        if self.objects.sends_from_memory:
            return self.concurrency
        return max(1, min(self.concurrency, _MOST_MEMORY // 2 // size))

    def passed(self) -> int:
        """Return how many bytes this thread's meter has seen since it was last asked."""
        watching = meter()
        return watching.passed() if isinstance(watching, TransferMeter) else 0

    def sent(self, count: int, *, passed: int = 0) -> None:
        """Count `count` bytes as through that this thread has sent, whatever its meter saw of them: some go twice.

        `passed` is what `passed()` has told of them already.
        """
        counted = passed + self.passed()
        if counted != count:
            self.progress.advance(count - counted)

    def stop(self) -> None:
        """Let no further part begin: the upload has failed."""
        self._stopped.set()


class TransferMeter:
    """Holds one thread's bytes to the pace of its transfer, ends them with it, and counts them as progress."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self.piece = transfer.piece
        self._counted = 0

    def passing(self, count: int) -> None:
        """Let `count` bytes pass when it is their time. Raises TransferStopped."""
        if self._transfer.stopped:
            raise TransferStopped
        self._transfer.pacing.take(count)
        self._counted += count
        self._transfer.progress.advance(count)

    def passed(self) -> int:
        """Return how many bytes have passed since this was last asked."""
        counted, self._counted = self._counted, 0
        return counted


def _paced_piece(rate: int | None) -> int:
    if rate is None:
        return PIECE
    return max(_SMALLEST_PIECE, min(_LARGEST_PACED_PIECE, rate // _PIECES_A_SECOND))
