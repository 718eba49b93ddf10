"""A stack without a single key: pods assume a role by their ServiceAccount's token, and read with that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pod.cloud_webhooks import AWS_AUDIENCE, AWS_MOUNT, ISSUER, service_account_token
from pod.pod_start import Pod, tree
from pod.test_storage_initializer import MODEL, write_model
from pulumi_modelstore_sandbox.aws.endpoint import AwsEndpoint
from sandbox_command import sandbox
from servers.versitygw import VersityGateway

pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")

STACK = Path(__file__).with_name("identity_stack")
BUCKET, LOGS = "models-by-role", "logs-of-models"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"


@dataclass(frozen=True)
class Deployed:
    """The stack as it was deployed, and AWS as it is in the sandbox."""

    project: Path
    home: Path
    aws: AwsEndpoint

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.aws.url,
            region_name=self.aws.region,
            aws_access_key_id=self.aws.access_key_id,
            aws_secret_access_key=self.aws.secret_access_key,
        )

    def run(self, *arguments: str, check: bool = True) -> str:
        environment = {"MODELSTORE_SANDBOX_HOME": str(self.home), "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests"}
        return sandbox(self.project, *arguments, environment=environment, check=check).stdout

    def pod(self, service: str) -> Pod:
        """A pod of the service, in a network where AWS is the sandbox's."""
        found = Pod.of_service(self.home / "manifests/identity/dev", service)
        return replace(found, environment=found.environment | {"AWS_ENDPOINT_URL": self.aws.url})


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    from pulumi_modelstore_sandbox.aws import server

    folder = tmp_path_factory.mktemp("identity")
    project, home = folder / "project", folder / "home"
    shutil.copytree(STACK, project)
    write_model(project / "model")
    config = {"bucket": BUCKET, "logs": LOGS, "provider": PROVIDER}
    settings = {"config": {f"identity:{name}": value for name, value in config.items()}}
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    made = Deployed(project, home, server.ensure_running(home))
    try:
        made.run("up", "--yes")
        yield made
    finally:
        server.stop(home)


def test_a_pod_reads_the_model_without_a_key(deployed: Deployed, tmp_path: Path) -> None:
    pod = deployed.pod("reader")
    assert set(pod.environment) == {
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
    done = pod.download(tmp_path / "models")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == tree(deployed.project / "model")


@pytest.mark.parametrize(
    ("subject", "audience"),
    [
        ("system:serviceaccount:serving:default", AWS_AUDIENCE),
        ("system:serviceaccount:default:model-reader", AWS_AUDIENCE),
        ("system:serviceaccount:serving:model-reader", "https://kubernetes.default.svc"),
    ],
    ids=["account", "namespace", "audience"],
)
def test_no_other_pod_assumes_the_role(deployed: Deployed, tmp_path: Path, subject: str, audience: str) -> None:
    pod = deployed.pod("reader")
    done = replace(pod, files={AWS_MOUNT: service_account_token(subject, audience)}).download(tmp_path / "models")
    assert (done.returncode, "Not authorized to perform sts:AssumeRoleWithWebIdentity" in done.stderr) == (1, True)
    assert tree(tmp_path / "models") == {}


def test_the_role_opens_the_namespace_alone(deployed: Deployed, tmp_path: Path) -> None:
    s3 = deployed.client("s3")
    s3.put_object(Bucket=BUCKET, Key="team-b/models/secret.bin", Body=b"not for this pod")
    s3.put_object(Bucket=LOGS, Key="models/secret.bin", Body=b"not for this pod")
    for uri in (f"s3://{BUCKET}/team-b/models/", f"s3://{LOGS}/models/"):
        done = deployed.pod("reader").download(tmp_path / "models", storage_uri=uri)
        assert done.returncode == 1, done.stderr
        assert "not for this pod" not in str(tree(tmp_path / "models"))


def test_an_endpoint_of_s3_alone_gives_no_role(deployed: Deployed, versitygw: VersityGateway, tmp_path: Path) -> None:
    # Why an endpoint of S3 is refused beside a role: what KServe is told of it holds for STS too.
    done = deployed.pod("reader").download(tmp_path / "models", AWS_ENDPOINT_URL=versitygw.endpoint)
    assert (done.returncode, "AssumeRoleWithWebIdentity" in done.stderr) == (1, True), done.stderr


def test_readers_do_not_write_and_writers_do(deployed: Deployed) -> None:
    import boto3
    from botocore.exceptions import ClientError

    def as_pod(service: str) -> Any:
        pod = deployed.pod(service)
        given = deployed.client("sts").assume_role_with_web_identity(
            RoleArn=pod.environment["AWS_ROLE_ARN"], RoleSessionName="pod", WebIdentityToken=pod.files[AWS_MOUNT]
        )["Credentials"]
        return boto3.client(
            "s3",
            endpoint_url=deployed.aws.url,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    key = "team-a/models/other.bin"
    with pytest.raises(ClientError, match="AccessDenied"):
        as_pod("reader").put_object(Bucket=BUCKET, Key=key, Body=b"")
    as_pod("writer").put_object(Bucket=BUCKET, Key=key, Body=b"")
    with pytest.raises(ClientError, match="AccessDenied"):
        as_pod("writer").put_object(Bucket=BUCKET, Key="team-b/other.bin", Body=b"")
    as_pod("writer").delete_object(Bucket=BUCKET, Key=key)


def test_there_is_no_key_and_no_secret(deployed: Deployed) -> None:
    assert list((deployed.home / "manifests").rglob("*secret*")) == []
    users = [user["UserName"] for user in deployed.client("iam").list_users()["Users"]]
    assert users == ["sandbox-deployer"]
    state = json.loads(deployed.run("export"))
    types = {resource["type"] for resource in state["deployment"]["resources"]}
    assert "aws:iam/role:Role" in types
    assert not any("ccessKey" in kind or kind.endswith(":Secret") for kind in types)


def test_the_bucket_s_log_is_on(deployed: Deployed) -> None:
    found = deployed.client("s3").get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"]
    assert found == {"TargetBucket": LOGS, "TargetPrefix": "models/"}


def test_it_is_stable_and_destroy_leaves_every_object_and_the_log(deployed: Deployed) -> None:
    deployed.run("preview", "--expect-no-changes")
    deployed.run("refresh", "--yes", "--expect-no-changes")
    s3, iam = deployed.client("s3"), deployed.client("iam")

    def objects() -> dict[str, bytes]:
        listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        return {entry["Key"]: s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}

    before = objects()
    assert len(before) > len(MODEL)
    deployed.run("destroy", "--yes")
    assert objects() == before
    assert "LoggingEnabled" in s3.get_bucket_logging(Bucket=BUCKET)
    assert iam.list_roles()["Roles"] == []
