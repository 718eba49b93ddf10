"""A project whose resources are files, so that what a run did can be seen on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

FILES = """
import json, os, time
from pathlib import Path
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

FOLDER = Path(os.environ["FILES"])

class FileProvider(ResourceProvider):
    serialize_as_secret_always = False

    def diff(self, id_, olds, news):
        return DiffResult(changes=olds["text"] != news["text"])

    def create(self, props):
        self._write(props)
        return CreateResult(props["name"], {**props})

    def update(self, id_, olds, news):
        self._write(news)
        return UpdateResult({**news})

    def delete(self, id_, props):
        (FOLDER / id_).unlink(missing_ok=True)

    def _write(self, props):
        if (FOLDER / "slow").exists():
            (FOLDER / ("began-" + props["name"])).touch()
            while (FOLDER / "slow").exists():
                time.sleep(0.02)
        if props["text"] == "refused":
            raise ValueError("this text is refused")
        (FOLDER / props["name"]).write_text(props["text"])

class File(Resource, module="test", name="File"):
    text: pulumi.Output[str]

    def __init__(self, name, text, opts=None):
        super().__init__(FileProvider(), name, {"name": name, "text": text}, opts)
"""


class Project:
    """A project folder with its home and the folder of its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.home = folder / "home"
        self.files = folder / "files"
        for made in (self.folder, self.files):
            made.mkdir(parents=True)
        self.configure()
        (self.folder / "files.py").write_text(FILES)

    def configure(self, **config: object) -> None:
        document = {"name": "filed", "runtime": "python", "config": config}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(document))

    def program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(f"import pulumi\nfrom files import File\n{text}\n")

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MODELSTORE_SANDBOX_HOME": str(self.home),
            "FILES": str(self.files),
            "NO_COLOR": "1",
            "PULUMI_CONFIG_PASSPHRASE": "pw",
        }

    @property
    def state(self) -> Path:
        return self.home / "stacks" / "filed" / "dev.json"

    def written(self) -> dict[str, str]:
        return {
            file.name: file.read_text() for file in self.files.iterdir() if not file.name.startswith(("began", "slow"))
        }
