"""What a stack of this package declares, applied to a real API server, from its creation to its deletion."""

from __future__ import annotations

import base64
import threading

import pytest

from cluster.declared import ACCOUNT, CREDENTIALS, claim, path, service, service_path
from cluster.driver import CLAIM, INFERENCE_SERVICE, SECRET, SERVICE_ACCOUNT, UNKNOWN, Driver
from servers.apiserver import ApiServer


def test_a_secret_and_its_account(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)
    driver.up(SERVICE_ACCOUNT, "account", ACCOUNT)

    assert driver.wire(SECRET, "creds").id == f"{namespace}/creds"
    live = apiserver.get(path(namespace, "secrets/creds"))
    assert base64.b64decode(live["data"]["AWS_SECRET_ACCESS_KEY"]) == b"wJalrXUtnFEMI/K7MDENG"
    assert live["metadata"]["annotations"] == CREDENTIALS["metadata"]["annotations"]
    assert {entry["manager"] for entry in live["metadata"]["managedFields"]} == {"pulumi-modelstore-sandbox"}
    assert apiserver.get(path(namespace, "serviceaccounts/models"))["secrets"] == [{"name": "creds"}]

    outputs = driver.outputs(SECRET, "creds")
    assert outputs["metadata"]["uid"] == live["metadata"]["uid"]
    assert "managedFields" not in outputs["metadata"]
    assert outputs["stringData"] == CREDENTIALS["stringData"]
    assert driver.wire(SECRET, "creds").outputs["data"].is_secret


def test_nothing_changes_without_a_change(driver: Driver) -> None:
    objects = {SECRET: CREDENTIALS, SERVICE_ACCOUNT: ACCOUNT, INFERENCE_SERVICE: service(), CLAIM: claim("1Gi")}
    for token, inputs in objects.items():
        driver.up(token, "it", inputs)
    for token, inputs in objects.items():
        assert driver.preview(token, "it", inputs).paths == {}, token
        assert not driver.up(token, "it", inputs).changes, token


