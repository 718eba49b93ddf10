"""A checkout of a program, and a stack of it in the sandbox that other checkouts share."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox_command import sandbox
from servers.versitygw import VersityGateway

NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Checkout:
    """A folder with the program. `environment` is what its user has; `home` the state, which all checkouts share."""

    folder: Path
    home: Path
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def of_program(cls, folder: Path, name: str, program: str, environment: Mapping[str, str]) -> Checkout:
        """Write the program into a new folder."""
        folder.mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        (folder / "__main__.py").write_text(program)
        return cls(folder, folder.parent / f"{name}-home", environment)

    @property
    def lock(self) -> Path:
        return self.folder / "modelstore.lock"

    @property
    def manifests(self) -> list[dict[str, Any]]:
        """What is in the cluster."""
        return [yaml.safe_load(file.read_text()) for file in (self.home / "manifests").rglob("*.yaml")]

    def cloned(self, folder: Path, environment: Mapping[str, str]) -> Checkout:
        """What git has of it, elsewhere: no weights."""
        folder.mkdir()
        for name in ("Pulumi.yaml", "__main__.py", "modelstore.lock"):
            shutil.copy(self.folder / name, folder)
        return Checkout(folder, self.home, environment)

    def run(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {
            "MODELSTORE_SANDBOX_HOME": str(self.home),
            "MODELSTORE_SANDBOX_AWS_ENDPOINT": NOWHERE,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
            "NO_COLOR": "1",
        }
        return sandbox(self.folder, *arguments, environment={**given, **self.environment, **environment}, check=check)

    def preview(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("preview", "--json").stdout)
        return found

    def said(self, *arguments: str, **environment: str) -> str:
        """What a command that fails says."""
        done = self.run(*arguments, check=False, **environment)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr


def store_key(gateway: VersityGateway, bucket: str, *, write: bool) -> dict[str, str]:
    """The environment with a key that may read the bucket, or also write to it."""
    client = gateway.client("iam")
    user = f"{bucket}-{'writer' if write else 'reader'}"
    actions = ["s3:GetObject", *(["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"] if write else [])]
    listing = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    statements = [
        {"Effect": "Allow", "Action": listing, "Resource": f"arn:aws:s3:::{bucket}"},
        {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:s3:::{bucket}/*"},
    ]
    client.create_user(UserName=user)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    client.put_user_policy(UserName=user, PolicyName="access", PolicyDocument=document)
    key = client.create_access_key(UserName=user)["AccessKey"]
    return {"STORE_ACCESS_KEY_ID": key["AccessKeyId"], "STORE_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
