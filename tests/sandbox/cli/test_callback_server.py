"""A program that fails while the SDK's server for its hooks starts: in a process of its own, which gRPC could crash."""

from __future__ import annotations

from pathlib import Path

from sandbox_command import sandbox

PROGRAM = """
import pulumi
from pulumi_modelstore import AwsS3, StorageNamespace

hook = pulumi.ResourceHook("noting", lambda args: None)
hooks = pulumi.ResourceHookBinding(before_create=[hook])
StorageNamespace("models", backend=AwsS3(bucket="Not_A_Bucket"), opts=pulumi.ResourceOptions(hooks=hooks))
"""


def test_a_refused_program_with_a_hook_ends_with_its_refusal(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: hooked\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    done = sandbox(tmp_path, "preview", environment={"NO_COLOR": "1"}, check=False)
    assert done.returncode == 1, done.stderr
    assert "Not_A_Bucket" in done.stdout + done.stderr
