"""The quickstart from first deployment to destruction, in a copy of it; what each command said is kept."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox_command import sandbox

QUICKSTART = Path(__file__).parents[3] / "examples/quickstart"
OUTSIDE = {".sandbox", "model", "__pycache__"}
BUCKET = "modelstore-quickstart-dev"
CHANGED = "config.json"


@dataclass
class Story:
    """A copy of the example, its home, and every word that was printed."""

    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def project(self) -> Path:
        return self.folder / "quickstart"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def manifests(self) -> Path:
        return self.home / "manifests/modelstore-quickstart/dev"

    @property
    def state(self) -> Path:
        return self.home / "stacks/modelstore-quickstart/dev.json"

    @property
    def environment(self) -> dict[str, str]:
        return {"MODELSTORE_SANDBOX_HOME": str(self.home)}

    def copy_example(self) -> None:
        shutil.copytree(QUICKSTART, self.project, ignore=shutil.ignore_patterns(*OUTSIDE))

    def run(self, *arguments: str) -> str:
        done = sandbox(self.project, *arguments, environment=self.environment)
        self.said += [done.stdout, done.stderr]
        return done.stdout

    def prove(self) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "prove.py"],
            cwd=self.project,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.said += [done.stdout, done.stderr]
        return done

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs with secrets in clear; not among what was said."""
        done = sandbox(self.project, "outputs", "--json", "--show-secrets", environment=self.environment)
        outputs: dict[str, Any] = json.loads(done.stdout)
        return outputs

    def change_one_file(self) -> None:
        file = self.project / "model" / CHANGED
        file.write_text(file.read_text().replace('"float16"', '"float32"'))

    def administrator(self, service: str) -> Any:
        """A client of the sandbox's AWS that may do everything."""
        import boto3

        from pulumi_modelstore_sandbox.aws.server import ensure_running

        endpoint = ensure_running(self.home)
        return boto3.client(
            service,
            endpoint_url=endpoint.url,
            region_name=endpoint.region,
            aws_access_key_id=endpoint.access_key_id,
            aws_secret_access_key=endpoint.secret_access_key,
        )

    def objects(self) -> dict[str, bytes]:
        """Every object in the quickstart's bucket."""
        s3 = self.administrator("s3")
        listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed}

    @contextmanager
    def damaged(self) -> Iterator[None]:
        """One byte of the deployed model differs for as long as the block lasts."""
        s3 = self.administrator("s3")
        key = max(
            (item for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"] if item["Key"].endswith(f"/{CHANGED}")),
            key=lambda item: item["LastModified"],
        )["Key"]
        sound = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        s3.put_object(Bucket=BUCKET, Key=key, Body=sound[:-1] + b" ")
        yield
        s3.put_object(Bucket=BUCKET, Key=key, Body=sound)


@dataclass(repr=False)
class Told:
    """What each chapter of the story left to look at."""

    story: Story
    first: str = ""
    again: str = ""
    preview: dict[str, Any] = field(default_factory=dict)
    preview_text: str = ""
    second: str = ""
    proof: subprocess.CompletedProcess[str] | None = None
    proof_of_damage: subprocess.CompletedProcess[str] | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    manifests: dict[str, str] = field(default_factory=dict)
    files_of_the_engine: dict[Path, bytes] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    destroyed: str = ""
    objects_afterwards: dict[str, bytes] = field(default_factory=dict)


def changes(preview: dict[str, Any]) -> dict[str, dict[str, tuple[Any, Any]]]:
    """Inputs that differ, as (old, new) by path, of each resource that a preview would change, by its name."""
    found = {}
    for step in preview["steps"]:
        if step["op"] != "same":
            old, new = (_leaves(step[state]["inputs"]) for state in ("oldState", "newState"))
            paths = sorted(old.keys() | new.keys())
            found[step["urn"].rsplit("::", 1)[1]] = {
                path: (old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)
            }
    return found


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict) and value:
        found: dict[str, Any] = {}
        for key, item in value.items():
            found |= _leaves(item, f"{path}/{key}")
        return found
    return {path: value}


def forms_of(secret: str) -> tuple[bytes, ...]:
    """A secret as it would look in a file: as it is, and as Kubernetes encodes it."""
    return (secret.encode(), base64.b64encode(secret.encode()))
