"""The steps of the folder: what is an update, what a replacement, what a preview shows, what a refresh sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.driver import CLAIM, CONFIG_MAP, INFERENCE_SERVICE, SECRET, SERVICE_ACCOUNT, UNKNOWN, Driver

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"


def service(**model: Any) -> dict[str, Any]:
    model = {"modelFormat": {"name": "vLLM"}, "storageUri": "s3://bucket/models/llm/1/", **model}
    return {"metadata": {"name": "llm"}, "spec": {"predictor": {"minReplicas": 1, "model": model}}}


def deployment(**spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    selector = {"matchLabels": {"app": "a"}}
    return {"metadata": {"name": "web"}, "spec": {"replicas": 1, "selector": selector, "template": template, **spec}}


def test_ids_are_namespace_and_name(driver: Driver) -> None:
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models", "namespace": "room"}})
    driver.up("kubernetes:storage.k8s.io/v1:StorageClass", "fast", {"metadata": {"name": "fast"}, "provisioner": "x"})

    assert driver.wire(SERVICE_ACCOUNT, "account").id == "room/models"
    assert driver.wire("kubernetes:storage.k8s.io/v1:StorageClass", "fast").id == "fast"


def test_nothing_changes_without_a_change(driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    assert not driver.up(INFERENCE_SERVICE, "llm", service()).changes


def test_a_preview_writes_nothing(driver: Driver, manifests: Path) -> None:
    driver.preview(INFERENCE_SERVICE, "llm", service())
    assert not manifests.exists()

    driver.up(INFERENCE_SERVICE, "llm", service())
    before = (manifests / "default/inferenceservice-llm.yaml").read_text()
    change = driver.preview(INFERENCE_SERVICE, "llm", service(storageUri="s3://bucket/models/llm/2/"))

    assert change.paths == {"spec.predictor.model.storageUri": "UPDATE"}
    assert change.planned["spec"]["predictor"]["model"]["storageUri"] == "s3://bucket/models/llm/2/"
    assert (manifests / "default/inferenceservice-llm.yaml").read_text() == before


def test_added_and_removed_fields_are_named_by_path(driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service(runtime="kserve-vllmserver", args=["--seed=1", "--dtype=half"]))
    now = service(args=["--seed=2"], resources={"limits": {"nvidia.com/gpu": "1"}})
    now["metadata"]["labels"] = {"app.kubernetes.io/part-of": "models"}

    assert driver.preview(INFERENCE_SERVICE, "llm", now).paths == {
        "metadata.labels": "ADD",
        "spec.predictor.model.args[0]": "UPDATE",
        "spec.predictor.model.args[1]": "DELETE",
        "spec.predictor.model.resources": "ADD",
        "spec.predictor.model.runtime": "DELETE",
    }


def test_keys_that_are_no_identifiers_are_quoted_in_paths(driver: Driver) -> None:
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models", "labels": {"app.kubernetes.io/name": "a"}}})
    now = {"metadata": {"name": "models", "labels": {"app.kubernetes.io/name": "b"}}}

    assert driver.preview(SERVICE_ACCOUNT, "account", now).paths == {
        'metadata.labels["app.kubernetes.io/name"]': "UPDATE"
    }


def test_a_new_name_is_a_new_object_and_the_old_one_goes_last(driver: Driver, manifests: Path) -> None:
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models"}})
    change = driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "weights"}})

    assert change.replaces == ["metadata.name"]
    assert not change.delete_before_replace
    assert [file.name for file in manifests.rglob("*.yaml")] == ["serviceaccount-weights.yaml"]


@pytest.mark.parametrize(
    ("token", "before", "after", "replaces"),
    [
        (DEPLOYMENT, deployment(), deployment(selector={"matchLabels": {"app": "b"}}), "spec.selector.matchLabels.app"),
        (
            CLAIM,
            {"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"]}},
            {"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteMany"]}},
            "spec.accessModes[0]",
        ),
        (
            CONFIG_MAP,
            {"metadata": {"name": "c"}, "data": {"a": "1"}},
            {"metadata": {"name": "c"}, "data": {"a": "2"}},
            "data.a",
        ),
    ],
)
def test_creation_only_fields_replace_the_object_in_place(
    driver: Driver, token: str, before: dict[str, Any], after: dict[str, Any], replaces: str
) -> None:
    driver.up(token, "it", before)
    change = driver.up(token, "it", after)

    assert change.replaces == [replaces]
    assert change.paths == {replaces: "UPDATE_REPLACE"}
    assert change.delete_before_replace, "the name is a given one: two objects cannot have it at once"


def test_a_larger_claim_and_more_replicas_are_updates(driver: Driver) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    driver.up(CLAIM, "c", {"metadata": {"name": "c"}, "spec": claim})
    larger = claim | {"resources": {"requests": {"storage": "2Gi"}}}
    change = driver.up(CLAIM, "c", {"metadata": {"name": "c"}, "spec": larger})
    assert (change.replaces, change.paths) == ([], {"spec.resources.requests.storage": "UPDATE"})

    driver.up(DEPLOYMENT, "web", deployment())
    assert driver.up(DEPLOYMENT, "web", deployment(replicas=3)).replaces == []


def test_a_jobs_template_replaces_it_but_its_back_off_does_not(driver: Driver) -> None:
    def job(image: str, **spec: Any) -> dict[str, Any]:
        pod = {"restartPolicy": "Never", "containers": [{"name": "fill", "image": image}]}
        return {"metadata": {"name": "fill"}, "spec": {"template": {"spec": pod}, **spec}}

    driver.up(JOB, "fill", job("a:1"))
    assert driver.up(JOB, "fill", job("a:1", backoffLimit=2)).replaces == []
    assert driver.up(JOB, "fill", job("a:2", backoffLimit=2)).replaces == ["spec.template.spec.containers[0].image"]


def test_a_mutable_secret_is_updated_unless_it_is_frozen(home: Path) -> None:
    driver = Driver(enableSecretMutable="true")
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": "first one"}})
    assert driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": "second one"}}).replaces == []

    frozen = {"metadata": {"name": "f"}, "immutable": True}
    driver.up(SECRET, "f", frozen | {"stringData": {"a": "first one"}})
    change = driver.up(SECRET, "f", frozen | {"stringData": {"a": "second one"}})
    assert change.replaces == ["stringData.a"]


def test_a_name_is_made_up_once_and_kept(driver: Driver, manifests: Path) -> None:
    driver.up(SERVICE_ACCOUNT, "models", {})
    first = driver.outputs(SERVICE_ACCOUNT, "models")["metadata"]

    assert first["name"].startswith("models-")
    assert len(first["name"]) == len("models-") + 8
    assert first["annotations"] == {"pulumi.com/autonamed": "true"}
    assert not driver.up(SERVICE_ACCOUNT, "models", {}).changes
    assert driver.outputs(SERVICE_ACCOUNT, "models")["metadata"] == first
    assert (manifests / f"default/serviceaccount-{first['name']}.yaml").is_file()


def test_a_made_up_name_changes_with_a_replacement_so_that_the_new_object_comes_first(driver: Driver) -> None:
    driver.up(CONFIG_MAP, "map", {"data": {"a": "1"}})
    first = driver.outputs(CONFIG_MAP, "map")["metadata"]["name"]
    change = driver.up(CONFIG_MAP, "map", {"data": {"a": "2"}})

    assert change.replaces == ["data.a"]
    assert not change.delete_before_replace
    assert driver.outputs(CONFIG_MAP, "map")["metadata"]["name"] not in {first, ""}


def test_the_providers_namespace_is_the_default_one(home: Path) -> None:
    driver = Driver(namespace="models")
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "a"}})
    driver.up("kubernetes:example.org/v1:Widget", "widget", {"metadata": {"name": "w"}})

    assert driver.wire(SERVICE_ACCOUNT, "account").id == "models/a"
    assert driver.wire("kubernetes:example.org/v1:Widget", "widget").id == "w", "nobody knows where a Widget lives"


def test_what_a_preview_cannot_know_counts_as_changed_and_passes_every_check(driver: Driver) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    change = driver.preview(INFERENCE_SERVICE, "llm", service(storageUri=UNKNOWN))
    assert change.paths == {"spec.predictor.model.storageUri": "UPDATE"}

    planned = driver.preview(SECRET, "s", {"metadata": {"name": UNKNOWN}, "stringData": {"key": UNKNOWN}}).planned
    assert planned["data"] == {"key": UNKNOWN}
    assert driver.preview(SECRET, "t", {"metadata": UNKNOWN, "stringData": UNKNOWN}).planned["data"] == UNKNOWN


def test_a_status_is_never_an_input(driver: Driver, manifests: Path) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service() | {"status": {"url": "http://here"}})
    assert "status" not in yaml.safe_load((manifests / "default/inferenceservice-llm.yaml").read_text())
    assert not driver.up(INFERENCE_SERVICE, "llm", service() | {"status": {"url": "http://there"}}).changes


def test_a_refresh_sees_an_edited_file_and_up_restores_it(driver: Driver, manifests: Path) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    file = manifests / "default/inferenceservice-llm.yaml"
    text = file.read_text()
    file.write_text(text.replace("minReplicas: 1", "minReplicas: 7\n    maxReplicas: 9"))

    seen = driver.refresh(INFERENCE_SERVICE, "llm")
    assert seen is not None
    assert (seen["spec"]["predictor"]["minReplicas"], seen["spec"]["predictor"]["maxReplicas"]) == (7, 9)

    change = driver.up(INFERENCE_SERVICE, "llm", service())
    assert change.paths == {"spec.predictor.maxReplicas": "DELETE", "spec.predictor.minReplicas": "UPDATE"}
    assert file.read_text() == text


def test_a_refresh_sees_a_removed_file(driver: Driver, manifests: Path) -> None:
    driver.up(INFERENCE_SERVICE, "llm", service())
    (manifests / "default/inferenceservice-llm.yaml").unlink()

    assert driver.refresh(INFERENCE_SERVICE, "llm") is None


def test_a_refresh_of_an_untouched_object_changes_nothing(driver: Driver) -> None:
    inputs = {"metadata": {"name": "s"}, "stringData": {"a": "in clear"}, "data": {"b": "ZW5jb2RlZA=="}}
    driver.up(SECRET, "s", inputs)
    before = driver.wire(SECRET, "s")
    driver.refresh(SECRET, "s")

    assert driver.wire(SECRET, "s") == before
    assert not driver.up(SECRET, "s", inputs).changes


def test_a_broken_manifest_is_named_and_its_text_is_not_shown(driver: Driver, manifests: Path) -> None:
    driver.up(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"a": "in clear"}})
    file = manifests / "default/secret-s.yaml"
    file.write_text(file.read_text() + "  cGFzc3dvcmQ=: [\n")

    with pytest.raises(Exception, match="not valid YAML") as refused:
        driver.refresh(SECRET, "s")
    message = str(refused.value).partition(":\n")[0]
    assert str(file) in message
    assert "cGFzc3dvcmQ" not in message


def test_get_reads_an_object_that_another_resource_wrote(driver: Driver) -> None:
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models", "labels": {"team": "a"}}})

    found = driver.get(SERVICE_ACCOUNT, "same", "default/models")
    assert found is not None
    assert found["metadata"]["labels"] == {"team": "a"}
    assert driver.get(SERVICE_ACCOUNT, "other", "default/other") is None


def test_a_renamed_resource_does_not_take_its_object_away(driver: Driver, manifests: Path) -> None:
    driver.up(SERVICE_ACCOUNT, "before", {"metadata": {"name": "models"}})
    # A new run, in which the program calls the same object by another resource name.
    later = Driver()
    later.state = driver.state
    later.up(SERVICE_ACCOUNT, "after", {"metadata": {"name": "models"}})
    later.delete(SERVICE_ACCOUNT, "before")

    assert (manifests / "default/serviceaccount-models.yaml").is_file()
    later.delete(SERVICE_ACCOUNT, "after")
    assert not manifests.exists()
