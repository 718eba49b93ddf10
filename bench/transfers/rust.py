"""obstore: a client in Rust, by its synchronous interface."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.transfers.jobs import CONNECTIONS, PART, Job


def prepare(job: Job) -> Any:
    """Return the bucket."""
    from obstore.store import S3Store

    options: dict[str, Any] = {"allow_http": True, "timeout": "600s"}
    if job.ca_bundle:
        options["root_certificate"] = Path(job.ca_bundle).read_bytes()
    return S3Store(
        job.bucket,
        endpoint=job.endpoint,
        access_key_id=job.access_key_id,
        secret_access_key=job.secret_access_key,
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options=options,
    )


def upload(store: Any, job: Job) -> None:
    """Send large files one after the other in parts, small ones several at once."""
    import obstore

    def send(path: str) -> None:
        obstore.put(
            store,
            job.key(path),
            Path(job.folder, path),
            use_multipart=job.size > PART,
            chunk_size=PART,
            max_concurrency=CONNECTIONS,
        )

    _in_threads(CONNECTIONS if job.size <= PART else 1, send, (path for path, _ in job.chosen))


def download(store: Any, job: Job) -> None:
    """Fetch ranges and write each into its place."""
    import obstore

    job.make_folders()
    for path, place in job.chosen if job.size > PART else ():
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

        def fetch(offset: int, path: str = path, descriptor: int = descriptor) -> None:
            length = min(PART, job.size - offset)
            os.pwrite(descriptor, obstore.get_range(store, job.key(path), start=offset, length=length), offset)

        _in_threads(CONNECTIONS, fetch, range(0, job.size, PART))
        os.close(descriptor)

    def fetch_whole(path: str) -> None:
        Path(job.folder, path).write_bytes(obstore.get(store, job.key(path)).bytes())

    if job.size <= PART:
        _in_threads(CONNECTIONS, fetch_whole, (path for path, _ in job.chosen))


def _in_threads(count: int, work: Any, items: Iterable[Any]) -> None:
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, items))
