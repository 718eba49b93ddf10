"""This package: what a deployment calls, with all that it checks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.transfers.jobs import Job

if TYPE_CHECKING:
    from pulumi_modelstore_provider.stores.protocol import ObjectStore


def prepare(job: Job) -> ObjectStore:
    """Return the bucket."""
    from pulumi_modelstore_provider.artifacts import upload  # noqa: F401 - imported before the clock runs
    from pulumi_modelstore_provider.s3.connection import S3Connection
    from pulumi_modelstore_provider.stores.opening import open_bucket

    if job.direction == "download":
        import pulumi_modelstore_provider.artifacts.pull  # noqa: F401

    connection = S3Connection(endpoint=job.endpoint, ca_bundle=job.ca_bundle, credentials="env:BENCH")
    return open_bucket(connection, job.bucket)


def upload(objects: ObjectStore, job: Job) -> None:
    """Upload a version: digest, compare with what was declared, send, verify each file, commit."""
    from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version

    model_prefix = job.prefix.removesuffix(f"{job.version}/")
    upload_version(objects, UploadRequest(model_prefix, job.version, job.files, job.folder))


def download(objects: ObjectStore, job: Job) -> None:
    """Fetch a version by its manifest; each file's digest is compared with the manifest's."""
    from pulumi_modelstore_provider.artifacts.commits import read_manifest
    from pulumi_modelstore_provider.artifacts.layout import manifest_key
    from pulumi_modelstore_provider.artifacts.pull import pull

    manifest = read_manifest(objects, manifest_key(job.prefix.removesuffix(f"{job.version}/"), job.version))
    if manifest is None:
        raise RuntimeError("the version is not in the store")
    pull(objects, manifest.content, job.prefix, Path(job.folder))
