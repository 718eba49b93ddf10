"""MinIO on loopback: an object store with users, policies and access keys of its own, over TLS where asked for.

It is built from the last commit of its community edition, and calls itself DEVELOPMENT.GOGET: no release is cut there.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import shutil
import ssl
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servers.binaries import binary, free_port, running

_DAYS = datetime.timedelta(days=1)


@dataclass(frozen=True)
class MinioServer:
    """A running MinIO and its root user, who may do everything. `ca_bundle` is what signed its certificate."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_bundle: Path | None = None

    def client(self, *, key: tuple[str, str] | None = None) -> Any:
        """A boto3 S3 client, with another key pair where one is given."""
        import boto3
        from botocore.config import Config

        access_key_id, secret_access_key = key or (self.access_key_id, self.secret_access_key)
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            verify=str(self.ca_bundle) if self.ca_bundle else None,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )

    def admin(self, *, key: tuple[str, str] | None = None) -> Any:
        """The SDK's own client of the administration API."""
        import urllib3
        from minio import MinioAdmin
        from minio.credentials import StaticProvider

        host = self.endpoint.partition("://")[2]
        trust = {"ca_certs": str(self.ca_bundle)} if self.ca_bundle else {}
        return MinioAdmin(
            endpoint=host,
            credentials=StaticProvider(*(key or (self.access_key_id, self.secret_access_key))),
            secure=self.endpoint.startswith("https"),
            http_client=urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=30), retries=False, **trust),
        )

    def users(self) -> set[str]:
        """Names of all users; the root user is not among them."""
        return set(json.loads(self.admin().user_list()))

    def policies(self) -> set[str]:
        """Names of all policies, built-in ones among them."""
        return set(json.loads(self.admin().policy_list()))

    def keys(self, user: str) -> set[str]:
        """Ids of a user's access keys."""
        accounts = json.loads(self.admin().list_service_account(user))["accounts"] or []
        return {account["accessKey"] for account in accounts}


@contextmanager
def minio_server(*, tls: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[MinioServer]:
    """Run MinIO on a free loopback port, data in a folder that goes with it.

    Args:
        tls: whether it is reached by https, with a certificate that a CA made for this run has signed.
        settings: further environment variables of the server.
    """
    program = str(binary("minio"))
    folder = Path(tempfile.mkdtemp(prefix="minio-"))
    port = free_port()
    certificates = folder / "certificates"
    certificates.mkdir()
    server = MinioServer(
        endpoint=f"{'https' if tls else 'http'}://127.0.0.1:{port}",
        access_key_id="root-of-the-tests",
        secret_access_key="root-secret-for-tests",
        ca_bundle=_certificates(certificates) if tls else None,
    )
    command = [program, "server", "--quiet", "--address", f"127.0.0.1:{port}", "--certs-dir", str(certificates)]
    command.append(str(folder / "data"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MINIO_ROOT_USER": server.access_key_id,
        "MINIO_ROOT_PASSWORD": server.secret_access_key,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "NO_PROXY": "127.0.0.1",
        **(settings or {}),
    }
    try:
        with running(command, environment=environment, log=folder / "log", ready=lambda: _is_ready(server)):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(server: MinioServer) -> bool:
    trust = ssl.create_default_context(cafile=str(server.ca_bundle)) if server.ca_bundle else None
    try:
        with urllib.request.urlopen(f"{server.endpoint}/minio/health/ready", timeout=5, context=trust) as answer:
            return answer.headers.get("X-Minio-Server-Status") != "offline"
    except (OSError, ssl.SSLError):
        return False


def _certificates(folder: Path) -> Path:
    """Make a CA and the server's certificate for 127.0.0.1 and localhost; return the CA's PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(datetime.UTC)

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def begun(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("CA of the tests"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAYS)
            .not_valid_after(now + _DAYS)
        )

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    ca = (
        begun("CA of the tests", ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(ca_identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    certificate = (
        begun("minio of the tests", key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "public.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "private.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    authority = folder / "authority.pem"
    authority.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    return authority
