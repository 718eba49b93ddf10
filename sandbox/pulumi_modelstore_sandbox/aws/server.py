"""The sandbox's AWS as a process of its own that stays up between commands.

It is found again through server.json and asked for its start token before it is believed: a process id may have been
given to another program since, and a port to another server.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pulumi_modelstore_sandbox.aws.endpoint import DEFAULT_REGION, AwsEndpoint, apply, environment
from pulumi_modelstore_sandbox.aws.server_record import ServerRecord, read_record

__all__ = ["AwsEndpoint", "AwsServerError", "apply", "ensure_running", "environment", "is_running", "stop"]

ENDPOINT_VARIABLE: Final = "MODELSTORE_SANDBOX_AWS_ENDPOINT"
LOG_NAME: Final = "server.log"
LOG_LIMIT_BYTES: Final = 4 * 1024 * 1024
# moto takes one to two seconds to import; a loaded machine, many times that.
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 5.0
_IDENTITY_PATH: Final = "/_modelstore/identity"

# Kept so that a child that ends before its parent is reaped, and its handle not warned about.
_children: list[subprocess.Popen[bytes]] = []


class AwsServerError(Exception):
    """The sandbox's AWS cannot be started, reached or stopped; the message says why and what to do."""


def ensure_running(home: Path) -> AwsEndpoint:
    """Return the sandbox's AWS, started first where it is not up.

    With MODELSTORE_SANDBOX_AWS_ENDPOINT set nothing is started: that endpoint is returned, with the keys of
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Raises AwsServerError.
    """
    if os.environ.get(ENDPOINT_VARIABLE):
        return _given_endpoint(os.environ)
    folder = _folder(home)
    with _one_at_a_time(folder):
        record = read_record(folder)
        if record is None or not _answers(record):
            record = _start(folder)
    return AwsEndpoint(
        url=record.url,
        access_key_id=record.access_key_id,
        secret_access_key=record.secret_access_key,
        region=record.region,
        notice=record.notice,
    )


def is_running(home: Path) -> bool:
    """Tell whether the sandbox's AWS of `home` is up; nothing is started."""
    record = read_record(home / "aws")
    return record is not None and _answers(record)


def stop(home: Path) -> bool:
    """Stop the sandbox's AWS; what is in it stays on disk. False where it was not up. Raises AwsServerError."""
    folder = home / "aws"
    if not folder.is_dir():
        return False
    with _one_at_a_time(folder):
        record = read_record(folder)
        if record is None or not _answers(record):
            return False
        os.kill(record.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _alive(record.pid):
            if time.monotonic() > deadline:
                raise AwsServerError(
                    f"the sandbox's AWS (process {record.pid}) has not ended within {STOP_SECONDS:.0f} s; "
                    f"its log is {folder / LOG_NAME}"
                )
            time.sleep(0.02)
    return True


def _given_endpoint(environ: Mapping[str, str]) -> AwsEndpoint:
    url = environ[ENDPOINT_VARIABLE].rstrip("/")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise AwsServerError(f"{ENDPOINT_VARIABLE} is {url!r}: it must be a URL such as https://s3.example.com:9000")
    missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not environ.get(name)]
    if missing:
        raise AwsServerError(f"{ENDPOINT_VARIABLE} is set and {' and '.join(missing)} is not: set the keys to {url}")
    return AwsEndpoint(
        url=url,
        access_key_id=environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
        iam_url=environ.get("AWS_ENDPOINT_URL_IAM") or None,
    )


def _folder(home: Path) -> Path:
    folder = home.resolve() / "aws"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep two commands from starting two servers; the lock goes with the process that holds it."""
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(folder: Path) -> ServerRecord:
    log = folder / LOG_NAME
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".previous.log"))
    token = secrets.token_hex(16)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "pulumi_modelstore_sandbox.aws.stand_in", str(folder)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_child_environment(os.environ),
            # A session of its own: a Ctrl-C meant for the command, or its terminal's end, does not reach it.
            start_new_session=True,
        )
    _children.append(child)
    assert child.stdin is not None  # noqa: S101 - it was asked for above
    with suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(f"{token}\n".encode())
    return _await_start(folder, child, token)


def _await_start(folder: Path, child: subprocess.Popen[bytes], token: str) -> ServerRecord:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        record = read_record(folder)
        if record is not None and record.token == token and _answers(record):
            return record
        if child.poll() is not None:
            raise AwsServerError(
                f"the sandbox's AWS ended while starting (code {child.returncode}): {_last_line(folder / LOG_NAME)}. "
                f"The whole log is {folder / LOG_NAME}. Is the sandbox installed whole "
                f"(`pip install 'pulumi-modelstore[sandbox]'`)?"
            )
        time.sleep(0.02)
    child.terminate()
    raise AwsServerError(f"the sandbox's AWS did not answer within {START_SECONDS:.0f} s; log: {folder / LOG_NAME}")


def _child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave the user's own account and moto settings out of the child, and have glibc return freed memory."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("AWS_", "MOTO_", "S3_"))}
    # Without these an upload's parts, long freed, stay in the arenas of the threads that received them.
    return {**kept, "MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(1024 * 1024)}


def _answers(record: ServerRecord) -> bool:
    """Ask whoever listens there for the start token. http.client knows no proxies."""
    connection = http.client.HTTPConnection(urlsplit(record.url).netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", _IDENTITY_PATH)
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and answer.get("token") == record.token


def _alive(pid: int) -> bool:
    for child in _children:
        if child.pid == pid:
            return child.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
