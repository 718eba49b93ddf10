"""The quickstart against a real API server: whatever its components declare, the server and KServe's schemas take."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox_command import sandbox
from servers.apiserver import ApiServer

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
SERVICE = "/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices/demo"


class Stack:
    """A copy of the example, deployed into the API server."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.home = folder / "home"
        self.project = folder / "quickstart"
        ignored = shutil.ignore_patterns("model", ".sandbox", "__pycache__")
        shutil.copytree(QUICKSTART, self.project, ignore=ignored)
        self._kubeconfig = kubeconfig

    def run(self, *arguments: str) -> str:
        environment = {
            "MODELSTORE_SANDBOX_HOME": str(self.home),
            "MODELSTORE_SANDBOX_KUBECONFIG": str(self._kubeconfig),
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
        }
        return sandbox(self.project, *arguments, environment=environment).stdout

    def resources(self) -> list[dict[str, Any]]:
        export = json.loads(self.run("export"))
        return list(export["deployment"]["resources"])


@pytest.fixture
def stack(apiserver: ApiServer, tmp_path: Path) -> Iterator[Stack]:
    from pulumi_modelstore_sandbox.aws.server import stop

    stack = Stack(tmp_path, apiserver.kubeconfig)
    yield stack
    stop(stack.home)


def test_it_is_deployed_changed_and_destroyed(apiserver: ApiServer, stack: Stack) -> None:
    stack.run("up")
    service = apiserver.get(SERVICE)
    predictor = service["spec"]["predictor"]
    account = apiserver.get(f"/api/v1/namespaces/default/serviceaccounts/{predictor['serviceAccountName']}")
    secret = apiserver.get(f"/api/v1/namespaces/default/secrets/{account['secrets'][0]['name']}")
    issued = next(item for item in stack.resources() if item["type"] == "aws:iam/accessKey:AccessKey")
    assert base64.b64decode(secret["data"]["AWS_ACCESS_KEY_ID"]).decode() == issued["id"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert not (stack.home / "manifests").exists()

    stack.run("preview", "--expect-no-changes")

    config = stack.project / "model" / "config.json"
    config.write_text(config.read_text() + "\n")
    shown = stack.run("preview", "--diff")
    stack.run("up")
    moved = apiserver.get(SERVICE)
    uri = moved["spec"]["predictor"]["model"]["storageUri"]
    assert uri != predictor["model"]["storageUri"]
    assert f'"{predictor["model"]["storageUri"]}" => "{uri}"' in shown
    assert moved["metadata"]["uid"] == service["metadata"]["uid"]

    stack.run("destroy")
    assert apiserver.get(SERVICE) is None
    assert apiserver.get(f"/api/v1/namespaces/default/secrets/{secret['metadata']['name']}") is None
    assert apiserver.get(f"/api/v1/namespaces/default/serviceaccounts/{account['metadata']['name']}") is None
