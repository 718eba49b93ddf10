"""The command of an import Job: brings a version into the store, as often as it is started, and says how that ended."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pulumi_modelstore_provider import progress
from pulumi_modelstore_provider.artifacts.sizes import human_size
from pulumi_modelstore_provider.artifacts.upload import UploadOutcome, UploadRequest, upload_version
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    InvalidSource,
    ModelstoreError,
    SourceChanged,
    SourceUnavailable,
    StoreRefused,
    VersionConflict,
    WriteConflict,
    without_secrets,
)
from pulumi_modelstore_provider.stores.opening import open_bucket
from pulumi_modelstore_provider.transfer.request import InvalidRequest, TransferRequest, read_request
from pulumi_modelstore_provider.transfer.termination import (
    TERMINATION_LOG,
    termination_message,
    write_termination_message,
)

DONE = 0
FAILED = 1
"""Another attempt with the same request and credentials would fail in the same way."""
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: no answer, a busy store, a stop from outside; what was sent is kept."""

_log = logging.getLogger("pulumi_modelstore")
_PERMANENT = (InvalidRequest, VersionConflict, SourceChanged, CredentialsUnavailable)


class _Terminated(BaseException):
    """The process is asked to end; no `except Exception` on the way may take it for a failure."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 failed for good, 75 to be tried again."""
    parser = argparse.ArgumentParser(prog="python -m pulumi_modelstore_provider.transfer", description=__doc__)
    parser.add_argument("request", type=Path, help="file with the request, as the stack has written it")
    parser.add_argument(
        "--termination-log", type=Path, default=TERMINATION_LOG, help="file for the last word (default: %(default)s)"
    )
    given = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(asctime)s %(message)s", force=True)
    _log.setLevel(logging.INFO)
    progress.set_engine(None)
    signal.signal(signal.SIGTERM, _terminate)
    code, text = _run(given.request)
    write_termination_message(given.termination_log, text)
    return code


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Terminated


def _run(path: Path) -> tuple[int, str]:
    try:
        request = read_request(path)
        _log.info("bringing version %s to %s in %s", request.version, request.model_prefix, request.bucket)
        outcome = _upload(request)
    except _Terminated:
        message = "Stopped from outside. What was sent is kept: the next run continues there"
        _log.warning("%s", message)
        return TRY_AGAIN, termination_message("interrupted", message)
    except ModelstoreError as error:
        code = FAILED if _is_permanent(error) else TRY_AGAIN
        _log.error("%s", error)
        return code, termination_message("failed", str(error), retry=code == TRY_AGAIN)
    except Exception as error:  # noqa: BLE001 - whatever it is, the last word is written
        message = without_secrets(f"{type(error).__name__}: {error}")
        _log.error("Not expected: %s", message)
        return TRY_AGAIN, termination_message("failed", message, retry=True)
    return DONE, _told(request, outcome)


def _upload(request: TransferRequest) -> UploadOutcome:
    try:
        objects = open_bucket(request.connection, request.bucket)
        what = UploadRequest(request.model_prefix, request.version, request.files, request.sources)
        return upload_version(objects, what, settings=request.transfer)
    except ModelstoreError as error:
        error.of_namespace(request.namespace)
        raise


def _told(request: TransferRequest, outcome: UploadOutcome) -> str:
    content = outcome.manifest.content
    if outcome.receipts:
        methods = ", ".join(f"{method} ({count} files)" for method, count in sorted(outcome.methods.items()))
        kept = f", {human_size(outcome.kept)} were there from an earlier run" if outcome.kept else ""
        kept += f", {human_size(outcome.copied)} were copied within the store" if outcome.copied else ""
        message = f"sent {human_size(outcome.sent)} of {human_size(content.total_bytes)}{kept}; verified by {methods}"
    else:
        message = f"version {request.version} ({human_size(content.total_bytes)}) is in the store already"
    _log.info("done: %s", message)
    return termination_message(
        "done",
        message,
        version=request.version,
        digest=content.tree_digest,
        files=len(content.files),
        bytes=content.total_bytes,
        sent=outcome.sent,
        kept=outcome.kept,
    )


def _is_permanent(error: ModelstoreError) -> bool:
    if isinstance(error, StoreRefused):
        return not isinstance(error, WriteConflict) and 400 <= error.status < 500 and error.status not in (408, 429)
    return isinstance(error, _PERMANENT) or (
        isinstance(error, InvalidSource) and not isinstance(error, SourceUnavailable)
    )
