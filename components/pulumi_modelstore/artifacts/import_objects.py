"""The Kubernetes objects of an import: the request, the key that writes, and the Job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import CheckedComponent
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.artifacts.import_job import ImportJob
from pulumi_modelstore.artifacts.import_request import FOLDER, TARGET
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.kserve.pull_secrets import PullSecrets
from pulumi_modelstore.kserve.secret_data import declare_secret
from pulumi_modelstore.serving.environment import SecretKey
from pulumi_modelstore.serving.security import SECURE_CONTAINER

CONTAINER = "transfer"
# What pulumi_modelstore_provider.transfer.command.FAILED, a wrong command line and a shell's own failures end with.
_NO_RETRY = [1, 2, 126, 127]
_DIGITS = 10
_PARTS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
# The rest of a part that is under way when the pod is told to end.
_GRACE_SECONDS = 60


def declare_import(
    parent: CheckedComponent,
    job: ImportJob,
    files: pulumi.Input[Mapping[str, str]],
    variables: Mapping[str, SecretKey],
    pulls: PullSecrets,
    *,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Declare everything that brings the version into the store, and return the Job.

    Args:
        parent: the artifact.
        job: its settings.
        files: what is mounted: `request.json` and certificates.
        variables: the environment beside the key that writes.
        pulls: what the image is fetched with.
        after: what must be in place before the Job starts.
    """
    name = parent.given_name
    begins = job.name or f"{name}-import"
    keys = f"{begins}-keys"
    secrets = dict(variables)
    if job.keys is not None:
        secrets |= {f"{TARGET}_{part}": SecretKey(secret=keys, key=part) for part in _PARTS}
        after = [*after, _declare_keys(parent, job, keys)]
    template = _pod(job, secrets, pulls)
    # A Job's template never changes: another request, image or limit is another Job.
    full_name = derive(lambda known: f"{begins}-{_digest(known, template)}", files)
    metadata = {"name": full_name, "namespace": job.kubernetes_namespace, "labels": _labels(job)}
    request = KubernetesObject(
        f"{name}-import-request",
        api_version="v1",
        kind="ConfigMap",
        manifest={"metadata": metadata, "data": files},
        opts=parent.child_options(),
    )
    volumes = [{"name": "request", "configMap": {"name": full_name}}, {"name": "tmp", "emptyDir": {}}]
    spec = {
        "backoffLimit": job.backoff_limit,
        "activeDeadlineSeconds": job.deadline_seconds,
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "FailJob",
                    "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": _NO_RETRY},
                },
                # A drained node is no failure of the transfer.
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "template": {"metadata": {"labels": _labels(job)}, "spec": {**template, "volumes": volumes}},
    }
    if job.ttl_seconds_after_finished is not None:
        spec["ttlSecondsAfterFinished"] = job.ttl_seconds_after_finished
    wait = pulumi.CustomTimeouts(create=f"{job.deadline_seconds}s", update=f"{job.deadline_seconds}s")
    return KubernetesObject(
        f"{name}-import-job",
        api_version="batch/v1",
        kind="Job",
        manifest={"metadata": metadata, "spec": spec},
        opts=parent.child_options(depends_on=[request, *pulls.resources, *after], custom_timeouts=wait),
    )


def _declare_keys(parent: CheckedComponent, job: ImportJob, secret: str) -> pulumi.Resource:
    values = (job.keys.access_key_id, job.keys.secret_access_key)
    metadata = {"name": secret, "namespace": job.kubernetes_namespace, "labels": _labels(job)}
    data = dict(zip(_PARTS, values, strict=True))
    return declare_secret(f"{parent.given_name}-import-keys", metadata, data, parent.child_options())


def _pod(job: ImportJob, secrets: Mapping[str, SecretKey], pulls: PullSecrets) -> dict[str, Any]:
    """The pod's spec without its volumes, whose names follow from it."""
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": job.image,
        "command": ["python", "-m", "pulumi_modelstore_provider.transfer", f"{FOLDER}/request.json"],
        "env": [
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 - a volume of the pod's own
            {"name": "PYTHONUNBUFFERED", "value": "1"},
            *(secret.variable(name) for name, secret in sorted(secrets.items())),
        ],
        "resources": job.resources.manifest(gpu=None, model_bytes=None),
        "securityContext": {**SECURE_CONTAINER, "readOnlyRootFilesystem": True},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "request", "mountPath": FOLDER, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
    }
    if job.env_from:
        container["envFrom"] = [{"secretRef": {"name": name}} for name in job.env_from]
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": job.service_account_name is not None,
        "serviceAccountName": job.service_account_name,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": job.security.manifest(),
        **job.placement.manifest(),
        "imagePullSecrets": [{"name": name} for name in pulls.names] or None,
        "containers": [container],
    }
    return {key: value for key, value in pod.items() if value is not None}


def _labels(job: ImportJob) -> dict[str, str]:
    return {"app.kubernetes.io/managed-by": "pulumi-modelstore", "app.kubernetes.io/component": "import", **job.labels}


def _digest(files: Mapping[str, str], template: Mapping[str, Any]) -> str:
    import json

    text = json.dumps([files, template], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
