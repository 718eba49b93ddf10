"""What tests share: an environment without the user's own accounts, and real servers."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_modelstore_provider.resources.declaration import pickler_kept
from servers.azurite import Azurite, azurite_server
from servers.binaries import servers_folder
from servers.ceph import CephServer, ceph_server
from servers.gcs import GcsServer, gcs_server
from servers.minio import MinioServer, minio_server
from servers.moto import MotoAws, moto_server
from servers.versitygw import VersityGateway, versity_gateway

OWN_PREFIXES = ("AWS_", "AZURE_", "MODELSTORE_", "PULUMI_")
KEPT = {"MODELSTORE_KSERVE_CRDS"}
"""Says where test data is, not whose accounts to use."""
PROXY_EXEMPT = "127.0.0.1,localhost"


def pytest_unconfigure() -> None:
    """What a refused program left unawaited is told when the interpreter ends, and nobody is to read it by then."""
    logging.getLogger("asyncio").disabled = True


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No account, cluster, configuration or cache of the user's reaches a test or a process that one starts."""
    home = tmp_path_factory.mktemp("home")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what it runs in the background so, and every process that a test interrupts would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Tests edit programs more than once a second, which byte code does not notice where the length is the same.
    sys.dont_write_bytecode = True
    servers = servers_folder()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(OWN_PREFIXES) and name not in KEPT:
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        patch.setenv("KUBECONFIG", str(home / "no-kubeconfig"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("MODELSTORE_SERVERS", str(servers))
        patch.setenv("MODELSTORE_CACHE_HOME", str(home / "cache"))
        patch.setenv("NO_PROXY", PROXY_EXEMPT)
        patch.setenv("no_proxy", PROXY_EXEMPT)
        yield


@pytest.fixture(autouse=True)
def environment_restored() -> Iterator[None]:
    """What one test, or the code under it, puts into the environment is gone for the next."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(autouse=True)
def pickler_restored() -> Iterator[None]:
    """What dynamic resources of a test's own programs have made of Python's pickler is gone for the next."""
    with pickler_kept():
        yield


@pytest.fixture(autouse=True)
def own_event_loop() -> Iterator[None]:
    """A loop for each test: Pulumi's mocks take the thread's current one, and `asyncio.run` leaves none behind."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture(scope="session")
def versitygw(own_environment: None) -> Iterator[VersityGateway]:
    """S3 with a real IAM API, one for the session: a test takes bucket and user names of its own."""
    with versity_gateway() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def minio(own_environment: None) -> Iterator[MinioServer]:
    """MinIO without TLS, one for the session: a test takes bucket and user names of its own."""
    with minio_server() as server:
        yield server


@pytest.fixture(scope="session")
def ceph(own_environment: None) -> Iterator[CephServer]:
    """Ceph's gateway, one for the session: a test takes bucket and user names of its own."""
    with ceph_server() as server:
        yield server


@pytest.fixture(scope="session")
def azurite(own_environment: None) -> Iterator[Azurite]:
    """Azure's blob service without TLS, one account for the session: a test takes container names of its own."""
    with azurite_server() as server:
        yield server


@pytest.fixture(scope="session")
def gcs(own_environment: None) -> Iterator[GcsServer]:
    """Google Cloud Storage with accounts, one for the session: a test takes bucket and account names of its own."""
    with gcs_server() as server:
        yield server


@pytest.fixture(scope="session")
def _moto(own_environment: None) -> Iterator[MotoAws]:
    with moto_server() as server:
        yield server


@pytest.fixture
def moto_aws(_moto: MotoAws) -> MotoAws:
    """An empty AWS that checks no policy."""
    _moto.reset()
    return _moto


@pytest.fixture
def sandbox_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home for the sandbox of one test; the servers that run from it end with the test."""
    from pulumi_modelstore_sandbox.aws.server import stop

    home = tmp_path / "sandbox-home"
    monkeypatch.setenv("MODELSTORE_SANDBOX_HOME", str(home))
    yield home
    stop(home)
