"""The pod of a declared Job, started as a process of this machine with what its manifests give it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class JobPod:
    """What a Job's only container is started with.

    Args:
        name: of the Job.
        command: of the container, its paths below `folder`.
        environment: what the manifests give it, and nothing of this process but where programs are.
        folder: in the place of the container's root.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(repr=False)
    folder: Path

    @classmethod
    def of_manifests(
        cls,
        manifests: Iterable[dict[str, Any]],
        folder: Path,
        *,
        secrets: Mapping[str, Mapping[str, str]] | None = None,
    ) -> JobPod:
        """Read the only Job among the manifests; `secrets` are of others' making, in clear."""
        objects = {(item["kind"], item["metadata"]["name"]): item for item in manifests}
        (job,) = [item for (kind, _), item in objects.items() if kind == "Job"]
        pod = job["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        known = {name: _clear(item) for (kind, name), item in objects.items() if kind == "Secret"}
        known |= {name: dict(data) for name, data in secrets.items()}
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
        for path, volume in mounts.items():
            place = folder / path.lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            if "configMap" in volume:
                for name, text in objects["ConfigMap", volume["configMap"]["name"]]["data"].items():
                    (place / name).write_text(text, encoding="utf-8")
        environment = {}
        for variable in container["env"]:
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            name = variable["name"]
            environment[name] = variable["value"] if reference is None else known[reference["name"]][reference["key"]]
        environment["HOME"] = str(folder / environment["HOME"].lstrip("/"))
        python, *arguments = container["command"]
        assert python == "python"
        mounted = [str(folder / word.lstrip("/")) if word.startswith(tuple(mounts)) else word for word in arguments]
        return cls(job["metadata"]["name"], [sys.executable, *mounted], environment, folder)

    @property
    def last_word(self) -> Path:
        """In the place of /dev/termination-log."""
        return self.folder / "termination-log"

    def start(self, **more: str) -> subprocess.Popen[str]:
        """Start the container."""
        return subprocess.Popen(
            [*self.command, "--termination-log", str(self.last_word)],
            env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", **self.environment, **more},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **more: str) -> tuple[int, str]:
        """Run it to its end; returns its exit code and its log."""
        process = self.start(**more)
        log, _ = process.communicate(timeout=120)
        return process.returncode, log


def _clear(secret: Mapping[str, Any]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
