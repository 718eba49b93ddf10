"""Clients that are commands: s5cmd, aws and rclone, on whole folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.transfers.jobs import CONNECTIONS, PART, Job

PART_MIB = PART >> 20
VERSION = {"s5cmd": ["version"], "aws": ["--version"], "rclone": ["version"]}


@dataclass(frozen=True)
class Command:
    """A program, the environment that it gets, and the wall seconds that it takes to do nothing."""

    program: str
    environment: dict[str, str]
    start_seconds: float


def _find(name: str) -> str:
    servers = Path(os.environ.get("MODELSTORE_SERVERS") or Path.home() / ".cache/pulumi-modelstore/servers")
    for candidate in (Path(sys.executable).with_name(name), servers.expanduser() / name / "usr/bin" / name):
        if candidate.is_file():
            return str(candidate)
    found = shutil.which(name)
    if found is None:
        raise LookupError(f"the command {name} is not installed")
    return found


def prepare(job: Job) -> Command:
    """Return the command. Raises LookupError where it is not installed."""
    program = _find(job.variant)
    environment = {**os.environ, **_settings(job)}
    started = time.perf_counter()
    subprocess.run([program, *VERSION[job.variant]], env=environment, capture_output=True, check=True)
    return Command(program, environment, time.perf_counter() - started)


def _settings(job: Job) -> dict[str, str]:
    settings = {
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_STORE_TYPE": "s3",
        "RCLONE_CONFIG_STORE_PROVIDER": "Other",
        "RCLONE_CONFIG_STORE_ENV_AUTH": "true",
        "RCLONE_CONFIG_STORE_ENDPOINT": job.endpoint,
        "RCLONE_S3_CHUNK_SIZE": f"{PART_MIB}Mi",
        "RCLONE_S3_UPLOAD_CONCURRENCY": str(CONNECTIONS),
        "RCLONE_TRANSFERS": str(CONNECTIONS),
        "RCLONE_MULTI_THREAD_STREAMS": str(CONNECTIONS),
    }
    if job.ca_bundle and job.variant == "rclone":
        settings["RCLONE_CA_CERT"] = job.ca_bundle
    elif job.ca_bundle:
        settings["AWS_CA_BUNDLE"] = job.ca_bundle
    return settings


def upload(command: Command, job: Job) -> None:
    """Send the folder."""
    _run(command, job, f"{job.folder}/", _remote(job))


def download(command: Command, job: Job) -> None:
    """Fetch the prefix into the folder."""
    _run(command, job, _remote(job), f"{job.folder}/")


def _remote(job: Job) -> str:
    scheme = "store:" if job.variant == "rclone" else "s3://"
    return f"{scheme}{job.bucket}/{job.prefix}"


def _run(command: Command, job: Job, source: str, target: str) -> None:
    if job.variant == "s5cmd":
        # Its folders end in a wildcard, and so many files go at once that each needs few connections.
        wildcard = f"{source}*"
        arguments = ["--log", "error", "--endpoint-url", job.endpoint, "cp"]
        arguments += ["--concurrency", str(CONNECTIONS), "--part-size", str(PART_MIB), wildcard, target]
    elif job.variant == "aws":
        arguments = ["s3", "cp", "--recursive", "--only-show-errors", "--endpoint-url", job.endpoint, source, target]
    else:
        arguments = ["copy", "--quiet", source, target]
    done = subprocess.run(
        [command.program, *arguments], env=command.environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{job.variant} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
