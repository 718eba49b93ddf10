"""Google Cloud Storage on loopback: fake-gcs-server keeps the objects, and a front before it checks who asks.

The emulator computes and compares CRC32C and MD5, knows generations and the conditions of uploads, and composes
objects. It knows no accounts and no conditions of other requests: those are the front's (`gcs_front`).
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servers.binaries import answers, binary, free_port, running
from servers.gcs_front import Front
from servers.gcs_iam import Iam

PROJECT = "tests-project"
DEPLOYER = "deployer"


@dataclass(frozen=True)
class GcsServer:
    """A running store. `deployer` is the JSON key of an account that may do everything."""

    endpoint: str
    iam: Iam
    front: Front = field(repr=False)
    deployer: str = field(repr=False)
    project: str = PROJECT

    def environment(self) -> dict[str, str]:
        """The deployer's key as `env:GCS` refers to it, and nothing that would look for an account elsewhere."""
        return {
            "GCS_ACCESS_KEY_ID": json.loads(self.deployer)["client_email"],
            "GCS_SECRET_ACCESS_KEY": self.deployer,
            "NO_GCE_CHECK": "true",
        }

    def client(self, key: str | None = None) -> Any:
        """The SDK's own client with the deployer's JSON key, or another one."""
        from google.cloud import storage
        from google.oauth2 import service_account

        known = service_account.Credentials.from_service_account_info(json.loads(key or self.deployer))
        scoped = known.with_scopes(storage.Client.SCOPE)
        return storage.Client(self.project, scoped, client_options={"api_endpoint": self.endpoint})


@contextmanager
def gcs_server() -> Iterator[GcsServer]:
    """Run the emulator and its front on free loopback ports; what is stored goes with them."""
    program = str(binary("fake-gcs-server"))
    with tempfile.TemporaryDirectory(prefix="gcs-") as folder:
        port = free_port()
        front = Front(upstream=port, iam=Iam(PROJECT))
        command = [program, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
        command += ["-public-host", front.host, "-external-url", front.url]
        environment = {"PATH": os.environ["PATH"], "HOME": folder}
        with running(command, environment=environment, log=Path(folder) / "log", ready=lambda: answers(port)):
            thread = threading.Thread(target=front.serve_forever, daemon=True)
            thread.start()
            try:
                account = front.iam.make_account(DEPLOYER)
                front.iam.administrators.add(account)
                yield GcsServer(front.url, front.iam, front, front.iam.make_json_key(account, front.url))
            finally:
                front.shutdown()
                front.server_close()
                thread.join(timeout=10)
