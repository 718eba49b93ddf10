"""The limit: plain sockets that do nothing but read, sum up and send, as many at once as the others use."""

from __future__ import annotations

import os
import queue
import socket
import ssl
import threading
import zlib
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from bench.transfers.jobs import CONNECTIONS, PART, Job

Checksum: TypeAlias = Callable[[Any], int]


def prepare(job: Job) -> Checksum:  # noqa: ARG001 - as the other clients are prepared
    """Return CRC32, the checksum that ours sends."""
    return zlib.crc32


class _Connection:
    """One connection that is kept open."""

    def __init__(self, job: Job) -> None:
        url = urlsplit(job.endpoint)
        self.host = url.netloc
        plain = socket.create_connection((url.hostname, url.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream: socket.socket = plain
        if url.scheme == "https":
            context = ssl.create_default_context(cafile=job.ca_bundle)
            self.stream = context.wrap_socket(plain, server_hostname=url.hostname)

    def put(self, path: str, body: memoryview) -> None:
        head = f"PUT {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.stream.sendall(head.encode())
        self.stream.sendall(body)
        self._answered(b"200")

    def get(self, path: str, offset: int, buffer: memoryview) -> None:
        span = f"bytes={offset}-{offset + len(buffer) - 1}"
        self.stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nRange: {span}\r\n\r\n".encode())
        begun = self._answered(b"206")
        buffer[: len(begun)] = begun
        rest = buffer[len(begun) :]
        while rest:
            count = self.stream.recv_into(rest)
            if not count:
                raise ConnectionError("the answer was cut off")
            rest = rest[count:]

    def _answered(self, status: bytes) -> bytes:
        """Read the head of an answer; returns what came of its body with it."""
        head = b""
        while b"\r\n\r\n" not in head:
            received = self.stream.recv(16384)
            if not received:
                raise ConnectionError("no answer")
            head += received
        if head.split(b" ", 2)[1] != status:
            raise ConnectionError(head.decode("latin-1"))
        return head.partition(b"\r\n\r\n")[2]


def _in_threads(job: Job, work: Callable[[_Connection, memoryview, str, int, int], None]) -> None:
    """Call `work` for each range of each file, in as many threads as there are connections."""
    ranges: queue.SimpleQueue[tuple[str, int, int]] = queue.SimpleQueue()
    for path, _ in job.chosen:
        for offset in range(0, job.size, PART):
            ranges.put((path, offset, min(PART, job.size - offset)))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            connection, buffer = _Connection(job), memoryview(bytearray(min(PART, job.size)))
            while not failures:
                path, offset, size = ranges.get_nowait()
                work(connection, buffer[:size], path, offset, size)
        except queue.Empty:
            return
        except BaseException as failure:  # noqa: BLE001 - told below, by the thread that waits
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _url(job: Job, path: str, suffix: str = "") -> str:
    return quote(f"/{job.bucket}/{job.key(path)}{suffix}")


def upload(summed: Checksum, job: Job) -> None:
    """Send each range of each file as an object of its own."""
    opened = {path: os.open(place, os.O_RDONLY) for path, place in job.chosen} if job.size > PART else {}

    def send(connection: _Connection, buffer: memoryview, path: str, offset: int, size: int) -> None:
        if opened:
            count = os.preadv(opened[path], [buffer], offset)
        else:
            descriptor = os.open(f"{job.folder}/{path}", os.O_RDONLY)
            count = os.preadv(descriptor, [buffer], offset)
            os.close(descriptor)
        if count != size:
            raise OSError("the file is shorter than it was")
        summed(buffer)
        connection.put(_url(job, path, f".{offset}" if job.size > PART else ""), buffer)

    _in_threads(job, send)


def download(summed: Checksum, job: Job) -> None:
    """Fetch each range of each file and write it into its place."""
    opened: dict[str, int] = {}
    job.make_folders()
    if job.size > PART:
        opened = {path: os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path, place in job.chosen}

    def fetch(connection: _Connection, buffer: memoryview, path: str, offset: int, _: int) -> None:
        connection.get(_url(job, path), offset, buffer)
        summed(buffer)
        if opened:
            os.pwritev(opened[path], [buffer], offset)
        else:
            descriptor = os.open(f"{job.folder}/{path}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.pwritev(descriptor, [buffer], offset)
            os.close(descriptor)

    _in_threads(job, fetch)
