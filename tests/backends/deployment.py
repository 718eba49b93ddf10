"""The one stack, deployed on a backend as a user does it; every word of it is kept."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from backends.rig import Deployed, Rig, Stack, StoreKey
from pod.kserve_environment import decoded
from pod.pod_start import Pod, tree
from sandbox_command import STACK, sandbox

PASSPHRASE = "a passphrase for tests"
PROGRAM = Path(__file__).with_name("stack")
KILLED_RUN = Path(__file__).with_name("killed_run.py")
NO_AWS = {
    "MODELSTORE_SANDBOX_AWS_ENDPOINT": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}
"""Nothing answers there: a backend that is not AWS needs none, and the sandbox starts none."""
MODEL = {"config.json": 700, "tokenizer.json": 90_000, "weights/model-00001.safetensors": 9 * 2**20}
"""Bytes of each file; the weights take more than one part."""


@dataclass
class Deployment:
    """A copy of the stack with a bucket of its own.

    Args:
        rig: the store.
        bucket: name of the bucket.
        folder: an empty folder for project and home.
        makes_bucket: whether the bucket is made in the console where the stack cannot make it.
        name: of the Pulumi project.
        prefix: the part of the bucket for the namespace.
    """

    rig: Rig
    bucket: str
    folder: Path
    makes_bucket: bool = True
    name: str = "one-stack"
    prefix: str = ""
    said: list[str] = field(default_factory=list)
    """What every command printed."""
    keys: list[StoreKey] = field(default_factory=list)
    """The key that was current after each rotation, the oldest first."""
    _settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher

        self._cipher = PassphraseCipher.create(PASSPHRASE)
        shutil.copytree(PROGRAM, self.project)
        content = random.Random(1)
        for name, size in MODEL.items():
            file = self.project / "model" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.randbytes(size))
        project_file = self.project / "Pulumi.yaml"
        described = yaml.safe_load(project_file.read_text(encoding="utf-8")) | {"name": self.name}
        project_file.write_text(yaml.safe_dump(described), encoding="utf-8")
        narrowed = {"prefix": self.prefix} if self.prefix else {}
        self.configure(backend={**self.rig.settings(self.bucket), **narrowed}, **self.rig.configuration)
        if self.rig.cannot_create and self.makes_bucket:
            self.rig.make_bucket(self.bucket)
            self.configure(adopt=True)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def manifests(self) -> Path:
        return self.home / "manifests" / self.name / "dev"

    @property
    def state(self) -> Path:
        return self.home / "stacks" / self.name / "dev.json"

    @property
    def environment(self) -> dict[str, str]:
        folders = [str(folder) for folder in self.rig.path]
        return {
            **NO_AWS,
            **self.rig.environment,
            "MODELSTORE_SANDBOX_HOME": str(self.home),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PATH": os.pathsep.join([*folders, os.environ["PATH"]]),
            "NO_COLOR": "1",
        }

    def configure(self, **config: Any) -> None:
        """Set configuration; a `StoreKey` becomes two entries, its secret sealed as the CLI does it; None unsets."""
        self._settings |= config
        entries: dict[str, Any] = {}
        for name, value in self._settings.items():
            key = name if ":" in name else f"{self.name}:{name}"
            if isinstance(value, StoreKey):
                entries[f"{key}AccessKeyId"] = value.access_key_id
                entries[f"{key}SecretAccessKey"] = {"secure": self._cipher.encrypt(value.secret)}
            elif value is not None:
                entries[key] = value
        document = {"encryptionsalt": self._cipher.recorded, "config": entries}
        (self.project / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    def run(
        self, *arguments: str, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `modelstore sandbox ...` on it."""
        done = sandbox(self.project, *arguments, environment={**self.environment, **(environment or {})}, check=False)
        self.said += [done.stdout, done.stderr]
        if check:
            assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def run_killed(self, resource: str) -> None:
        """Run `up`, which dies when the resource was created and is not recorded yet."""
        done = subprocess.run(
            [sys.executable, str(KILLED_RUN), resource, "up", "--json", "--stack", STACK],
            cwd=self.project,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
        )
        self.said += [done.stdout, done.stderr]
        assert done.returncode == -signal.SIGKILL, f"ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        recorded = json.loads(self.state.read_text(encoding="utf-8"))["deployment"]
        pending = [operation["resource"]["urn"].rpartition("::")[2] for operation in recorded["pending_operations"]]
        assert resource in pending

    def rotate(self) -> None:
        """Configure the next generation; the first is 0. Nothing runs."""
        generation = len(self.keys)
        if (brought := self.rig.bring_key(self.bucket)) is None:
            self.configure(rotation=generation)
        else:
            names = [f"reader{number}" for number in range(generation, max(generation - 2, -1), -1)]
            self.configure(**{f"reader{generation}": brought}, keys=names)

    def up(self) -> None:
        """Deploy, and note the key that is current now where it is another one."""
        # Text is for people; JSON spares the preview before the update.
        self.run("up", *(["--json"] if self.keys else []))
        key = self.current_key()
        if not self.keys or self.keys[-1] != key:
            self.keys.append(key)

    def current_key(self) -> StoreKey:
        """The key in the Secret that pods read; raises LookupError while there is none."""
        for item in self.objects_declared():
            if item["kind"] == "Secret":
                return self.rig.key_of_secret(decoded(item))
        raise LookupError("the Secret")

    def objects_declared(self) -> list[dict[str, Any]]:
        """What is in the cluster."""
        found = []
        for file in self.manifests.rglob("*.yaml"):
            # Another run may be deleting it.
            with suppress(FileNotFoundError):
                found.append(yaml.safe_load(file.read_text(encoding="utf-8")))
        return found

    def pod(self) -> Pod:
        return Pod.of_service(self.manifests, "tiny")

    def model(self) -> dict[str, bytes]:
        """The model's files."""
        return tree(self.project / "model")

    def object_key(self, name: str) -> str:
        """Where a file of the model is in the bucket."""
        return self.pod().storage_uri.partition(f"/{self.bucket}/")[2] + name

    def exported(self) -> str:
        """The state as `export` gives it."""
        return self.run("export").stdout

    def stack(self) -> Stack:
        """The deployed resources."""
        resources = json.loads(self.exported())["deployment"].get("resources", [])
        return Stack(
            Deployed(
                type=item["type"],
                name=item["urn"].rpartition("::")[2],
                id=item.get("id", ""),
                inputs=item.get("inputs", {}),
                outputs=item.get("outputs", {}),
            )
            for item in resources
        )
