"""examples/services/bucket as it stands: what KServe's storage initializer reads with `minio-creds` of `sa-models`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from pod.brought_key import PASSPHRASE, brought_key, stack_settings
from pod.pod_start import Pod, tree
from sandbox_command import sandbox
from servers.versitygw import VersityGateway

pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_bucket_example_is_read_byte_for_byte(versitygw: VersityGateway, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("model", ".sandbox", "__pycache__", ".venv")
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=ignored)
    project, bucket = tmp_path / "examples" / "services" / "bucket", "example-bucket"
    config = {"endpoint": versitygw.endpoint, "bucket": bucket, **brought_key(versitygw, bucket)}
    (project / "Pulumi.dev.yaml").write_text(stack_settings("service-bucket", config), encoding="utf-8")
    environment = {
        "STORE_ACCESS_KEY_ID": versitygw.access_key_id,
        "STORE_SECRET_ACCESS_KEY": versitygw.secret_access_key,
        "MODELSTORE_SANDBOX_HOME": str(tmp_path / "home"),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }
    sandbox(project, "up", "--yes", environment=environment)

    manifests = tmp_path / "home/manifests/service-bucket/dev"
    named = {(item["kind"], item["metadata"]["name"]): item for item in _objects(manifests)}
    assert named["ServiceAccount", "sa-models"]["secrets"] == [{"name": "minio-creds"}]
    annotations = named["Secret", "minio-creds"]["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == versitygw.endpoint.removeprefix("http://")
    assert annotations["serving.kserve.io/s3-usehttps"] == "0"

    pod = Pod.of_service(manifests, "qwen")
    assert pod.storage_uri == f"s3://{bucket}/models/qwen/2024-03-20/"
    done = pod.download(tmp_path / "models")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == tree(project / "model")


def _objects(manifests: Path) -> list[dict[str, object]]:
    return [yaml.safe_load(file.read_text(encoding="utf-8")) for file in manifests.rglob("*.yaml")]
