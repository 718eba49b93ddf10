"""The servers that transfers are measured on, each with an empty bucket for each run."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from bench.transfers.jobs import Job
from bench.transfers.servers_of_tests import Skipped, VersityGateway, versity_gateway
from bench.transfers.sink import Sink, null_sink


class Store(Protocol):
    """A server."""

    @property
    def name(self) -> str:
        """How results name it."""
        ...

    def place(self, job: Job) -> Job:
        """Return the job with the server's address, its key and the bucket in use."""
        ...

    def received(self) -> int | None:
        """Bytes of objects that came since `empty`; None where the server does not count."""
        ...

    def empty(self) -> None:
        """Throw away all that is there."""
        ...


@dataclass(frozen=True)
class SinkStore:
    """The null sink."""

    name: str
    sink: Sink

    def place(self, job: Job) -> Job:
        """Point the job to it."""
        ca_bundle = self.sink.ca_bundle
        return replace(job, endpoint=self.sink.endpoint, ca_bundle=str(ca_bundle) if ca_bundle else None)

    def received(self) -> int | None:
        """Ask its counter."""
        return self.sink.counts().received

    def empty(self) -> None:
        """Have it forget."""
        self.sink.forget()


@dataclass
class GatewayStore:
    """versitygw on a folder; a bucket's files are deleted under it, which is faster than by requests."""

    gateway: VersityGateway
    name: str = "versitygw, HTTP"
    bucket: str = field(default="")

    def place(self, job: Job) -> Job:
        """Point the job to it."""
        key = self.gateway.access_key_id
        secret = self.gateway.secret_access_key
        return replace(
            job, endpoint=self.gateway.endpoint, access_key_id=key, secret_access_key=secret, bucket=self.bucket
        )

    def received(self) -> int | None:
        """Return None: it counts nothing."""
        return None

    def empty(self) -> None:
        """Take a new bucket."""
        if self.bucket:
            shutil.rmtree(self.gateway.folder / "data" / self.bucket)
        self.bucket = f"bench-{secrets.token_hex(4)}"
        self.gateway.client().create_bucket(Bucket=self.bucket)


@contextmanager
def sink_store(scratch: Path, *, tls: bool) -> Iterator[Store]:
    """Run a null sink. Raises NoGo where it cannot be built."""
    folder = scratch / f"sink-{'tls' if tls else 'http'}"
    folder.mkdir(exist_ok=True)
    with null_sink(folder, tls=tls) as sink:
        yield SinkStore(f"null sink, {'TLS' if tls else 'HTTP'}", sink)


@contextmanager
def gateway_store() -> Iterator[Store]:
    """Run versitygw. Raises LookupError where it is not built."""
    try:
        with versity_gateway() as gateway:
            yield GatewayStore(gateway)
    except Skipped as reason:
        raise LookupError(str(reason)) from None
