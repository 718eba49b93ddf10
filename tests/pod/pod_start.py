"""A pod as it starts from the manifests of a deployed stack."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pod.kserve_environment import initializer_environment

INITIALIZER = Path(__file__).with_name("initializer.py")


@dataclass(frozen=True)
class Pod:
    """What the init container of a service is started with."""

    storage_uri: str
    environment: dict[str, str]

    @classmethod
    def of_service(cls, manifests: Path, name: str) -> Pod:
        """Read the service, its ServiceAccount and the Secrets beside them."""
        objects: dict[tuple[str, str], dict[str, Any]] = {}
        for file in manifests.rglob("*.yaml"):
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
            objects[document["kind"], document["metadata"]["name"]] = document
        predictor = objects["InferenceService", name]["spec"]["predictor"]
        secrets = {name: secret for (kind, name), secret in objects.items() if kind == "Secret"}
        account = objects["ServiceAccount", predictor["serviceAccountName"]]
        return cls(predictor["model"]["storageUri"], initializer_environment(account, secrets))

    def download(self, folder: Path, **overrides: str) -> subprocess.CompletedProcess[str]:
        """Run KServe's own code with nothing else in the environment than a container has by itself."""
        container = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "S3_MAX_ATTEMPTS": "1"}
        uri = overrides.pop("storage_uri", self.storage_uri)
        return subprocess.run(
            [sys.executable, str(INITIALIZER), uri, str(folder)],
            env=container | self.environment | overrides,
            cwd=folder.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
