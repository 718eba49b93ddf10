"""The Job that makes a bucket from within the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems
from pulumi_modelstore.arguments.kubernetes import label_name_problems
from pulumi_modelstore.arguments.refusal import Refusal, refuse
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.serving.environment import SecretKey
from pulumi_modelstore.workspace.image import image_problems

if TYPE_CHECKING:
    from pulumi_modelstore.workspace.object_server import ObjectServer

SCRIPT = 'aws s3api head-bucket --bucket "$BUCKET" 2>/dev/null || aws s3api create-bucket --bucket "$BUCKET"'
"""What the Job runs; a bucket that is there is left as it is."""
_CA_FILE = "/etc/server/ca.crt"


def declare_bucket_job(
    server: ObjectServer, bucket: str, *, image: pulumi.Input[str], name: str | None
) -> KubernetesObject | None:
    """Declare it as a child of the server; None where something was refused."""
    job = f"{server.given_name}-{bucket}" if name is None else name
    problems = bucket_name_problems(bucket) + image_problems(image, example="docker.io/amazon/aws-cli:2.31.0")
    problems += label_name_problems(job, argument="name")
    if problems:
        refuse(Refusal("bucket_job", job, tuple(problems)))
    if problems or server.refused:
        return None
    metadata = {"name": job, "namespace": server.space}
    return KubernetesObject(
        f"{server.given_name}-bucket-{bucket}",
        api_version="batch/v1",
        kind="Job",
        manifest={"metadata": metadata, "spec": _spec(server, bucket, image)},
        # Nothing of a finished Job can be changed.
        opts=pulumi.ResourceOptions(parent=server, depends_on=[*server.after], delete_before_replace=True),
    )


def _spec(server: ObjectServer, bucket: str, image: pulumi.Input[str]) -> dict[str, Any]:
    environment: list[dict[str, Any]] = [
        {"name": "AWS_ENDPOINT_URL", "value": server.endpoint_input},
        {"name": "AWS_REGION", "value": server.region},
        {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"},
        {"name": "BUCKET", "value": bucket},
        {"name": "HOME", "value": "/tmp"},  # noqa: S108 - the pod's own
    ]
    environment += [
        SecretKey(secret=server.given_name, key=key).variable(key)
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    ]
    mounts: list[dict[str, Any]] = [{"name": "scratch", "mountPath": "/tmp"}]  # noqa: S108 - the pod's own
    volumes: list[dict[str, Any]] = [{"name": "scratch", "emptyDir": {}}]
    if server.tls_secret:
        environment.append({"name": "AWS_CA_BUNDLE", "value": _CA_FILE})
        mounts.append({"name": "trust", "mountPath": _CA_FILE, "subPath": "ca.crt", "readOnly": True})
        volumes.append({"name": "trust", "secret": {"secretName": server.tls_secret}})
    container = {
        "name": "bucket",
        "image": image,
        "command": ["sh", "-c", SCRIPT],
        "env": environment,
        "volumeMounts": mounts,
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": volumes,
    }
    # The server may take a while to start; each attempt waits twice as long as the one before.
    return {"backoffLimit": 10, "template": {"spec": pod}}
