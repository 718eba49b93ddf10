"""`modelstore files` through a pod: of a stand-in cluster, whose exec starts what the pod's manifest says."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("aiohttp", reason="the stand-in of a cluster is an aiohttp server")

from pulumi_modelstore.cli.files import files
from volumes.cluster_standin import StandInCluster, standin_cluster

WEIGHTS = os.urandom(3_000_000)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[StandInCluster]:
    with standin_cluster(tmp_path, "models") as cluster:
        yield cluster


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "1.safetensors").write_bytes(WEIGHTS)
    (folder / "config.json").write_bytes(b"{}")
    return folder


def run(cluster: StandInCluster, *arguments: str) -> Result:
    command, *rest = arguments
    return CliRunner().invoke(files, [command, f"--kubeconfig={cluster.kubeconfig}", "-n", "team-a", *rest])


def told(cluster: StandInCluster, *arguments: str) -> str:
    result = run(cluster, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_files_go_there_are_seen_and_come_back(cluster: StandInCluster, source: Path, tmp_path: Path) -> None:
    assert told(cluster, "upload", "-r", str(source), "models:/llama") == (
        "2 files uploaded, 0 were there; digests agree.\n"
    )
    assert (cluster.claims["models"] / "llama/weights/1.safetensors").read_bytes() == WEIGHTS
    listed = told(cluster, "ls", "-r", "models:/")
    assert "llama/weights/1.safetensors" in listed
    assert "3000000" in listed

    (source / "config.json").write_bytes(b"[]")
    (cluster.claims["models"] / "llama" / "old.bin").write_bytes(b"old")
    again = told(cluster, "upload", "--rsync", "--delete", str(source), "models:llama")
    assert again == "1 files uploaded, 1 were there, 1 removed; digests agree.\n"

    assert told(cluster, "download", "models:/llama", str(tmp_path / "back")).startswith("2 files downloaded")
    assert (tmp_path / "back/weights/1.safetensors").read_bytes() == WEIGHTS

    told(cluster, "mkdir", "-p", "models:/a/b")
    told(cluster, "rm", "-r", "models:/a")
    assert sorted(path.name for path in cluster.claims["models"].iterdir()) == ["llama"]
    assert cluster.pods == {}, "each pod is gone"


def test_mistakes(cluster: StandInCluster, source: Path) -> None:
    for arguments, said in (
        (("upload", str(source), "models:/llama"), "is a folder: pass -r"),
        (("upload", "-r", str(source), "models"), "write it like llama-model-storage:/weights"),
        (("upload", "--delete", str(source / "config.json"), "models:/"), "which is a single file"),
        (("ls", "other:/"), 'persistentvolumeclaims "other" not found. Check the names'),
        (("ls", "models:/nowhere"), "is not there"),
        (("ls", "models:/../up"), "leads out of the volume"),
        (("rm", "models:/"), "the volume itself cannot be removed"),
    ):
        result = run(cluster, *arguments)
        assert result.exit_code != 0
        assert said in result.output
    assert cluster.pods == {}


def test_a_pod_that_does_not_start_is_explained_and_removed(cluster: StandInCluster) -> None:
    cluster.waiting = {"reason": "ErrImagePull", "message": "registry.example.org: no such host"}
    result = run(cluster, "ls", "models:/")
    assert result.exit_code == 1
    assert "The answer was: ErrImagePull: registry.example.org: no such host." in result.output
    assert cluster.pods == {}


def test_the_pod_goes_to_the_node_that_has_a_volume_of_one_node(cluster: StandInCluster) -> None:
    claim = {"name": "v", "persistentVolumeClaim": {"claimName": "models"}}
    cluster.running = [{"metadata": {"name": "x"}, "spec": {"containers": [], "nodeName": "n1", "volumes": [claim]}}]
    told(cluster, "ls", "models:/")
    cluster.access_modes = ["ReadWriteMany"]
    told(cluster, "ls", "models:/")
    assert [pod["spec"].get("nodeSelector") for pod in cluster.made] == [{"kubernetes.io/hostname": "n1"}, None]


def test_a_connection_that_breaks_is_told_and_the_upload_goes_on(
    cluster: StandInCluster, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pulumi_modelstore_provider.files.pod_channel import PodChannel

    send, sent = PodChannel.send, 0

    def breaking(self: PodChannel, body: bytes) -> None:
        nonlocal sent
        sent += len(body)
        if sent > 2_000_000:
            with contextlib.suppress(ProcessLookupError):
                os.kill(cluster.agents[-1].pid, signal.SIGKILL)
        send(self, body)

    with monkeypatch.context() as patched:
        patched.setattr(PodChannel, "send", breaking)
        result = run(cluster, "upload", "-r", str(source), "models:/llama")
    assert result.exit_code == 1
    assert "The connection to the pod has ended" in result.output
    assert not (cluster.claims["models"] / "llama/weights/1.safetensors").exists()
    told(cluster, "upload", "-r", str(source), "models:/llama")
    assert (cluster.claims["models"] / "llama/weights/1.safetensors").read_bytes() == WEIGHTS


def test_no_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = CliRunner().invoke(files, ["ls", f"--kubeconfig={tmp_path / 'none'}", "models:/"])
    assert result.exit_code == 1
    assert "No cluster is configured" in result.output
