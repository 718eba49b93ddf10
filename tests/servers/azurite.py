"""Azurite on loopback: Azure's blob service as an emulator, with one storage account of its own, over TLS where asked.

It checks signatures, stored access policies, leases, block lists and the MD5 that goes with a body. It does not check
clocks, knows no firewall and no throttling, and a policy's end takes effect at once.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servers.binaries import answers, free_port, running, servers_folder
from servers.certificates import signed

ACCOUNT = "modelstoretests"
HOST = f"{ACCOUNT}.blob.core.windows.net"
"""The real service's name of the account: what KServe insists on. The TLS certificate is good for it, too."""


@dataclass(frozen=True)
class Azurite:
    """A running Azurite. `endpoint` has the account as its path; `ca_bundle` is what signed its certificate."""

    endpoint: str
    port: int
    account: str = ACCOUNT
    account_key: str = field(default="", repr=False)
    ca_bundle: Path | None = None

    def service(self, *, credential: Any = None) -> Any:
        """The SDK's client of the account, with a SAS token in the account key's place where one is given."""
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(
            self.endpoint,
            credential=credential or self.account_key,
            connection_verify=str(self.ca_bundle) if self.ca_bundle else True,
            retry_total=0,
        )

    def container(self, name: str, *, sas: str | None = None) -> Any:
        """The SDK's client of one container."""
        return self.service(credential=sas).get_container_client(name)

    def environment(self, prefix: str = "STORE") -> dict[str, str]:
        """Variables that the reference `env:<prefix>` reads."""
        return {f"{prefix}_ACCESS_KEY_ID": self.account, f"{prefix}_SECRET_ACCESS_KEY": self.account_key}


@contextmanager
def azurite_server(*, tls: bool = False, oauth: bool = False) -> Iterator[Azurite]:
    """Run Azurite until the block ends; `oauth` has it take bearer tokens, whose signature it does not check.

    Nothing is kept: data is in its memory. Skips where it is not installed.
    """
    node, program = _installed()
    account_key = base64.b64encode(secrets.token_bytes(64)).decode()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="azurite-") as made:
        folder = Path(made)
        command = [node, str(program), "--inMemoryPersistence", "--silent", "--disableTelemetry"]
        # The SDK may speak a newer version of the protocol than Azurite lists; the calls used here are old ones.
        command += ["--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", str(port)]
        ca_bundle = None
        if tls:
            certificate = signed(folder, HOST)
            ca_bundle = certificate.ca_bundle
            command += ["--cert", str(certificate.certificate), "--key", str(certificate.key)]
        if oauth:
            command += ["--oauth", "basic"]
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": made,
            "AZURITE_ACCOUNTS": f"{ACCOUNT}:{account_key}",
            "AZURITE_TELEMETRY_DISABLED": "true",
        }
        with running(command, environment=environment, log=folder / "azurite.log", ready=lambda: answers(port)):
            endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{port}/{ACCOUNT}"
            yield Azurite(endpoint, port, account_key=account_key, ca_bundle=ca_bundle)


def bearer_token() -> tuple[str, int]:
    """A login's token, good for ten minutes, and when it ends. Azurite checks all of it but the signature."""
    now = int(time.time())
    claims = {
        "aud": "https://storage.azure.com",
        "iss": "https://sts.windows.net/00000000-0000-4000-8000-000000000000/",
        "nbf": now - 60,
        "iat": now - 60,
        "exp": now + 600,
        "ver": "1.0",
        "oid": "00000000-0000-4000-8000-000000000001",
        "tid": "00000000-0000-4000-8000-000000000000",
    }
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({"alg": "RS256"}, claims, {})]
    return b".".join(part.rstrip(b"=") for part in parts).decode(), now + 600


def _installed() -> tuple[str, Path]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js, which runs Azurite, is not installed")
    program = servers_folder() / "azurite/node_modules/azurite/dist/src/blob/main.js"
    if not program.is_file():
        pytest.skip(f"Azurite is not in {servers_folder()}; `.ci/azurite` installs it where npm is")
    return node, program
