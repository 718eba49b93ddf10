"""The examples that serve from a claim, as they stand: what KServe's storage initializer finds there once it is filled.

KServe mounts a claim into the server itself, at the folder that the URI names. KServe 0.15 with
`enableDirectPvcVolumeMount: false` mounts it at /mnt/pvc and has its initializer link what is in that folder. Here a
folder of this machine is the claim, and what brings the files is what the example declares or tells its reader to run.
"""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pod.pod_start import Pod, tree
from pulumi_modelstore.cli.files import files
from sandbox_command import sandbox
from standins.huggingface import Repository, huggingface_hub
from volumes.cluster_standin import standin_cluster

pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")

EXAMPLES = Path(__file__).parents[2] / "examples"
MODEL = {
    "config.json": b"{}",
    "model-00001-of-00002.safetensors": os.urandom(300_000),
    "model-00002-of-00002.safetensors": os.urandom(200_000),
    "tokenizer/vocab.json": b"[]",
}
TOKEN = "hf_ofTheSecretInTheCluster"


class Deployed:
    """The objects of an example."""

    def __init__(self, name: str, folder: Path, **environment: str) -> None:
        ignored = shutil.ignore_patterns(".sandbox", "__pycache__", ".venv")
        self.project = folder / "examples/services" / name
        shutil.copytree(EXAMPLES / "services" / name, self.project, ignore=ignored)
        home = {"MODELSTORE_SANDBOX_HOME": str(folder / "home"), "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests"}
        sandbox(self.project, "up", "--yes", environment=home | environment)
        manifests = (folder / "home/manifests").rglob("*.yaml")
        self._objects = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in manifests]

    def one(self, kind: str) -> dict[str, Any]:
        (found,) = (item for item in self._objects if item["kind"] == kind)
        return dict(found)

    @property
    def claim(self) -> str:
        return str(self.one("PersistentVolumeClaim")["metadata"]["name"])

    @property
    def storage_uri(self) -> str:
        return str(self.one("InferenceService")["spec"]["predictor"]["model"]["storageUri"])

    def upload_command(self) -> list[str]:
        """The command that the program's reader is told to run."""
        text = (self.project / "__main__.py").read_text(encoding="utf-8")
        (line,) = (line for line in text.splitlines() if line.startswith("modelstore files upload"))
        return shlex.split(line.partition("     ")[0])[2:]


def fill(deployed: Deployed, folder: Path, volume: Path, secrets: Mapping[str, str], **environment: str) -> None:
    """Run the container of the declared Job; its paths are below `folder`, its claim is `volume`."""
    (container,) = deployed.one("Job")["spec"]["template"]["spec"]["containers"]
    program = deployed.one("ConfigMap")
    places = {mount["name"]: folder / mount["name"] for mount in container["volumeMounts"]} | {"model": volume}
    for place in places.values():
        place.mkdir(exist_ok=True)
    for name, text in program["data"].items():
        (places["model-program"] / name).write_text(text, encoding="utf-8")
    for name, body in program["binaryData"].items():
        (places["model-program"] / name).write_bytes(base64.b64decode(body))
    paths = {mount["mountPath"]: str(places[mount["name"]]) for mount in container["volumeMounts"]}

    def here(word: str) -> str:
        place = next((place for place in paths if word == place or word.startswith(f"{place}/")), "")
        return paths[place] + word.removeprefix(place) if place else word

    given = {item["name"]: _value(item, secrets) for item in container["env"]}
    done = subprocess.run(
        [sys.executable, *map(here, container["command"][1:])],
        env={"PATH": os.environ["PATH"], **{name: here(value) for name, value in given.items()}, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _value(item: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
    if "value" in item:
        return str(item["value"])
    reference = item["valueFrom"]["secretKeyRef"]
    return secrets[f"{reference['name']}/{reference['key']}"]


def read_by_kserve(deployed: Deployed, volume: Path, folder: Path) -> None:
    """Hold both ways in which a claim reaches the server to the model."""
    claim, _, path = deployed.storage_uri.removeprefix("pvc://").partition("/")
    assert claim == deployed.claim
    place = volume / path
    mounted = {name: body for name, body in tree(place).items() if not name.startswith(".modelstore/")}
    assert mounted == MODEL
    done = Pod(str(place), {}).download(folder / "models")
    assert done.returncode == 0, done.stderr
    assert tree(folder / "models") == MODEL


@pytest.mark.parametrize(
    ("name", "repository", "readers"),
    [
        ("qwen", "Qwen/Qwen3.5-35B-A3B-GPTQ-Int4", None),
        ("devstral", "mistralai/Devstral-Small-2507", frozenset({TOKEN})),
    ],
)
def test_what_the_declared_fill_brings_is_read_byte_for_byte(
    name: str, repository: str, readers: frozenset[str] | None, tmp_path: Path
) -> None:
    pytest.importorskip("huggingface_hub", reason="the hub's client is not installed")
    with huggingface_hub() as hub:
        hub.repositories[repository] = gated = Repository(readers=readers, gated=readers is not None)
        gated.push(MODEL)
        deployed = Deployed(name, tmp_path, HF_ENDPOINT=hub.endpoint)
        fill(deployed, tmp_path, tmp_path / "claim", {"hf-token/HF_TOKEN": TOKEN}, HF_ENDPOINT=hub.endpoint)
    read_by_kserve(deployed, tmp_path / "claim", tmp_path)


@pytest.mark.parametrize("name", ["claim", "two-nodes"])
def test_what_the_reader_is_told_to_upload_is_read_byte_for_byte(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("aiohttp", reason="the stand-in of a cluster is an aiohttp server")
    deployed = Deployed(name, tmp_path)
    command, *arguments = deployed.upload_command()
    for path, body in MODEL.items():
        file = tmp_path / arguments[-2] / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    monkeypatch.chdir(tmp_path)
    assert f"-n {deployed.one('PersistentVolumeClaim')['metadata']['namespace']} " in " ".join(arguments)
    with standin_cluster(tmp_path, deployed.claim) as cluster:
        told = CliRunner().invoke(files, [command, f"--kubeconfig={cluster.kubeconfig}", *arguments])
        assert told.exit_code == 0, told.output
    read_by_kserve(deployed, tmp_path / deployed.claim, tmp_path)
