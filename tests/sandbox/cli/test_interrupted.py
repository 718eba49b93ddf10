"""What a killed run had created unrecorded in the sandbox's AWS and cluster is neither left over nor made twice."""

from __future__ import annotations

import datetime
import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from pulumi_modelstore_sandbox.aws.server_record import read_record
from sandbox.cli.programs import Project
from sandbox_command import MODELSTORE, sandbox

ELSEWHERE = """
import pulumi_aws as aws, pulumi_kubernetes as k8s
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
aws.s3.Bucket("named", bucket="in-ireland", region="eu-west-1")
aws.s3.Bucket("prefixed", bucket_prefix="prefixed-")
user = aws.iam.User("user", name="reader")
aws.iam.UserPolicy("policy", user=user.name, name="read", policy=POLICY)
key = aws.iam.AccessKey("key", user=user.name)
k8s.core.v1.Secret("secret", metadata={"name": "secret", "namespace": "n"}, string_data={"key": key.secret})
"""
MANY = """
import pulumi_aws as aws, pulumi_kubernetes as k8s
for number in range(12):
    file = File(f"file-{number}", "x")
    bucket = aws.s3.Bucket(f"b-{number}", bucket=f"bucket-{number}", opts=pulumi.ResourceOptions(depends_on=[file]))
    user = aws.iam.User(f"u-{number}", name=f"user-{number}")
    key = aws.iam.AccessKey(f"k-{number}", user=user.name)
    k8s.core.v1.Secret(f"s-{number}", metadata={"name": f"s-{number}"}, string_data={"key": key.secret})
"""
BEFORE = "2020-01-01T00:00:00Z"


@pytest.fixture
def project(tmp_path: Path, sandbox_home: Path) -> Project:
    made = Project(tmp_path)
    made.home = sandbox_home
    return made


def run(project: Project, *arguments: str) -> str:
    return sandbox(project.folder, *arguments, environment=project.environment).stdout


def there_is(project: Project) -> dict[str, int]:
    """What there is in AWS and in the folder of manifests."""
    record = read_record(project.home / "aws")
    assert record is not None
    access: dict[str, Any] = {
        "endpoint_url": record.url,
        "region_name": record.region,
        "aws_access_key_id": record.access_key_id,
        "aws_secret_access_key": record.secret_access_key,
    }
    iam, s3 = boto3.client("iam", **access), boto3.client("s3", **access)
    users = [user["UserName"] for user in iam.list_users()["Users"]]
    own = [name for name in users if name.startswith(("user-", "reader"))]
    return {
        "buckets": len(s3.list_buckets()["Buckets"]),
        "users": len(own),
        "keys": sum(len(iam.list_access_keys(UserName=name)["AccessKeyMetadata"]) for name in own),
        "manifests": len([path for path in (project.home / "manifests").rglob("*") if path.is_file()]),
        "files": len(project.written()),
    }


def forget(project: Project, *names: str, began: str | None = None) -> None:
    """Turn resources in the state into what a killed run leaves: creations that began and did not end."""
    document = json.loads(project.state.read_text())
    kept: list[dict[str, Any]] = []
    pending: list[dict[str, Any]] = []
    for resource in document["deployment"]["resources"]:
        if resource["urn"].rpartition("::")[2] not in names:
            kept.append(resource)
            continue
        del resource["id"], resource["outputs"]
        resource["created"] = began or a_little_before(resource["created"])
        pending.append({"resource": resource, "type": "creating"})
    assert len(pending) == len(names)
    document["deployment"] |= {"resources": kept, "pending_operations": pending}
    project.state.write_text(json.dumps(document))


def a_little_before(recorded: str) -> str:
    """A creation that ended has the time of its end, which may be a second later than what the server made has."""
    return (datetime.datetime.fromisoformat(recorded) - datetime.timedelta(seconds=10)).isoformat()


@pytest.mark.parametrize("lost", [("named", "prefixed", "user"), ("key", "policy"), ("secret",)])
def test_the_next_run_makes_it_once(project: Project, lost: tuple[str, ...]) -> None:
    project.program(ELSEWHERE)
    run(project, "up")
    whole = there_is(project)
    assert whole == {"buckets": 2, "users": 1, "keys": 1, "manifests": 1, "files": 0}
    if "user" in lost:
        # Nothing that depends on a resource is begun before it is recorded.
        project.program(
            "\n".join(line for line in ELSEWHERE.splitlines() if "user.name" not in line and "key" not in line)
        )
        run(project, "up")
        whole = there_is(project)
    forget(project, *lost)
    shown = run(project, "up")
    assert "which an interrupted run had created unrecorded" in shown
    assert "interrupted while creating" not in shown
    assert there_is(project) == whole
    run(project, "preview", "--expect-no-changes")
    run(project, "destroy")
    assert set(there_is(project).values()) == {0}


def test_destroying_takes_it_along(project: Project) -> None:
    project.program(ELSEWHERE)
    run(project, "up")
    forget(project, "named", "prefixed", "key", "policy", "secret")
    run(project, "destroy")
    assert set(there_is(project).values()) == {0}
    assert "pending_operations" not in json.loads(project.state.read_text())["deployment"]


def test_what_is_older_than_the_creation_is_somebody_else_s(project: Project) -> None:
    project.program(ELSEWHERE)
    run(project, "up")
    whole = there_is(project)
    forget(project, "named", "prefixed", "secret", began=BEFORE)
    run(project, "destroy")
    assert there_is(project) == whole | {"keys": 0, "users": 0}


def test_killed_at_any_moment(project: Project) -> None:
    project.program(MANY)
    run(project, "up")
    whole = there_is(project)
    assert whole == {"buckets": 12, "users": 12, "keys": 12, "manifests": 12, "files": 12}
    for _ in range(3):
        run(project, "destroy")
        assert set(there_is(project).values()) == {0}
        before = project.state.stat().st_mtime_ns
        with subprocess.Popen(
            [*MODELSTORE, "up"], cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL
        ) as killed:
            while project.state.stat().st_mtime_ns == before and killed.poll() is None:
                time.sleep(0.01)
            time.sleep(random.uniform(0, 0.8))
            killed.send_signal(signal.SIGKILL)
        assert json.loads(project.state.read_text())["version"] == 3
        run(project, "up")
        assert there_is(project) == whole
        run(project, "preview", "--expect-no-changes")
