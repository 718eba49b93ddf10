"""Objects as files: where they are, who may read them, and what stands in them."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
import yaml

from cluster.driver import CONFIG_MAP, INFERENCE_SERVICE, SECRET, SERVICE_ACCOUNT, Driver

CREDENTIALS = {
    "metadata": {"name": "creds", "namespace": "models", "annotations": {"serving.kserve.io/s3-usehttps": "1"}},
    "stringData": {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE0", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"},
}


def test_an_object_is_one_file_by_namespace_and_kind(driver: Driver, manifests: Path) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models"}})
    driver.up("kubernetes:core/v1:Namespace", "room", {"metadata": {"name": "models"}})

    files = sorted(str(file.relative_to(manifests)) for file in manifests.rglob("*") if file.is_file())
    assert files == [
        "_cluster/namespace-models.yaml",
        "default/serviceaccount-models.yaml",
        "models/secret-creds.yaml",
    ]


def test_the_manifest_is_what_a_cluster_keeps(driver: Driver, manifests: Path) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)

    text = (manifests / "models/secret-creds.yaml").read_text()
    item = yaml.safe_load(text)
    assert list(item) == ["apiVersion", "kind", "metadata", "data"]
    assert item["metadata"] == CREDENTIALS["metadata"]
    assert base64.b64decode(item["data"]["AWS_SECRET_ACCESS_KEY"]) == b"wJalrXUtnFEMI"
    assert "stringData" not in item


def test_only_the_owner_reads_manifests(driver: Driver, manifests: Path, home: Path) -> None:
    home.mkdir()
    (home / "manifests").mkdir(mode=0o755)
    driver.up(SECRET, "creds", CREDENTIALS)

    file = manifests / "models/secret-creds.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    folders = [folder for folder in file.parents if folder.is_relative_to(home / "manifests")]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert len(folders) == 4


def test_key_order_is_stable_and_nulls_go(driver: Driver, manifests: Path) -> None:
    spec = {"predictor": {"minReplicas": 1, "model": {"storageUri": "s3://b/m/", "modelFormat": {"name": "vLLM"}}}}
    driver.up(INFERENCE_SERVICE, "llm", {"spec": spec | {"transformer": None}, "metadata": {"name": "llm"}})
    file = manifests / "default/inferenceservice-llm.yaml"
    first = file.read_text()

    turned = {"predictor": dict(reversed(spec["predictor"].items()))}
    driver.delete(INFERENCE_SERVICE, "llm")
    driver.up(INFERENCE_SERVICE, "llm", {"metadata": {"name": "llm"}, "spec": turned})

    assert file.read_text() == first
    assert "null" not in first
    assert "transformer" not in first
    assert "minReplicas: 1\n" in first


@pytest.mark.parametrize("text", ["12e4567", "0x1f", "yes", "1_000", "2024-03-20", "null", "1.5", "~", "on", "", " x"])
def test_strings_stay_strings(driver: Driver, manifests: Path, text: str) -> None:
    driver.up(CONFIG_MAP, "map", {"metadata": {"name": "map"}, "data": {"value": text}})

    written = (manifests / "default/configmap-map.yaml").read_text()
    scalar = written.partition("value: ")[2].rstrip("\n")
    assert scalar[0] in "'\"", "unquoted, another YAML reader may take it for a number, a date or a truth value"
    assert yaml.safe_load(written)["data"]["value"] == text


def test_an_update_leaves_no_other_file(driver: Driver, manifests: Path) -> None:
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models"}})
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models", "labels": {"team": "a"}}})

    assert [file.name for file in manifests.rglob("*") if file.is_file()] == ["serviceaccount-models.yaml"]
    assert "team: a" in (manifests / "default/serviceaccount-models.yaml").read_text()


def test_what_a_killed_run_was_writing_goes_with_the_next_step(driver: Driver, manifests: Path) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)
    file = manifests / "models/secret-creds.yaml"
    # Where a write begins, and a process that is killed within it ends.
    draft = file.with_name(f".{file.name}.tmp")

    draft.write_text("data:")
    driver.up(SECRET, "creds", {**CREDENTIALS, "type": "example.org/key"})
    assert [path for path in manifests.rglob("*") if path.is_file()] == [file]

    draft.write_text("data:")
    driver.delete(SECRET, "creds")
    assert not manifests.exists()


def test_deleting_removes_the_file_and_empty_folders(driver: Driver, manifests: Path, home: Path) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)
    driver.up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models", "namespace": "other"}})

    driver.delete(SECRET, "creds")
    assert not (manifests / "models").exists()
    assert (manifests / "other/serviceaccount-models.yaml").is_file()

    driver.delete(SERVICE_ACCOUNT, "account")
    assert list((home / "manifests").iterdir()) == []


def test_deleting_what_is_gone_already_succeeds(driver: Driver, manifests: Path) -> None:
    driver.up(SECRET, "creds", CREDENTIALS)
    (manifests / "models/secret-creds.yaml").unlink()

    driver.delete(SECRET, "creds")

    assert not manifests.exists()


def test_two_kinds_of_one_name_do_not_share_a_file(driver: Driver, manifests: Path) -> None:
    ports = {"ports": [{"port": 80}]}
    driver.up("kubernetes:core/v1:Service", "core", {"metadata": {"name": "llm"}, "spec": ports})
    other = {"metadata": {"name": "llm", "namespace": "default"}, "spec": {"template": {}}}

    with pytest.raises(Exception, match=r"holds a Service \(v1\) of the same name"):
        driver.up("kubernetes:serving.knative.dev/v1:Service", "knative", other)
    assert "apiVersion: v1\n" in (manifests / "default/service-llm.yaml").read_text()


def test_home_is_beside_the_project_without_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "project" / "program"
    program.mkdir(parents=True)
    (tmp_path / "project" / "Pulumi.yaml").write_text("name: models\nruntime: python\nmain: program\n")
    monkeypatch.delenv("MODELSTORE_SANDBOX_HOME", raising=False)
    monkeypatch.chdir(program)

    Driver().up(SERVICE_ACCOUNT, "account", {"metadata": {"name": "models"}})

    manifest = tmp_path / "project/.sandbox/manifests/models/dev/default/serviceaccount-models.yaml"
    assert yaml.safe_load(manifest.read_text())["kind"] == "ServiceAccount"
