"""What KServe's storage initializer reads with the declared Secret and ServiceAccount, byte for byte."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pod.brought_key import PASSPHRASE, brought_key, stack_settings
from pod.pod_start import Pod, tree
from sandbox_command import sandbox
from servers.versitygw import VersityGateway

pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")

STACK = Path(__file__).with_name("stack")
MODEL = {"config.json": 700, "tokenizer.json": 90_000, "weights/model-00001.safetensors": 9 * 2**20}
NEXT_VERSION = {"config.json": b"{}", "weights/model-00001.safetensors": b"the next version's weights"}


def write_model(folder: Path) -> None:
    content = random.Random(1)
    for name, size in MODEL.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.randbytes(size))


def _project(folder: Path, config: dict[str, Any]) -> Path:
    """A copy of the stack with its model and configuration; `{"secret": ...}` is sealed as the CLI does it."""
    project = folder / "project"
    shutil.copytree(STACK, project)
    write_model(project / "model")
    (project / "Pulumi.dev.yaml").write_text(stack_settings("pod", config), encoding="utf-8")
    return project


@pytest.fixture(scope="module", params=["aws-s3", "s3-compatible"])
def project(
    request: pytest.FixtureRequest, versitygw: VersityGateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The stack, deployed: on AWS with a key that IAM issues, elsewhere with one that was brought along."""
    folder = tmp_path_factory.mktemp(request.param)
    bucket = f"pod-{request.param}"
    config = {"kind": request.param, "bucket": bucket, "endpoint": versitygw.endpoint}
    if request.param == "aws-s3":
        versitygw.client().create_bucket(Bucket=bucket)
    else:
        config |= brought_key(versitygw, bucket)
    environment = versitygw.environment() | {
        "STORE_ACCESS_KEY_ID": versitygw.access_key_id,
        "STORE_SECRET_ACCESS_KEY": versitygw.secret_access_key,
        "MODELSTORE_SANDBOX_HOME": str(folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }
    made = _project(folder, config)
    sandbox(made, "up", "--yes", environment=environment)
    for name, content in NEXT_VERSION.items():
        versitygw.client().put_object(Bucket=bucket, Key=f"models/tiny/v10/{name}", Body=content)
    yield made
    sandbox(made, "destroy", "--yes", environment=environment)


@pytest.fixture
def pod(project: Path) -> Pod:
    return Pod.of_service(project.parent / "home/manifests/pod/dev", "tiny")


def test_pod_reads_the_model_byte_for_byte(pod: Pod, project: Path, tmp_path: Path) -> None:
    done = pod.download(tmp_path / "models")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == tree(project / "model")


def test_only_the_slash_keeps_the_next_version_out(pod: Pod, project: Path, tmp_path: Path) -> None:
    assert pod.storage_uri.endswith("/tiny/v1/")
    pod.download(tmp_path / "models", storage_uri=pod.storage_uri.rstrip("/"))
    beside = {f"0/{path}": content for path, content in NEXT_VERSION.items()}
    assert tree(tmp_path / "models") == tree(project / "model") | beside


@pytest.mark.parametrize("variable", ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
def test_wrong_key_fails(pod: Pod, tmp_path: Path, variable: str) -> None:
    done = pod.download(tmp_path / "models", **{variable: "WRONG" + pod.environment[variable][5:]})
    assert (done.returncode, "S3 error [403]" in done.stderr) == (1, True), done.stderr
    assert tree(tmp_path) == {}


def test_key_opens_no_other_bucket(pod: Pod, versitygw: VersityGateway, tmp_path: Path, project: Path) -> None:
    other = f"other-{project.parent.name}".lower().replace("_", "-")
    versitygw.client().create_bucket(Bucket=other)
    versitygw.client().put_object(Bucket=other, Key="models/secret.bin", Body=b"not for this pod")
    done = pod.download(tmp_path / "models", storage_uri=f"s3://{other}/models/")
    assert (done.returncode, "S3 error [403]" in done.stderr) == (1, True), done.stderr
    assert "not for this pod" not in str(tree(tmp_path))
