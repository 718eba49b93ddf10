"""The example programs under mocks: what a second run and a changed file would show."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_modelstore.backends.from_config import _kinds
from unit.components.declared import SECRET, Declared, declare

EXAMPLES = Path(__file__).parents[3] / "examples"
DOCUMENTED = {
    found["modelstore:backend"]["kind"]: found
    for block in re.findall(r"```yaml\n(.*?)```", (EXAMPLES / "reference" / "README.md").read_text(), re.DOTALL)
    for found in [yaml.safe_load(block)["config"]]
}
"""The configurations in the README of the reference stack, by the kind of their backend."""

SCHEMES = {"azure-blob": "https://acmemodels.blob.core.windows.net/", "gcs": "gs://"}


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    shutil.copytree(
        EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("model", ".sandbox", "__pycache__", ".venv")
    )
    return tmp_path / "examples"


def run(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: dict[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Declared:
    monkeypatch.chdir(folder)
    # As an engine does: the program's folder first, and its modules no longer known from the run before.
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    sys.modules.pop("small_model", None)
    return declare(lambda: runpy.run_path("__main__.py", run_name="__main__") and None, config=config, secrets=secrets)


def differences(before: Declared, after: Declared) -> dict[str, Any]:
    """What differs, as path and new value: inputs of resources, and what the stack puts out."""
    assert before.resources.keys() == after.resources.keys()
    found: dict[str, Any] = {}
    for name, resource in after.resources.items():
        _compare(name, before[name].inputs, resource.inputs, found)
    _compare("exports", before.exports, after.exports, found)
    return found


def _compare(path: str, before: Any, after: Any, found: dict[str, Any]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            _compare(f"{path}/{key}", before.get(key), after.get(key), found)
    elif before != after:
        found[path] = after


def test_quickstart_again_is_the_same(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(examples / "quickstart", monkeypatch)
    assert differences(first, run(examples / "quickstart", monkeypatch)) == {}
    assert first.exports["secret_access_key"].startswith(SECRET)


def test_quickstart_with_a_changed_file_differs_by_digest_version_and_uri(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = examples / "quickstart"
    first = run(folder, monkeypatch)
    (folder / "model" / "config.json").write_text("{}")
    found = differences(first, run(folder, monkeypatch))
    version = found["demo-upload/version"]
    uri = f"s3://modelstore-quickstart-stack/models/demo/{version}/"
    assert found.keys() == {
        "demo-upload/files/config.json",
        "demo-upload/version",
        "demo-service/spec/predictor/model/storageUri",
    }
    assert found["demo-service/spec/predictor/model/storageUri"] == uri


def test_quickstart_keeps_an_edited_model(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = examples / "quickstart"
    run(folder, monkeypatch)
    (folder / "model" / "config.json").write_text("edited")
    run(folder, monkeypatch)
    assert (folder / "model" / "config.json").read_text() == "edited"


def test_quickstart_writes_valid_weights(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    safetensors = pytest.importorskip("safetensors", reason="the quickstart's model needs the safetensors package")
    run(examples / "quickstart", monkeypatch)
    with safetensors.safe_open(examples / "quickstart" / "model" / "model.safetensors", framework="numpy") as weights:
        assert "model.layers.1.mlp.down_proj.weight" in weights.keys()  # noqa: SIM118 - it is no mapping
        assert weights.get_tensor("model.embed_tokens.weight").shape == (259, 64)


def test_quickstart_deploys_a_folder_of_the_users(
    examples: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = run(examples / "quickstart", monkeypatch, {"model": str(model_folder)})
    assert "onnx/model.onnx" in declared["demo-upload"].inputs["files"]
    assert not (examples / "quickstart" / "model").exists()


def test_reference_runs_without_configuration(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = run(examples / "reference", monkeypatch)
    assert declared["models-bucket"].inputs["bucket"] == "modelstore-reference-stack"
    assert declared.exports["service"] == "demo"


def test_reference_with_another_store_tags_and_keys(
    examples: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {
        "backend": '{"kind": "s3-compatible", "endpoint": "http://store:9000", "bucket": "models"}',
        "model": str(model_folder),
        "version": "2024-03-20",
        "tags": '{"latest": "v2", "v2": null, "stable": "2024-01-01"}',
        "earlierVersions": '["2024-01-01"]',
        "serve": "stable",
        "gpus": "0",
        "readerAccessKeyId": "AKIA",
        "readerSecretAccessKey": "hush",
    }
    declared = run(examples / "reference", monkeypatch, config, ("readerSecretAccessKey",))
    predictor = declared["demo-service"].inputs["spec"]["predictor"]
    assert predictor["model"]["storageUri"] == "s3://models/models/demo/2024-01-01/"
    assert "nvidia.com/gpu" not in predictor["model"]["resources"]["limits"]
    assert declared["models-reader-ready"].inputs["accessKeyId"] == "AKIA"
    assert declared["demo-tag-latest"].inputs["target"] == "v2"


def test_reference_documents_every_backend() -> None:
    assert DOCUMENTED.keys() == set(_kinds())


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_reference_runs_with_what_its_readme_shows(
    examples: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    config = {"model": str(model_folder), "readerSecretAccessKey": "hush"}
    for name, value in DOCUMENTED[kind].items():
        project, _, key = name.partition(":")
        config[key if project == "modelstore" else name] = value if isinstance(value, str) else json.dumps(value)
    declared = run(examples / "reference", monkeypatch, config, ("readerSecretAccessKey",))
    bucket = DOCUMENTED[kind]["modelstore:backend"].get("bucket", "models")
    uri = f"{SCHEMES.get(kind, 's3://')}{bucket}/models/demo/"
    assert str(declared["demo-service"].inputs["spec"]["predictor"]["model"]["storageUri"]).startswith(uri)
    assert declared["demo-upload"].inputs["bucket"] == bucket
    assert ("models-reader-even" in declared.resources) == (kind != "s3-compatible")
