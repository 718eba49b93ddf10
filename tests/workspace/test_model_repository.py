"""examples/model-repository: deploy the server, upload a model, read it with what a pod is given."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from servers.apiserver import ApiServer
from servers.certificates import signed
from workspace.conftest import Deployed, copied, secret_environment
from workspace.declared_server import container_environment, declared_server

EXAMPLE = Path(__file__).parents[2] / "examples" / "model-repository"
IMAGE = "registry.example.org/server:1@sha256:" + "0" * 64
GGUF = b"GGUF" + bytes(range(256)) * 40_000


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Callable[..., Deployed]]:
    from pulumi_modelstore_sandbox.aws.server import stop

    def project(kind: str, **config: str) -> Deployed:
        made = copied(EXAMPLE, tmp_path, {"server": kind, "image": IMAGE, "cliImage": IMAGE, **config}, {})
        (made / "model").mkdir()
        (made / "model" / "demo.Q4_K_M.gguf").write_bytes(GGUF)
        return Deployed(made, tmp_path / "home")

    yield project
    stop(tmp_path / "home")


def _configured(stack: Deployed, **config: str) -> None:
    settings = stack.project / "Pulumi.dev.yaml"
    lines = "".join(f"  model-repository:{key}: {value}\n" for key, value in config.items())
    settings.write_text(settings.read_text().replace("config:\n", f"config:\n{lines}"))


def _run_job(objects: Any, endpoint: str, folder: Path, **mounted: str) -> str:
    """What the Job's container does, with the AWS CLI of the tests."""
    (name,) = [name for kind, name in objects if kind == "Job"]
    container = objects["Job", name]["spec"]["template"]["spec"]["containers"][0]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "HOME": str(folder), "AWS_ENDPOINT_URL": endpoint, **mounted}
    done = subprocess.run(
        container["command"], env=container_environment(container, objects) | own, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["versity", "minio"])
