"""boto3's own transfers: as they are by default, and set to the parts and connections of the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.transfers.jobs import CONNECTIONS, PART, Job


def prepare(job: Job) -> tuple[Any, Any]:
    """Return a client and the transfer settings; None for the default ones."""
    import boto3
    from boto3.s3.transfer import TransferConfig

    client = boto3.client("s3", endpoint_url=job.endpoint, verify=job.ca_bundle, region_name="us-east-1")
    if job.variant == "default":
        return client, None
    return client, TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=CONNECTIONS)


def upload(prepared: tuple[Any, Any], job: Job) -> None:
    """Send file after file; tuned, as many small ones at once as there are connections."""
    client, settings = prepared

    def send(path: str) -> None:
        client.upload_file(f"{job.folder}/{path}", job.bucket, job.key(path), Config=settings)

    _each(job, send)


def download(prepared: tuple[Any, Any], job: Job) -> None:
    """Fetch file after file, in the same way."""
    client, settings = prepared

    def fetch(path: str) -> None:
        client.download_file(job.bucket, job.key(path), f"{job.folder}/{path}", Config=settings)

    job.make_folders()
    _each(job, fetch)


def _each(job: Job, work: Any) -> None:
    threads = CONNECTIONS if job.variant != "default" and job.size <= PART else 1
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, (path for path, _ in job.chosen)))
