"""The pod through which a claim's files are reached: it has the claim, does nothing by itself, and ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.files.channel import agent_text
from pulumi_modelstore_provider.files.cluster import Cluster, told
from pulumi_modelstore_provider.files.pod_channel import PodChannel
from pulumi_modelstore_provider.files.session import FileSession

MOUNT = "/volume"
_AGENT = "MODELSTORE_FILES_AGENT"
_HOPELESS = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
}
# What mounts a claim of one node keeps it there.
_ONE_NODE = ("ReadWriteOnce", "ReadWriteOncePod")


@dataclass(frozen=True)
class FilesPod:
    """How the pod is made.

    Args:
        image: with Python 3.11 or newer.
        user: numeric id as which files are read and written; None leaves it to the cluster.
        lifetime: seconds after which the cluster ends the pod, whoever has forgotten it.
        start_timeout: seconds to wait until it runs.
        pull_secrets: names of Secrets for private registries.
    """

    image: str = "python:3.12-slim"
    user: int | None = 1000
    lifetime: int = 6 * 3600
    start_timeout: float = 300.0
    pull_secrets: tuple[str, ...] = ()

    def manifest(self, claim: str, *, node: str | None = None) -> dict[str, Any]:
        """The pod; on `node` where the claim is in use there and can be nowhere else."""
        ids = {} if self.user is None else {"runAsUser": self.user, "runAsGroup": self.user, "fsGroup": self.user}
        container = {
            "name": "files",
            "image": self.image,
            # The agent is started by exec, in this container; until then and after it nothing runs.
            "command": ["python", "-c", f"import time; time.sleep({self.lifetime})"],
            "env": [{"name": _AGENT, "value": agent_text()}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
            "volumeMounts": [{"name": "volume", "mountPath": MOUNT}],
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            },
        }
        spec: dict[str, Any] = {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": self.lifetime,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, **ids, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "volume", "persistentVolumeClaim": {"claimName": claim}}],
        }
        if ids:
            spec["securityContext"]["fsGroupChangePolicy"] = "OnRootMismatch"
        if node is not None:
            spec["nodeSelector"] = {"kubernetes.io/hostname": node}
            # It goes where the volume is, whatever keeps others away.
            spec["tolerations"] = [{"operator": "Exists"}]
        if self.pull_secrets:
            spec["imagePullSecrets"] = [{"name": name} for name in self.pull_secrets]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "generateName": "modelstore-files-",
                "labels": {"app.kubernetes.io/managed-by": "pulumi-modelstore", "app.kubernetes.io/component": "files"},
            },
            "spec": spec,
        }


@contextmanager
def files_of(cluster: Cluster, claim: str, pod: FilesPod, *, say: Callable[[str], None]) -> Iterator[FileSession]:
    """A session with the files of a claim; the pod is made for it and gone afterwards.

    Raises ModelstoreError where the claim is not there, or the pod does not come up: with what the cluster says.
    """
    core = cluster.core()
    where = f"claim {claim} in {cluster.namespace}"
    with told("The claim cannot be read", where):
        found = core.read_namespaced_persistent_volume_claim(claim, cluster.namespace)
    node = _node_of(core, cluster.namespace, claim) if set(found.spec.access_modes) <= set(_ONE_NODE) else None
    with told("The pod for its files cannot be made", where):
        made = core.create_namespaced_pod(cluster.namespace, pod.manifest(claim, node=node))
    name = made.metadata.name
    try:
        say(f"pod {name} starts")
        _wait(core, cluster.namespace, name, pod.start_timeout, where)
        command = ["python", "-I", "-S", "-c", f"import os; exec(os.environ[{_AGENT!r}])", MOUNT]
        with told("The pod for its files cannot be spoken to", where):
            channel = PodChannel(cluster.core(), cluster.namespace, name, command)
        with FileSession(channel, claim) as session:
            yield session
    finally:
        _delete(core, cluster.namespace, name, say)


def _node_of(core: Any, namespace: str, claim: str) -> str | None:
    """The node of a running pod that has the claim."""
    with told("The pods cannot be listed", f"namespace {namespace}"):
        pods = core.list_namespaced_pod(namespace, field_selector="status.phase=Running").items
    for pod in pods:
        for volume in pod.spec.volumes or ():
            if volume.persistent_volume_claim is not None and volume.persistent_volume_claim.claim_name == claim:
                return str(pod.spec.node_name) if pod.spec.node_name else None
    return None


def _wait(core: Any, namespace: str, name: str, timeout: float, where: str) -> None:
    deadline = time.monotonic() + timeout
    while True:
        with told("The pod for its files cannot be read", where):
            status = core.read_namespaced_pod(name, namespace).status
        if status.phase == "Running":
            return
        reason = _reason(status)
        over = time.monotonic() > deadline
        if over or status.phase in ("Failed", "Succeeded") or reason.split(":")[0] in _HOPELESS:
            after = f" within {timeout:g} seconds" if over else ""
            raise ModelstoreError(
                f"The pod for its files did not start{after}", on=where, answer=reason or f"it is {status.phase}",
                remedy="See to it that its image can be pulled and that its volume can be mounted on some node",
            )  # fmt: skip
        time.sleep(0.5)


def _reason(status: Any) -> str:
    for container in status.container_statuses or ():
        waiting = container.state.waiting
        if waiting is not None and waiting.reason != "ContainerCreating":
            return f"{waiting.reason}: {waiting.message or ''}".rstrip(": ")
    for condition in status.conditions or ():
        if condition.status == "False" and condition.reason == "Unschedulable":
            return f"Unschedulable: {condition.message}"
    return str(status.message or status.reason or "")


def _delete(core: Any, namespace: str, name: str, say: Callable[[str], None]) -> None:
    try:
        with told("The pod cannot be deleted", f"{namespace}/{name}"):
            core.delete_namespaced_pod(name, namespace, grace_period_seconds=0)
    except ModelstoreError as error:
        # The transfer has its own outcome, and the cluster ends the pod in the end.
        say(str(error))
