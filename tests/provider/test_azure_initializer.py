"""What KServe's storage initializer makes of Azure's URIs, beside what the one stack's tests show."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from backends.rigs.azure_blob import AzureRig
from pod.pod_start import Pod, tree
from servers.azurite import HOST, azurite_server

pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")

FILES = {"v1/config.json": b"{}", "v1/weights/a.bin": b"weights", "v10/config.json": b"of another version"}


@pytest.fixture(scope="module")
def rig(own_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureRig]:
    with azurite_server(tls=True) as server:
        made = AzureRig(server, tmp_path_factory.mktemp("azure"))
        made.make_bucket("llms")
        for name, body in FILES.items():
            made.put("llms", f"models/tiny/{name}", body)
        yield made


def pod(rig: AzureRig, version: str, *, list_: bool = True) -> Pod:
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=10)
    token = generate_container_sas(
        rig.server.account,
        "llms",
        account_key=rig.server.account_key,
        permission=ContainerSasPermissions(read=True, list=list_),
        expiry=end,
    )
    environment = {"AZURE_STORAGE_ACCESS_KEY": token}
    added = rig.pod_environment(environment)
    return Pod(f"https://{HOST}/llms/models/tiny/{version}/", environment | added, {})


def test_slash_at_the_end_does_not_keep_other_versions_out(rig: AzureRig, tmp_path: Path) -> None:
    """The reason for the warning: the second version's files are downloaded beside the first one's."""
    done = pod(rig, "v1").download(tmp_path / "models")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == {
        "config.json": b"{}",
        "weights/a.bin": b"weights",
        "0/config.json": b"of another version",
    }


def test_version_that_begins_no_other_is_read_alone(rig: AzureRig, tmp_path: Path) -> None:
    done = pod(rig, "v10").download(tmp_path / "models")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == {"config.json": b"of another version"}


def test_token_that_may_not_list_fails_the_pod(rig: AzureRig, tmp_path: Path) -> None:
    done = pod(rig, "v1", list_=False).download(tmp_path / "models")
    assert done.returncode == 1
    assert "not authorized" in done.stderr
