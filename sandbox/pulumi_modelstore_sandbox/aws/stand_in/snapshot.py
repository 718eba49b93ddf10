"""What the stand-in holds, on disk: every change is saved before its caller hears of it, so a kill loses nothing.

The file holds moto's backends pickled, and names the files that the bodies are in. It is replaced
as a whole. Once a save takes long (thousands of objects), saves gather in the background instead.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.models import iam_backends
from moto.s3.models import FakeKey, s3_backends
from moto.sts.models import sts_backends

from pulumi_modelstore_sandbox.aws.stand_in.bodies import BodyFile, BodyStore

SLOW_SAVE_SECONDS: Final = 0.05

_BACKENDS: Final[dict[str, BackendDict[Any]]] = {"s3": s3_backends, "iam": iam_backends, "sts": sts_backends}
_ON_DEMAND: Final = ("dynamodb", "sqs")
"""Services that moto imports at their first request, which takes longer than all else at the start."""


def _backends_of(service: str) -> BackendDict[Any]:
    if service in _BACKENDS:
        return _BACKENDS[service]
    found: BackendDict[Any] = getattr(import_module(f"moto.{service}.models"), f"{service}_backends")
    return found


def _in_use() -> Iterator[tuple[str, BackendDict[Any]]]:
    yield from _BACKENDS.items()
    for service in _ON_DEMAND:
        if f"moto.{service}.models" in sys.modules:
            yield service, _backends_of(service)


class UnreadableSnapshotError(Exception):
    """The file is there and cannot be read: damaged, or written by a moto whose classes have changed since."""


def _restored_key(state: dict[str, Any]) -> FakeKey:
    key: FakeKey = object.__new__(FakeKey)
    key.__dict__.update(state)
    key.lock = threading.Lock()
    return key


class _Pickler(pickle.Pickler):
    """Writes keys and queues without their locks, a body as its file's name, and a reference to a backend as one."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.bodies: set[str] = set()

    def persistent_id(self, obj: object) -> tuple[str, ...] | None:
        if isinstance(obj, BodyFile):
            self.bodies.add(obj.name)
            return "body", obj.name
        if isinstance(obj, BaseBackend):
            service = type(obj).__module__.split(".")[1]
            return "backend", service, obj.account_id, obj.region_name
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, FakeKey):
            return _restored_key, ({name: value for name, value in obj.__dict__.items() if name != "lock"},)
        if isinstance(obj, threading.Condition):
            # A queue's: nobody waits on it in another process.
            return threading.Condition, ()
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, bodies: BodyStore) -> None:
        super().__init__(file)
        self._bodies = bodies

    def persistent_load(self, pid: Any) -> BodyFile | BaseBackend:
        match pid:
            case "body", name:
                return self._bodies.existing(name)
            case "backend", service, account, region:
                backend: BaseBackend = _backends_of(service)[account][region]
                return backend
        raise pickle.UnpicklingError(f"unknown reference {pid!r}")


class Snapshot:
    """The file, and the thread that saves to it once saving has become slow."""

    def __init__(self, path: Path, bodies: BodyStore, lock: threading.RLock) -> None:
        """`lock` is held by whoever changes the backends; a save takes it."""
        self._path = path
        self._bodies = bodies
        self._lock = lock
        self._cost = 0.0
        self._dirty = threading.Event()
        threading.Thread(target=self._save_in_background, name="snapshot", daemon=True).start()

    def load(self) -> bool:
        """Fill the backends from the file; False when there is none. Raises UnreadableSnapshotError."""
        if not self._path.exists():
            return False
        try:
            saved = _Unpickler(io.BytesIO(self._path.read_bytes()), self._bodies).load()
            s3_backends.bucket_accounts.update(saved["bucket_accounts"])
            for service, account, region, state in saved["backends"]:
                _backends_of(service)[account][region].__dict__.update(state)
        except Exception as error:
            # Whatever a damaged or foreign pickle raises, it means the same thing.
            raise UnreadableSnapshotError(f"{type(error).__name__}: {error}") from error
        return True

    def changed(self) -> None:
        """Save now, or soon where saving has become slow. Call it with the lock held, after every change."""
        if self._cost < SLOW_SAVE_SECONDS:
            self.save()
        else:
            self._dirty.set()

    def save(self) -> None:
        """Write the backends to the file and drop the bodies that are no longer theirs."""
        with self._lock:
            started = time.monotonic()
            self._dirty.clear()
            buffer = io.BytesIO()
            pickler = _Pickler(buffer)
            pickler.dump(
                {
                    "bucket_accounts": dict(s3_backends.bucket_accounts),
                    "backends": [
                        (service, account, region, dict(backend.__dict__))
                        for service, backends in _in_use()
                        for account, region, backend in list(backends.iter_backends())
                    ],
                }
            )
            _replace(self._path, buffer.getvalue())
            self._bodies.keep(pickler.bodies)
            self._cost = time.monotonic() - started

    def _save_in_background(self) -> None:
        while True:
            self._dirty.wait()
            # Ten times the cost of a save: saving never takes more than a tenth of the time.
            time.sleep(10 * self._cost)
            self.save()


def _replace(path: Path, content: bytes) -> None:
    scratch = path.with_suffix(".new")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
