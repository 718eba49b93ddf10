"""The stack of the workspace stores, deployed by the sandbox."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher
from sandbox_command import sandbox
from servers.apiserver import apiserver

__all__ = ["apiserver"]

PASSPHRASE = "a passphrase for tests"
EXISTING_PASSWORD = "password-of-an-existing-server"


@dataclass(frozen=True)
class Deployed:
    """A project's stack and what runs it."""

    project: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, check: bool = True) -> str:
        settings = {"MODELSTORE_SANDBOX_HOME": str(self.home), "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
        done = sandbox(self.project, *arguments, environment=settings | self.environment, check=check)
        return done.stdout + done.stderr

    def state(self) -> str:
        return self.run("export")

    def objects(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The manifests by kind and name."""
        documents = [yaml.safe_load(file.read_text()) for file in (self.home / "manifests").rglob("*.yaml")]
        return {(document["kind"], document["metadata"]["name"]): document for document in documents}

    def outputs(self) -> dict[str, Any]:
        return dict(json.loads(self.run("outputs", "--json", "--show-secrets")))


def secret_environment(secret: dict[str, Any]) -> dict[str, str]:
    """What `envFrom` with that Secret puts into a container's environment."""
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def copied(stack: Path, folder: Path, config: dict[str, str], secrets: dict[str, str]) -> Path:
    """A copy of a stack's program with its configuration; secrets are sealed as the CLI does it."""
    project = folder / "project"
    shutil.copytree(stack, project)
    name = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
    cipher = PassphraseCipher.create(PASSPHRASE)
    values: dict[str, Any] = {f"{name}:{key}": value for key, value in config.items()}
    values |= {f"{name}:{key}": {"secure": cipher.encrypt(value)} for key, value in secrets.items()}
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"encryptionsalt": cipher.recorded, "config": values}))
    return project


@pytest.fixture
def stores_project(tmp_path: Path) -> Iterator[Path]:
    from pulumi_modelstore_sandbox.aws.server import stop

    config, secrets = {"elsewhereUrl": "rediss://old.example.org:6380/2"}, {"elsewherePassword": EXISTING_PASSWORD}
    yield copied(Path(__file__).with_name("stack"), tmp_path, config, secrets)
    stop(tmp_path / "home")
