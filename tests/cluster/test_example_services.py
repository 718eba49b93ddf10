"""The programs of examples/services: what they declare, taken by a real API server, and what of them is refused."""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from cluster.test_golden import GOLDEN, apply, golden_text
from pulumi_modelstore import InvalidArguments
from servers.apiserver import ApiServer
from unit.components.declared import Declared, declare

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(folder.name for folder in (EXAMPLES / "services").iterdir() if folder.is_dir())
CONFIG = {"readerAccessKeyId": "AKIAEXAMPLE", "readerSecretAccessKey": "hush", "revision": "0a" * 20}


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("model", ".sandbox", "__pycache__", ".venv")
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=ignored)
    return tmp_path / "examples" / "services"


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Declared:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    sys.modules.pop("small_model", None)
    program = folder / "__main__.py"
    return declare(
        lambda: runpy.run_path(str(program), run_name="__main__") and None,
        config=CONFIG,
        secrets=("readerSecretAccessKey",),
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_example_declares_what_its_file_says(name: str, examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    golden_text(run(examples / name, monkeypatch), GOLDEN / "examples" / f"{name}.yaml")


def test_every_example_has_a_file() -> None:
    assert [file.stem for file in sorted((GOLDEN / "examples").glob("*.yaml"))] == NAMES
    assert len(NAMES) == 5


@pytest.mark.parametrize("name", NAMES)
def test_an_api_server_takes_an_example(name: str, apiserver: ApiServer, namespace: str) -> None:
    for item in yaml.safe_load_all((GOLDEN / "examples" / f"{name}.yaml").read_text(encoding="utf-8")):
        apply(apiserver, item, namespace)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_names_it(name: str) -> None:
    assert f"| {name} |" in (EXAMPLES / "services" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "written", "instead", "said"),
    [
        ("qwen", '"30Gi"', '"15Gi"', "size"),
        (
            "qwen",
            'memory="24Gi"',
            'memory="16Gi"',
            "gpu.memory: 1 x 16Gi are 17179869184 bytes, the model has 17500000000",
        ),
        ("devstral", '"ReadWriteMany"', '"ReadWriteOnce"', 'volume "devstral-small" is ReadWriteOnce'),
        ("devstral", 'memory="80Gi"', 'memory="48Gi"', "the model has 48000000000"),
        ("two-nodes", "pipeline=2, nodes=2", "pipeline=1, nodes=2", "tensor 8 x pipeline 1 are 8 GPUs"),
        ("two-nodes", '"kserve-huggingfaceserver-multinode"', '"kserve-vllmserver"', "has no workerSpec"),
        (
            "two-nodes",
            "model=volume",
            'model="hf://meta-llama/Llama-3.1-405B"',
            "on 2 nodes KServe takes pvc:// or oci://",
        ),
        ("claim", 'model_path="llama"', 'model_path="../llama"', "leads out of the volume"),
        ("bucket", 'qwen.at("latest")', 'qwen.at("v3")', '"v3" is none of them'),
        ("bucket", "    credentials=credentials,\n", "", "credentials: are missing: pods could not read the model"),
    ],
)
def test_what_would_not_work_is_refused(
    name: str, written: str, instead: str, said: str, examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = examples / name / "__main__.py"
    text = program.read_text(encoding="utf-8")
    assert written in text
    program.write_text(text.replace(written, instead), encoding="utf-8")
    with pytest.raises(InvalidArguments) as refused:
        run(examples / name, monkeypatch)
    assert said in str(refused.value)
