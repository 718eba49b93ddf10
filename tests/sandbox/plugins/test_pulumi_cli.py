"""The same stand-ins under the real Pulumi CLI, where it is installed."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_sandbox.aws import server
from pulumi_modelstore_sandbox.plugins.executables import write_executables

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

settings = pulumi.Config()
bucket = aws.s3.Bucket("models", tags={"team": settings.get("team") or "llm"})
aws.s3.BucketPublicAccessBlock("block", bucket=bucket.bucket, block_public_acls=True)
user = aws.iam.User("reader")
rights = bucket.arn.apply(lambda arn: json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/*"}],
}))
aws.iam.UserPolicy("rights", user=user.name, policy=rights)
key = aws.iam.AccessKey("key", user=user.name)
for number in range(settings.get_int("more-keys") or 0):
    aws.iam.AccessKey(f"more-{number}", user=user.name, opts=pulumi.ResourceOptions(depends_on=[key]))
if settings.get("wrong"):
    aws.s3.Bucket("wrong", bucket="Not_A_Name")
found = aws.s3.Bucket.get("found", bucket.id)
pulumi.export("bucket", bucket.bucket)
pulumi.export("domain", found.bucket_regional_domain_name)
pulumi.export("secret", key.secret)
pulumi.export("caller", aws.get_caller_identity_output().arn)
"""


def pip_path() -> str:
    """The CLI lists a program's packages with pip, which environments made by uv lack: Python brings one along."""
    if importlib.util.find_spec("pip") is not None:
        return ""
    bundled = importlib.util.find_spec("ensurepip")
    if bundled is None or bundled.origin is None:
        pytest.skip("the environment has no pip, which the Pulumi CLI's Python support calls")
    wheels = sorted(Path(bundled.origin).parent.glob("_bundled/pip-*.whl"))
    if not wheels:
        pytest.skip("the environment has no pip, which the Pulumi CLI's Python support calls")
    return str(wheels[-1])


@dataclass
class Stack:
    project: Path
    home: Path
    environment: dict[str, str]

    def run(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            stdin=subprocess.DEVNULL,
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    def resources(self) -> dict[str, dict[str, Any]]:
        deployment = json.loads(self.run("stack", "export").stdout)["deployment"]
        return {resource["urn"].rpartition("::")[2]: resource for resource in deployment.get("resources", [])}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    if shutil.which("pulumi") is None:
        pytest.skip("the command `pulumi` is not on PATH")
    project, home, plugins = tmp_path / "project", tmp_path / "home", tmp_path / "plugins"
    for folder in (project, tmp_path / "state"):
        folder.mkdir()
    write_executables(plugins)
    (project / "Pulumi.yaml").write_text("name: plugged\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(plugins), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": pip_path(),
        "PULUMI_HOME": str(tmp_path / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}/state",
        "PULUMI_CONFIG_PASSPHRASE": "for this test alone",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "MODELSTORE_SANDBOX_HOME": str(home),
        "NO_COLOR": "1",
    }
    made = Stack(project, home, environment)
    made.run("stack", "init", "dev")
    yield made
    server.stop(home)


def test_a_stack_lives_under_the_cli(stack: Stack) -> None:
    stack.run("up", "--yes", "--skip-preview")
    outputs = json.loads(stack.run("stack", "output", "--json").stdout)
    assert outputs["domain"] == f"{outputs['bucket']}.s3.us-east-1.amazonaws.com"
    assert outputs["caller"].endswith("user/sandbox-deployer")
    assert outputs["secret"] == "[secret]"
    secret = json.loads(stack.run("stack", "output", "--json", "--show-secrets").stdout)["secret"]
    state = stack.run("stack", "export").stdout
    assert len(secret) == 40
    assert secret not in state
    assert "ciphertext" in json.dumps(stack.resources()["key"]["outputs"]["sesSmtpPasswordV4"])

    stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    stack.run("preview", "--expect-no-changes")
    # A change under an argument is shown by its path, and is an update.
    stack.run("config", "set", "team", "vision")
    changed = stack.run("up", "--yes", "--diff").stdout
    assert 'team: "llm" => "vision"' in changed
    assert "~ 1 updated" in changed

    stack.run("destroy", "--yes", "--skip-preview")
    assert stack.resources() == {}


def test_what_is_wrong_is_said_without_a_traceback(stack: Stack) -> None:
    stack.run("config", "set", "wrong", "yes")
    refused = stack.run("preview", code=None)
    assert refused.returncode != 0
    assert "lower-case letters, digits, dots and hyphens, 'Not_A_Name' has A N _" in refused.stdout + refused.stderr
    stack.run("config", "rm", "wrong")

    stack.run("config", "set", "more-keys", "2")
    failed = stack.run("up", "--yes", "--skip-preview", code=None)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "LimitExceeded" in text
    resources = stack.resources()
    existing = [resource["id"] for name, resource in resources.items() if name == "key" or name.startswith("more-")]
    assert len(existing) == 2
    assert all(identity in text for identity in existing)
    # The CLI interrupts the program, whose own traceback it shows; the provider's code is in none.
    assert "pulumi_modelstore_sandbox" not in text
    # The state is whole: what was made can be destroyed.
    stack.run("destroy", "--yes", "--skip-preview")
    assert stack.resources() == {}
