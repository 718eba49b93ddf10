"""Uploads in processes of their own that are there at once: one process imports everything and forks for each.

Reads a request a line, as JSON; writes the child's pid, and then how it ended.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from provider.stores import PREFIX, Store, request_for
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.transfer.command import main as import_job

TWO_AT_ONCE = TransferSettings(concurrency=2)


def upload(endpoint: str, bucket: str, folder: str) -> int:
    """What a deployment runs."""
    upload_version(Store(endpoint, bucket, None).objects, request_for(Path(folder)), settings=TWO_AT_ONCE)
    return 0


def job(endpoint: str, bucket: str, folder: str) -> int:
    """What an import Job's container runs."""
    declared = request_for(Path(folder))
    request = Path(f"{folder}.json")
    request.write_text(
        json.dumps(
            {
                "connection": Store(endpoint, bucket, None).connection.to_inputs(),
                "bucket": bucket,
                "modelPrefix": PREFIX,
                "version": declared.version,
                "files": declared.files,
                "sources": [{"kind": "local", "path": folder}],
                "transfer": TWO_AT_ONCE.to_inputs(),
            }
        )
    )
    return import_job([str(request), "--termination-log", f"{folder}.termination"])


def serve() -> None:
    # What the SDK reads of its own files once is read before the first fork.
    assert Store("http://127.0.0.1:1", "unused", None).objects
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if not child:
            code = 1
            # What an import logs is not for who reads here.
            os.dup2(2, 1)
            try:
                code = {"upload": upload, "job": job}[wanted["what"]](*wanted["arguments"])
            finally:
                os._exit(code)
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
