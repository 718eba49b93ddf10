"""Pods that read while the stack changes under them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backends.deployment import Deployment
from backends.rig import StoreKey

SECONDS_BETWEEN_READS = 0.02
"""Leaves the processor to the run that is watched."""


@dataclass
class Reads:
    """What readers saw: how often the content came, by reader, and every failure."""

    counted: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


@contextmanager
def reading(deployment: Deployment, name: str) -> Iterator[Reads]:
    """Read a file of the model over and over until the block ends, each reader at least twice.

    One reader takes the current key from the Secret each time, as a new pod does, which waits while the Secret is being
    replaced; another one keeps the key that was current at the beginning, as a running pod does.
    """
    running = deployment.current_key()
    key, wanted = deployment.object_key(name), hashlib.sha256(deployment.model()[name]).hexdigest()
    reads, ended = Reads(), threading.Event()

    def loop(reader: str, credentials: Callable[[], StoreKey]) -> None:
        reads.counted[reader] = 0
        while not ended.is_set() or reads.counted[reader] < 2:
            try:
                current = credentials()
            except LookupError as missing:
                if ended.is_set():
                    reads.failures.append(f"{reader}: {missing!r}")
                    return
                continue
            try:
                body = deployment.rig.read(deployment.bucket, key, current)
                assert hashlib.sha256(body).hexdigest() == wanted, "the content differs"
            except Exception as error:  # noqa: BLE001 - each is a failed read
                reads.failures.append(f"{reader}: {error!r}")
                return
            reads.counted[reader] += 1
            ended.wait(SECONDS_BETWEEN_READS)

    threads = [
        threading.Thread(target=loop, args=("new pod", deployment.current_key)),
        threading.Thread(target=loop, args=("running pod", lambda: running)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield reads
    finally:
        ended.set()
        for thread in threads:
            thread.join()
