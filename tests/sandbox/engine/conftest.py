from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modelstore_sandbox.engine.providers import sources
from sandbox.engine.file_provider import FOLDER
from sandbox.engine.stacks import Stack


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """An empty stack; the package `files` is served by a provider that keeps its objects in a folder."""
    monkeypatch.setitem(sources.IN_PROCESS, "files", "sandbox.engine.file_provider:FileProvider")
    objects, folder = tmp_path / "objects", tmp_path / "project"
    objects.mkdir()
    folder.mkdir()
    monkeypatch.setenv(FOLDER, str(objects))
    return Stack(folder, objects)
