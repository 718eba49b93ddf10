"""The containers of a fill: the one that brings the files, and those that wait for it in other pods."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.serving.environment import environment_variables
from pulumi_modelstore.serving.security import SECURE_CONTAINER
from pulumi_modelstore.volumes.fills.job_settings import FillJob
from pulumi_modelstore.volumes.fills.settings import FillSettings
from pulumi_modelstore_provider.artifacts.lock_entries import LockedRevision
from pulumi_modelstore_provider.fills.program import fill_program
from pulumi_modelstore_provider.fills.specification import Specification

_LONGEST_NAME = 63


@dataclass(frozen=True)
class FillPod:
    """A fill of one volume.

    Args:
        name: of the volume.
        fill: the source.
        job: the pod.
        mount_path: where its containers see the volume.
        revision: what the source is pinned to, for the lock file.
    """

    name: str
    fill: FillSettings
    job: FillJob
    mount_path: str
    revision: LockedRevision | None = None

    @property
    def specification(self) -> Specification:
        """What the program reads, without how the source is reached, which may be known later only."""
        return Specification(
            source=self.fill.source(),
            folder=self.fill.folder,
            packages=self.fill.packages(),
            clear_first=self.fill.clear_first,
            stale_after=self.job.stale_after,
        )

    @property
    def object_name(self) -> str:
        """Name of the Job and the ConfigMap: another one for another source, since a Job does not change."""
        whole = f"{self.specification.identity} {self.fill.folder} {self.job.image}"
        digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
        return f"{self.name[: _LONGEST_NAME - 14].lower().replace('_', '-').rstrip('.-')}-fill-{digest}"

    def config_map(self, kubernetes_namespace: pulumi.Input[str]) -> dict[str, Any]:
        """The program and what it is to do; it is no secret."""
        return {
            "metadata": {"name": self.object_name, "namespace": kubernetes_namespace},
            "data": {"fill.json": derive(self._document, self.fill.reach()), **self.fill.files()},
            "binaryData": {"fill.pyz": base64.b64encode(fill_program(stores=self.fill.needs_stores())).decode()},
        }

    @property
    def secret_name(self) -> str:
        """Name of the Secret with the key that the fill reads with, where it has one."""
        return f"{self.object_name}-keys"

    def _document(self, reach: Mapping[str, Any]) -> str:
        return replace(self.specification, reach=reach).to_json()

    def job_manifest(
        self, kubernetes_namespace: pulumi.Input[str], volume: Mapping[str, Any], scheduling: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The Job, on the nodes that the volume is for."""
        parts = self.fill.parts(self._container_security())
        job, user = self.job, self.job.user
        pulls = [{"name": name} for name in job.pull_secret_names()]
        pod: dict[str, Any] = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                # A volume with many files is not gone through at each start.
                **({} if user is None else {"fsGroup": user, "fsGroupChangePolicy": "OnRootMismatch"}),
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [self._container("fill", volume["name"], filling=True)],
            "volumes": [dict(volume), *self.pod_volumes(volume["name"], filling=True)],
            **({"initContainers": list(parts.init_containers)} if parts.init_containers else {}),
            **({"shareProcessNamespace": True} if parts.shared_processes else {}),
            **({"imagePullSecrets": pulls} if pulls else {}),
            **({"serviceAccountName": job.service_account} if job.service_account else {}),
            **scheduling,
        }
        return {
            "metadata": {"name": self.object_name, "namespace": kubernetes_namespace},
            "spec": {"backoffLimit": job.retries, "template": {"spec": pod}},
        }

    def pod_volumes(self, volume: str, *, filling: bool) -> list[dict[str, Any]]:
        """Further volumes of a pod that has the volume under that name."""
        program = {"name": f"{volume}-program", "configMap": {"name": self.object_name}}
        own = self.fill.parts({}).volumes if filling else ()
        return [program, {"name": f"{volume}-scratch", "emptyDir": {}}, *map(dict, own)]

    def init_container(self, volume: str, *, filling: bool) -> dict[str, Any]:
        """What a pod runs before it reads: a wait for the Job, or the fill of a volume that the pod has to itself."""
        return self._container(f"{'fill' if filling else 'wait-for'}-{volume}", volume, filling=filling)

    def _container(self, name: str, volume: str, *, filling: bool) -> dict[str, Any]:
        parts = self.fill.parts(self._container_security())
        environment = [
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 - in the pod
            {"name": "PYTHONUNBUFFERED", "value": "1"},
            *(self.fill.environment(self.secret_name) if filling else ()),
            *(environment_variables(self.job.environment) if filling else ()),
        ]
        command = ["python", "/modelstore/fill.pyz", "fill" if filling else "wait", "/modelstore/fill.json"]
        memory, cpu = (self.job.memory, self.job.cpu) if filling else ("128Mi", "100m")
        places = [
            {"name": f"{volume}-program", "mountPath": "/modelstore", "readOnly": True},
            {"name": f"{volume}-scratch", "mountPath": "/tmp"},  # noqa: S108 - in the pod
        ]
        mount = {"name": volume, "mountPath": self.mount_path, **({} if filling else {"readOnly": True})}
        return {
            "name": name,
            "image": self.job.image,
            "command": [*command, self.mount_path],
            "env": environment,
            "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
            "volumeMounts": [mount, *places, *(parts.mounts if filling else ())],
            "securityContext": self._container_security(),
        }

    def _container_security(self) -> dict[str, Any]:
        # In each container: in a service's pod the others run as the runtime's image has it.
        ids = {} if self.job.user is None else {"runAsUser": self.job.user, "runAsGroup": self.job.user}
        return {**SECURE_CONTAINER, **ids, "readOnlyRootFilesystem": True}
