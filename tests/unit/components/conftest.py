"""What the component tests share: a small model, and namespaces to declare things in."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "onnx").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "weights.safetensors").write_bytes(b"\x00" * 1000)
    (folder / "onnx" / "model.onnx").write_bytes(b"onnx")
    return folder
