"""A whole stack that waits for its service: it fails with the cluster's reason, and the service stays declared."""

from __future__ import annotations

from pathlib import Path

from cluster.declared import path
from sandbox_command import sandbox
from servers.apiserver import ApiServer

PROGRAM = """
from pulumi_modelstore import GpuInferenceService, Readiness

GpuInferenceService(
    "llm",
    model="pvc://models/llm",
    runtime="vllm",
    kubernetes_namespace="{namespace}",
    readiness=Readiness(timeout="1s", kubeconfig="path:{kubeconfig}"),
)
"""


def test_a_deployment_fails_with_the_reason(apiserver: ApiServer, namespace: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: waiting\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM.format(namespace=namespace, kubeconfig=apiserver.kubeconfig))
    environment = {
        "MODELSTORE_SANDBOX_HOME": str(tmp_path / "home"),
        "MODELSTORE_SANDBOX_KUBECONFIG": str(apiserver.kubeconfig),
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
    }
    done = sandbox(tmp_path, "up", "--yes", environment=environment, check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "llm is not ready yet: it has no condition Ready yet" in said
    assert f"(InferenceService {namespace}/llm). The answer was: it has no condition Ready yet" in said
    assert "Traceback" not in said
    place = path(namespace, "inferenceservices/llm", "/apis/serving.kserve.io/v1beta1")
    assert apiserver.get(place) is not None
