"""A pod as it starts from the manifests of a deployed stack."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pod.cloud_webhooks import injected
from pod.kserve_environment import initializer_environment, mounted_files

INITIALIZER = Path(__file__).with_name("initializer.py")


@dataclass(frozen=True)
class Pod:
    """What the init container of a service is started with."""

    storage_uri: str
    environment: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    """Content of what is mounted, by path in the container."""

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
        uri = predictor["model"]["storageUri"]
        added = injected(account, predictor.get("labels") or {})
        environment = added.environment | initializer_environment(account, secrets)
        return cls(uri, environment, added.files | mounted_files(account, secrets))

    def download(self, folder: Path, **overrides: str) -> subprocess.CompletedProcess[str]:
        """Run KServe's own code with nothing else in the environment than a container has by itself."""
        container = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "S3_MAX_ATTEMPTS": "1"}
        uri = overrides.pop("storage_uri", self.storage_uri)
        return subprocess.run(
            [sys.executable, str(INITIALIZER), uri, str(folder)],
            env=container | self._mounted(folder.parent) | overrides,
            cwd=folder.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def _mounted(self, root: Path) -> dict[str, str]:
        """Write the files below `root` in place of the container's own, and lead the variables there."""
        places = {path: root / path.lstrip("/") for path in self.files}
        for path, place in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self.files[path], encoding="utf-8")
        return {name: str(places.get(value, value)) for name, value in self.environment.items()}


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path; links are followed, as a server does."""
    found = [Path(place) / name for place, _, names in os.walk(folder, followlinks=True) for name in names]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}
