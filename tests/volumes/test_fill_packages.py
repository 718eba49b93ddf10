"""What a fill installs into its pod where the image does not have it."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_provider.fills.program import fill_program
from pulumi_modelstore_provider.fills.specification import Specification

pytest.importorskip("pip", reason="the interpreter of the tests has no pip")


def write_wheel(folder: Path) -> None:
    """A wheel with one module, as an index would serve it."""
    files = {
        "modelstore_test_wheel.py": b"VALUE = 1\n",
        "modelstore_test_wheel-1.0.dist-info/METADATA": (
            b"Metadata-Version: 2.1\nName: modelstore-test-wheel\nVersion: 1.0\n"
        ),
        "modelstore_test_wheel-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_hash(body)},{len(body)}\n" for name, body in files.items())
    with zipfile.ZipFile(folder / "modelstore_test_wheel-1.0-py3-none-any.whl", "w") as wheel:
        for name, body in files.items():
            wheel.writestr(name, body)
        wheel.writestr("modelstore_test_wheel-1.0.dist-info/RECORD", record)


def _hash(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def run(folder: Path, packages: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "weights.gguf").write_bytes(b"weights")
    (folder / "volume").mkdir(exist_ok=True)
    source: dict[str, Any] = {"type": "image", "image": "registry.example.org/m@sha256:0a"}
    specification = Specification(source, reach={"path": str(folder / "model")}, packages=packages)
    (folder / "fill.json").write_text(specification.to_json())
    (folder / "fill.pyz").write_bytes(fill_program())
    environment = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PATH": "/usr/bin:/bin",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    command = [sys.executable, folder / "fill.pyz", "fill", folder / "fill.json", folder / "volume"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)


def test_a_missing_package_is_installed_for_this_process_alone(tmp_path: Path) -> None:
    write_wheel(tmp_path)
    done = run(tmp_path, {"modelstore_test_wheel": "modelstore-test-wheel>=1", "json": "never-asked-for"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "volume" / "weights.gguf").read_bytes() == b"weights"
    assert list(tmp_path.glob("packages-*/modelstore_test_wheel.py"))
    absent = subprocess.run([sys.executable, "-c", "import modelstore_test_wheel"], capture_output=True)
    assert absent.returncode == 1, "the image is as it was"


def test_a_package_that_cannot_be_had_is_explained(tmp_path: Path) -> None:
    done = run(tmp_path, {"no.such.module": "no-such-package>=1"})
    assert done.returncode == 1
    assert "The fill needs no-such-package>=1, which its image does not have" in done.stdout
    assert "name an index that the cluster reaches in PIP_INDEX_URL" in done.stdout
    assert not list((tmp_path / "volume").iterdir())