def test_a_changed_secret_is_replaced_and_a_removed_key_is_gone(
    apiserver: ApiServer, namespace: str, driver: Driver
) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)
    first = apiserver.get(path(namespace, "secrets/creds"))["metadata"]["uid"]
    change = driver.up(SECRET, "creds", CREDENTIALS | {"stringData": {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE00001"}})

    assert change.paths == {
        "stringData.AWS_ACCESS_KEY_ID": "UPDATE_REPLACE",
        "stringData.AWS_SECRET_ACCESS_KEY": "DELETE_REPLACE",
    }
    assert change.delete_before_replace
    live = apiserver.get(path(namespace, "secrets/creds"))
    assert live["metadata"]["uid"] != first
    assert list(live["data"]) == ["AWS_ACCESS_KEY_ID"]


def test_a_key_leaves_a_mutable_secret(
    apiserver: ApiServer, namespace: str, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutable = Driver(namespace=namespace, enableSecretMutable="true")
    mutable.up(SECRET, "creds", CREDENTIALS)
    change = mutable.up(SECRET, "creds", CREDENTIALS | {"stringData": {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE00000"}})

    assert change.paths == {"stringData.AWS_SECRET_ACCESS_KEY": "DELETE"}
    assert list(apiserver.get(path(namespace, "secrets/creds"))["data"]) == ["AWS_ACCESS_KEY_ID"]


def test_an_inference_service_moves_to_another_version(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    before = apiserver.get(service_path(namespace))
    assert before["spec"] == service()["spec"], "the definition drops or changes nothing of what is declared"

    later = service(storageUri="s3://bucket/models/llm/2/")
    del later["spec"]["predictor"]["maxReplicas"]
    expected = {"spec.predictor.model.storageUri": "UPDATE", "spec.predictor.maxReplicas": "DELETE"}
    change = driver.preview(INFERENCE_SERVICE, "llm", later)
    assert change.paths == expected
    assert change.planned["spec"] == later["spec"]
    assert apiserver.get(service_path(namespace)) == before, "a preview leaves no trace"

    assert driver.up(INFERENCE_SERVICE, "llm", later).paths == expected
    live = apiserver.get(service_path(namespace))
    assert live["spec"] == later["spec"]
    assert live["metadata"]["uid"] == before["metadata"]["uid"]


@pytest.mark.parametrize("known", [True, False], ids=["all values known", "one value unknown"])
@pytest.mark.parametrize("exists", [False, True], ids=["new", "existing"])
def test_a_field_that_kserve_does_not_have_is_refused_at_preview(
    apiserver: ApiServer, namespace: str, driver: Driver, known: bool, exists: bool
) -> None:
    if exists:
        driver.up(INFERENCE_SERVICE, "llm", service())
    wrong = service(storageUrl="s3://bucket/", gpus=1, name="llm" if known else UNKNOWN)

    with pytest.raises(Exception, match="unknown field") as refused:
        driver.preview(INFERENCE_SERVICE, "llm", wrong)
    message = str(refused.value)
    assert 'unknown field "spec.predictor.model.storageUrl"' in message
    assert 'unknown field "spec.predictor.model.gpus"' in message
    assert f"InferenceService (serving.kserve.io/v1beta1) {namespace}/llm" in message
    assert "Correct or remove the field" in message
    assert (apiserver.get(service_path(namespace)) is not None) == exists


def test_a_value_of_the_wrong_type_is_refused_at_preview(driver: Driver) -> None:
    with pytest.raises(Exception, match=r"\.spec\.predictor\.model\.protocolVersion: expected string"):
        driver.preview(INFERENCE_SERVICE, "llm", service(protocolVersion=2))


def test_what_is_unknown_in_a_preview_is_shown_as_changing(driver: Driver) -> None:
    planned = driver.preview(INFERENCE_SERVICE, "llm", service(storageUri=UNKNOWN)).planned
    assert planned["spec"]["predictor"]["model"]["storageUri"] == UNKNOWN
    assert "uid" not in planned["metadata"]

    driver.up(INFERENCE_SERVICE, "llm", service())
    change = driver.preview(INFERENCE_SERVICE, "llm", service(storageUri=UNKNOWN))
    assert change.paths == {"spec.predictor.model.storageUri": "UPDATE"}


def test_a_preview_shows_what_the_server_will_add(driver: Driver) -> None:
    planned = driver.preview(CLAIM, "weights", claim("1Gi")).planned
    assert planned["spec"]["volumeMode"] == "Filesystem"
    assert planned["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_a_claim_that_the_server_will_not_resize_is_replaced(driver: Driver) -> None:
    driver.up(CLAIM, "weights", claim("1Gi"))
    # Only a bound claim can grow; here nothing binds one, and the server says so in its dry run.
    change = driver.preview(CLAIM, "weights", claim("2Gi"))
    assert change.paths == {"spec.resources.requests.storage": "UPDATE_REPLACE"}
    assert change.delete_before_replace


def test_a_key_leaves_a_frozen_secret(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    frozen = CREDENTIALS | {"immutable": True}
    driver.up(SECRET, "creds", frozen)
    change = driver.up(SECRET, "creds", frozen | {"stringData": {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE00000"}})

    assert change.replaces == ["stringData.AWS_SECRET_ACCESS_KEY"]
    assert list(apiserver.get(path(namespace, "secrets/creds"))["data"]) == ["AWS_ACCESS_KEY_ID"]


def test_deleting_waits_for_finalizers(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    driver.up(CLAIM, "weights", claim("1Gi"))
    place = path(namespace, "persistentvolumeclaims/weights")
    with pytest.raises(Exception, match=r"finalizers left: kubernetes\.io/pvc-protection") as refused:
        driver.delete(CLAIM, "weights", timeout=0.2)
    assert f"PersistentVolumeClaim (v1) {namespace}/weights" in str(refused.value)
    assert "deletionTimestamp" in apiserver.get(place)["metadata"]

    patch = {"metadata": {"finalizers": None}}
    release = threading.Timer(
        0.3, apiserver.request, ("PATCH", place, patch), {"content_type": "application/merge-patch+json"}
    )
    release.start()
    driver.delete(CLAIM, "weights", timeout=30)
    release.join()

    assert apiserver.get(place) is None


def test_a_deletion_that_must_not_wait(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    inputs = claim("1Gi")
    inputs["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    driver.up(CLAIM, "weights", inputs)
    driver.delete(CLAIM, "weights")
    assert "deletionTimestamp" in apiserver.get(path(namespace, "persistentvolumeclaims/weights"))["metadata"]


def test_deleting_removes_the_object_and_nothing_that_took_its_name(
    apiserver: ApiServer, namespace: str, driver: Driver
) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    driver.delete(INFERENCE_SERVICE, "llm")
    assert apiserver.get(service_path(namespace)) is None

    driver.up(SERVICE_ACCOUNT, "account", ACCOUNT)
    place = path(namespace, "serviceaccounts/models")
    apiserver.request("DELETE", place)
    driver.delete(SERVICE_ACCOUNT, "account")

    driver.up(SERVICE_ACCOUNT, "account", ACCOUNT)
    apiserver.request("DELETE", place)
    apiserver.request("POST", path(namespace, "serviceaccounts"), {"metadata": {"name": "models"}})
    driver.delete(SERVICE_ACCOUNT, "account")
    assert apiserver.get(place) is not None, "somebody else's account of that name"


def test_get_reads_what_is_there(apiserver: ApiServer, namespace: str, driver: Driver) -> None:
    apiserver.request("POST", path(namespace, "secrets"), {"metadata": {"name": "theirs"}, "data": {"a": "eWVz"}})

    found = driver.get(SECRET, "theirs", f"{namespace}/theirs")
    assert found is not None
    assert found["data"] == {"a": "eWVz"}
    assert driver.get(SECRET, "other", f"{namespace}/other") is None
    assert driver.get("kubernetes:nowhere.example.org/v1:Widget", "w", f"{namespace}/w") is None
