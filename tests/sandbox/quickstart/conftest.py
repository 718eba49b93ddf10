"""The quickstart's story, told once for all tests of the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.quickstart.story import Story, Told


@pytest.fixture(scope="package")
def told(own_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Deploy, deploy again, change a file, deploy that, prove it, damage it, destroy it."""
    from pulumi_modelstore_sandbox.aws.server import stop

    story = Story(tmp_path_factory.mktemp("quickstart"))
    story.copy_example()
    told = Told(story)
    try:
        told.first = story.run("up")
        told.again = story.run("up", "--expect-no-changes")
        story.change_one_file()
        told.preview = json.loads(story.run("preview", "--json"))
        told.preview_text = story.run("preview")
        told.second = story.run("up")
        told.proof = story.prove()
        with story.damaged():
            told.proof_of_damage = story.prove()
        told.outputs = story.outputs()
        told.manifests = {file.name: file.read_text() for file in story.manifests.rglob("*.yaml")}
        told.files_of_the_engine = _files(story.home / "stacks") | _files(story.project)
        told.objects = story.objects()
        told.destroyed = story.run("destroy")
        told.objects_afterwards = story.objects()
        yield told
    finally:
        stop(story.home)


def _files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
