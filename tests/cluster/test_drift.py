"""Others who write to the same objects: seen by a refresh, a conflict where both want a field."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.declared import CREDENTIALS, path, service, service_path
from cluster.driver import INFERENCE_SERVICE, SECRET, Driver
from servers.apiserver import ApiServer

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


def scale(apiserver: ApiServer, namespace: str, replicas: int) -> None:
    """Take `minReplicas` over, as `kubectl apply --server-side --force-conflicts` does."""
    item = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "llm"},
        "spec": {"predictor": {"minReplicas": replicas}},
    }
    apiserver.request("PATCH", f"{service_path(namespace)}?fieldManager=kubectl&force=true", item, APPLY)


def min_replicas(apiserver: ApiServer, namespace: str) -> Any:
    return apiserver.get(service_path(namespace))["spec"]["predictor"]["minReplicas"]


def test_a_refresh_sees_drift_in_declared_fields_alone(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    patch = {"metadata": {"labels": {"theirs": "yes"}}, "status": {"url": "http://llm"}}
    apiserver.request("PATCH", service_path(namespace), patch, MERGE)
    assert driver.refresh(INFERENCE_SERVICE, "llm") == driver_inputs(driver)
    assert not driver.preview(INFERENCE_SERVICE, "llm", service()).changes

    scale(apiserver, namespace, 7)
    seen = driver.refresh(INFERENCE_SERVICE, "llm")
    assert seen is not None
    assert seen["spec"]["predictor"]["minReplicas"] == 7
    assert "theirs" not in seen["metadata"]["labels"]


def driver_inputs(driver: Driver) -> dict[str, Any]:
    namespace = driver.outputs(INFERENCE_SERVICE, "llm")["metadata"]["namespace"]
    declared = service()
    declared["metadata"]["namespace"] = namespace
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", **declared}


def test_a_refresh_sees_a_deleted_object_and_up_makes_it_anew(
    apiserver: ApiServer, namespace: str, driver: Driver
) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    apiserver.request("DELETE", service_path(namespace))

    assert driver.refresh(INFERENCE_SERVICE, "llm") is None
    driver.up(INFERENCE_SERVICE, "llm", service())
    assert apiserver.get(service_path(namespace))["spec"] == service()["spec"]


def test_a_field_that_somebody_removed_comes_back(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    apiserver.request("PATCH", service_path(namespace), {"spec": {"predictor": {"maxReplicas": None}}}, MERGE)

    change = driver.up(INFERENCE_SERVICE, "llm", service())
    assert change.paths == {"spec.predictor.maxReplicas": "ADD"}
    assert apiserver.get(service_path(namespace))["spec"]["predictor"]["maxReplicas"] == 2


def test_a_conflict_names_the_other_manager_the_field_and_the_remedy(
    apiserver: ApiServer, namespace: str, driver: Driver
) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    scale(apiserver, namespace, 7)
    later = service(storageUri="s3://bucket/models/llm/2/")
    later["spec"]["predictor"]["minReplicas"] = 3

    for step in (driver.preview, driver.up):
        with pytest.raises(Exception, match="belongs to field manager") as refused:
            step(INFERENCE_SERVICE, "llm", later)
        message = str(refused.value)
        assert '.spec.predictor.minReplicas belongs to field manager "kubectl"' in message
        assert 'annotation pulumi.com/patchForce: "true"' in message
        assert f"{namespace}/llm" in message
    assert min_replicas(apiserver, namespace) == 7


def test_a_conflict_over_nothing_that_the_program_changed_is_left_to_a_refresh(
    apiserver: ApiServer, namespace: str, driver: Driver
) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    scale(apiserver, namespace, 7)
    assert not driver.preview(INFERENCE_SERVICE, "llm", service()).changes


def test_a_conflict_does_not_hide_a_field_that_the_program_gave_up(
    apiserver: ApiServer, namespace: str, driver: Driver
) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    scale(apiserver, namespace, 7)
    later = service()
    del later["spec"]["predictor"]["maxReplicas"]

    with pytest.raises(Exception, match=r"\.spec\.predictor\.minReplicas belongs to field manager"):
        driver.preview(INFERENCE_SERVICE, "llm", later)


def test_patch_force_takes_the_field_back(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    scale(apiserver, namespace, 7)
    forced = service()
    forced["metadata"]["annotations"]["pulumi.com/patchForce"] = "true"

    change = driver.up(INFERENCE_SERVICE, "llm", forced)
    assert change.paths == {
        'metadata.annotations["pulumi.com/patchForce"]': "ADD",
        "spec.predictor.minReplicas": "UPDATE",
    }
    assert min_replicas(apiserver, namespace) == 1


def test_an_ignored_field_stays_with_its_owner(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    scale(apiserver, namespace, 7)
    later = service(storageUri="s3://bucket/models/llm/2/")

    change = driver.up(INFERENCE_SERVICE, "llm", later, ignore=["spec.predictor.minReplicas"])
    assert change.paths == {"spec.predictor.model.storageUri": "UPDATE"}
    assert min_replicas(apiserver, namespace) == 7


def test_a_secrets_values_are_in_no_error(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)
    item = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "creds"}, "data": {"AWS_ACCESS_KEY_ID": "eWVz"}}
    place = path(namespace, "secrets/creds")
    apiserver.request("PATCH", f"{place}?fieldManager=vault&force=true", item, APPLY)
    mine = CREDENTIALS | {"stringData": {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE00009", "AWS_SECRET_ACCESS_KEY": "w" * 40}}

    with pytest.raises(Exception, match=r'\.data\.AWS_ACCESS_KEY_ID belongs to field manager "vault"') as refused:
        driver.up(SECRET, "creds", mine)
    for value in ("AKIAEXAMPLE", "wwwwww", "QUtJQUVYQU1QTEUw"):
        assert value not in str(refused.value)
