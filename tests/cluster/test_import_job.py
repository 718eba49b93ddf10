"""The objects of an import on a real API server, strict about unknown fields."""

from __future__ import annotations

from pathlib import Path

import pytest

import pulumi_modelstore as ms
from cluster.declared import path
from cluster.driver import CONFIG_MAP, Driver
from servers.apiserver import ApiServer
from unit.components.imports import imported, record

JOB = "kubernetes:batch/v1:Job"


def test_the_job_is_taken_as_it_is_declared(
    apiserver: ApiServer, namespace: str, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record(tmp_path)
    settings = {
        "kubernetes_namespace": namespace,
        "service_account_name": "importer",
        "env_from": ("importer-env",),
        "image_pull_secrets": ("registry",),
        "labels": {"team": "models"},
        "ttl_seconds_after_finished": 600,
        "placement": ms.PodPlacement(node_selector={"disk": "fast"}, tolerations=(ms.Toleration(key="storage"),)),
    }
    declared = imported(settings)
    request, job = declared["llama-import-request"].inputs, declared["llama-import-job"].inputs
    driver.up(CONFIG_MAP, "request", request)
    driver.up(JOB, "job", job)

    name = job["metadata"]["name"]
    assert apiserver.get(path(namespace, f"configmaps/{name}"))["data"] == request["data"]
    live = apiserver.get(path(namespace, f"jobs/{name}", "/apis/batch/v1"))
    assert _within(job["spec"], live["spec"]), "the server drops or changes nothing of what is declared"
    assert driver.preview(JOB, "job", job).paths == {}

    record(tmp_path, files=3)
    later = imported(settings)["llama-import-job"].inputs
    change = driver.up(JOB, "job", later)
    assert "metadata.name" in change.replaces
    assert not change.delete_before_replace
    assert apiserver.get(path(namespace, f"jobs/{later['metadata']['name']}", "/apis/batch/v1")) is not None


def _within(declared: object, live: object) -> bool:
    """Whether all that is declared is there; the server adds defaults."""
    if isinstance(declared, dict) and isinstance(live, dict):
        return all(key in live and _within(value, live[key]) for key, value in declared.items())
    if isinstance(declared, list) and isinstance(live, list):
        return len(declared) == len(live) and all(map(_within, declared, live))
    return declared == live