def test_a_pod_reads_the_model_from_the_declared_server(
    deploy: Callable[..., Deployed], tmp_path: Path, kind: str
) -> None:
    import boto3

    pytest.importorskip("awscli", reason="awscli is in the dependency group `test`")
    stack = deploy(kind)
    stack.run("up", "--yes")
    objects = stack.objects()
    root = secret_environment(objects["Secret", "models-store"])
    assert len(root["AWS_SECRET_ACCESS_KEY"]) == 40
    with declared_server(objects, "models-store", tmp_path / "server", {}) as port:
        endpoint = f"http://127.0.0.1:{port}"
        probe = objects["StatefulSet", "models-store"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
        with urllib.request.urlopen(endpoint + probe["httpGet"]["path"], timeout=10) as answer:
            assert answer.status == 200
        if kind == "versity":
            _run_job(objects, endpoint, tmp_path)
            _run_job(objects, endpoint, tmp_path)
        # On the other the namespace makes the bucket, from outside.

        _configured(stack, endpoint=endpoint)
        stack.environment.update(
            STORE_ACCESS_KEY_ID=root["AWS_ACCESS_KEY_ID"], STORE_SECRET_ACCESS_KEY=root["AWS_SECRET_ACCESS_KEY"]
        )
        shown = stack.run("up", "--yes")
        assert root["AWS_SECRET_ACCESS_KEY"] not in shown + stack.state()

        secret = stack.objects()["Secret", "readers"]
        pod = secret_environment(secret)
        assert secret["metadata"]["annotations"]["serving.kserve.io/s3-endpoint"] == f"127.0.0.1:{port}"
        reader = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=pod["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=pod["AWS_SECRET_ACCESS_KEY"],
        )
        bucket, _, prefix = stack.outputs()["model"].removeprefix("s3://").partition("/")
        assert reader.get_object(Bucket=bucket, Key=f"{prefix}demo.Q4_K_M.gguf")["Body"].read() == GGUF
        stack.run("destroy", "--yes")
        administrator = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=root["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=root["AWS_SECRET_ACCESS_KEY"],
        )
        assert administrator.list_objects_v2(Bucket="models")["KeyCount"] >= 2, "the model stays"


@pytest.mark.parametrize("kind", ["versity", "minio"])
def test_a_cluster_takes_what_is_declared(deploy: Callable[..., Deployed], kind: str, apiserver: ApiServer) -> None:
    stack = deploy(kind)
    program = stack.project / "__main__.py"
    text = program.read_text().replace('Server("models-store",', f'Server("{kind}-store", tls_secret="certificate",')
    program.write_text(text)
    stack.environment["MODELSTORE_SANDBOX_KUBECONFIG"] = str(apiserver.kubeconfig)
    stack.run("up", "--yes")
    stack.run("preview", "--expect-no-changes")
    place = f"namespaces/{kind}-store"
    live = apiserver.get(f"/apis/apps/v1/{place}/statefulsets/{kind}-store")
    (claim,) = live["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "500Gi"
    pod = live["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"]["requests"]["memory"] == "4Gi"
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
    selector = live["spec"]["selector"]["matchLabels"]
    budget = apiserver.get(f"/apis/policy/v1/{place}/poddisruptionbudgets/{kind}-store")
    assert budget["spec"]["selector"]["matchLabels"] == selector
    assert apiserver.get(f"/api/v1/{place}/services/{kind}-store")["spec"]["selector"] == selector
    assert set(apiserver.get(f"/api/v1/{place}/secrets/{kind}-store")["data"]) == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }
    assert next(volume for volume in pod["volumes"] if volume["name"] == "certificate")["secret"]["secretName"]
    assert apiserver.get(f"/apis/batch/v1/{place}/jobs/{kind}-store-models") is not None
    assert json.loads(json.dumps(stack.outputs()))["server"].startswith("https://")
    stack.run("destroy", "--yes")
    assert apiserver.get(f"/apis/apps/v1/{place}/statefulsets/{kind}-store") is None
    assert apiserver.get(f"/api/v1/{place}") is not None, "the namespace stays, and with it the claim"


@pytest.mark.parametrize("kind", ["versity", "minio"])
def test_the_server_serves_tls_with_the_mounted_certificate(
    deploy: Callable[..., Deployed], tmp_path: Path, kind: str
) -> None:
    pytest.importorskip("awscli", reason="awscli is in the dependency group `test`")
    stack = deploy(kind)
    program = stack.project / "__main__.py"
    program.write_text(
        program.read_text().replace('Server("models-store",', 'Server("models-store", tls_secret="tls",')
    )
    stack.run("up", "--yes")
    objects = stack.objects()
    made = signed(tmp_path)
    container = objects["StatefulSet", "models-store"]["spec"]["template"]["spec"]["containers"][0]
    mounted = {}
    for mount in container["volumeMounts"]:
        if mount["name"] == "certificate":
            source = made.key if mount["subPath"].endswith(".key") else made.certificate
            place = tmp_path / "certificates" / mount["subPath"]
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(source.read_bytes())
            mounted[mount["mountPath"]] = place
            mounted[mount["mountPath"].rpartition("/")[0]] = place.parent
    with declared_server(objects, "models-store", tmp_path / "server", mounted) as port:
        probe = container["readinessProbe"]["httpGet"]
        assert probe["scheme"] == "HTTPS"
        trust = ssl.create_default_context(cafile=str(made.ca_bundle))
        url = f"https://127.0.0.1:{port}{probe['path']}"
        with urllib.request.urlopen(url, timeout=10, context=trust) as answer:
            assert answer.status == 200
        (job,) = [found for (kind, _), found in objects.items() if kind == "Job"]
        pod = job["spec"]["template"]["spec"]
        declared = {entry["name"]: entry.get("value") for entry in pod["containers"][0]["env"]}
        assert declared["AWS_ENDPOINT_URL"].startswith("https://")
        (trusted,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "trust"]
        assert (trusted["mountPath"], trusted["subPath"]) == (declared["AWS_CA_BUNDLE"], "ca.crt")
        made_bucket = _run_job(objects, f"https://127.0.0.1:{port}", tmp_path, AWS_CA_BUNDLE=str(made.ca_bundle))
        assert "models" in made_bucket
