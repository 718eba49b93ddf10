"""The pod through which files of a claim are reached, as a real API server sees it."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modelstore_provider.files.pod import FilesPod
from servers.apiserver import ApiServer


@pytest.mark.parametrize(
    ("pod", "node"), [(FilesPod(), None), (FilesPod(user=None, pull_secrets=("harbor",)), "node-1")]
)
def test_an_api_server_takes_the_pod_field_by_field(apiserver: ApiServer, pod: FilesPod, node: str | None) -> None:
    manifest: dict[str, Any] = pod.manifest("models", node=node)
    account = "/api/v1/namespaces/default/serviceaccounts"
    if apiserver.get(f"{account}/default") is None:
        apiserver.request("POST", account, {"metadata": {"name": "default"}})
    place = "/api/v1/namespaces/default/pods?fieldValidation=Strict&dryRun=All"
    answer = apiserver.request("POST", place, manifest)
    assert answer["spec"]["containers"][0]["command"] == manifest["spec"]["containers"][0]["command"]
    assert answer["spec"]["activeDeadlineSeconds"] == 6 * 3600
