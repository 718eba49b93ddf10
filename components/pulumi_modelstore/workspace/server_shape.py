"""What every server in the cluster has: one replica on a claim of its own, a Service, and a PodDisruptionBudget."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.kubernetes import label_name_problems, quantity_problems, subdomain_name_problems
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.workspace.image import image_problems

DATA = "/data"
"""Where the claim is mounted."""


@dataclass(frozen=True)
class ServerSize:
    """What a server is given, as Kubernetes quantities.

    Args:
        storage: of its claim.
        storage_class: of the claim; None for the cluster's default.
        memory: requested and, where it is its limit too, never exceeded.
        cpu: requested.
    """

    storage: str
    storage_class: str | None
    memory: str
    cpu: str

    def check(self, check: ArgumentCheck) -> None:
        """Add everything that is wrong with it."""
        for name in ("storage", "memory", "cpu"):
            check.extend(quantity_problems(getattr(self, name), argument=name))
        if self.storage_class is not None:
            check.extend(subdomain_name_problems(self.storage_class, argument="storage_class"))


@dataclass(frozen=True)
class ServerShape:
    """One server as its StatefulSet runs it.

    Args:
        name: of all of its objects.
        kubernetes_namespace: where they are.
        size: what it is given.
        image: by digest.
        command: what the container runs.
        environment: the container's `env` entries.
        port: of its protocol.
        probe: of startup, readiness and liveness, without the times.
        user: that it runs as; the claim belongs to its group.
        memory_limited: whether its memory is its limit, too.
        configuration: text files, by path in the container.
        secret_files: keys of the Secret `<name>`, by path in the container.
        tls_secret: name of a Secret of type `kubernetes.io/tls` with the server's certificate; empty for none.
        tls_files: keys of that Secret, by path in the container.
        evictable: whether a node may be drained of it.
        labels: of all objects, beside its own.
    """

    name: str
    kubernetes_namespace: pulumi.Input[str]
    size: ServerSize
    image: pulumi.Input[str]
    command: Sequence[str]
    environment: Sequence[Mapping[str, Any]]
    port: int
    probe: Mapping[str, Any]
    user: int
    memory_limited: bool = False
    configuration: Mapping[str, str] = field(default_factory=dict)
    secret_files: Mapping[str, str] = field(default_factory=dict)
    tls_secret: str = ""
    tls_files: Mapping[str, str] = field(default_factory=dict)
    evictable: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def selector(self) -> dict[str, str]:
        """What tells its pod from others."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/managed-by": "pulumi-modelstore"}

    def metadata(self) -> dict[str, Any]:
        """Of each of its objects."""
        labels = {**self.labels, **self.selector}
        return {"name": self.name, "namespace": self.kubernetes_namespace, "labels": labels}


def check_server(
    check: ArgumentCheck, kubernetes_namespace: Any, size: ServerSize, image: Any, generation: Any, *, example: str
) -> None:
    """Check what all servers have in common; the component's name becomes that of a Service."""
    check.extend(label_name_problems(check.name, argument="name", longest=52))
    check.extend(label_name_problems(kubernetes_namespace, argument="kubernetes_namespace"))
    check.extend(image_problems(image, example=example))
    size.check(check)
    if isinstance(generation, bool) or not isinstance(generation, int) or generation < 0:
        check.add("password_generation", f"is {generation!r}", "Give 0, and one more for another password")


def declare_server(
    resource: str, shape: ServerShape, parent: pulumi.Resource, *, after: Sequence[pulumi.Resource]
) -> KubernetesObject:
    """Declare ConfigMap, Service, PodDisruptionBudget and StatefulSet, named `<resource>-<role>`; return the last."""
    objects: dict[str, tuple[str, str, dict[str, Any]]] = {
        "service": ("v1", "Service", {"spec": _service(shape)}),
        "disruption-budget": (
            "policy/v1",
            "PodDisruptionBudget",
            {"spec": {"maxUnavailable": 1 if shape.evictable else 0, "selector": {"matchLabels": shape.selector}}},
        ),
    }
    if shape.configuration:
        data = {_file_name(path): text for path, text in shape.configuration.items()}
        objects["configuration"] = ("v1", "ConfigMap", {"data": data})
    made = [
        KubernetesObject(
            f"{resource}-{role}",
            api_version=version,
            kind=kind,
            manifest={"metadata": shape.metadata(), **rest},
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[*after]),
        )
        for role, (version, kind, rest) in objects.items()
    ]
    return KubernetesObject(
        f"{resource}-server",
        api_version="apps/v1",
        kind="StatefulSet",
        manifest={"metadata": shape.metadata(), "spec": _stateful_set(shape)},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[*after, *made]),
    )


def _service(shape: ServerShape) -> dict[str, Any]:
    port = {"name": "server", "port": shape.port, "targetPort": "server", "protocol": "TCP"}
    return {"selector": shape.selector, "ports": [port]}


def _stateful_set(shape: ServerShape) -> dict[str, Any]:
    # Only what changes the text rolls the pod: an edited ConfigMap alone does not.
    digest = hashlib.sha256(repr(sorted(shape.configuration.items())).encode()).hexdigest()[:16]
    storage_class = {} if shape.size.storage_class is None else {"storageClassName": shape.size.storage_class}
    return {
        "serviceName": shape.name,
        "replicas": 1,
        "selector": {"matchLabels": shape.selector},
        "template": {
            "metadata": {
                "labels": {**shape.labels, **shape.selector},
                "annotations": {"modelstore/configuration": digest},
            },
            "spec": {
                "automountServiceAccountToken": False,
                "terminationGracePeriodSeconds": 60,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": shape.user,
                    "runAsGroup": shape.user,
                    "fsGroup": shape.user,
                    "fsGroupChangePolicy": "OnRootMismatch",
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_container(shape)],
                "volumes": _volumes(shape),
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": shape.size.storage}},
                    **storage_class,
                },
            }
        ],
    }


def _container(shape: ServerShape) -> dict[str, Any]:
    requests = {"cpu": shape.size.cpu, "memory": shape.size.memory}
    limits = {"limits": {"memory": shape.size.memory}} if shape.memory_limited else {}
    mounts: list[dict[str, Any]] = [{"name": "data", "mountPath": DATA}, {"name": "scratch", "mountPath": "/tmp"}]  # noqa: S108 - the pod's
    mounted = {"configuration": shape.configuration, "credentials": shape.secret_files, "certificate": shape.tls_files}
    for volume, files in mounted.items():
        mounts += [{"name": volume, "mountPath": path, "subPath": _file_name(path), "readOnly": True} for path in files]
    return {
        "name": "server",
        "image": shape.image,
        "command": [*shape.command],
        "env": [*shape.environment],
        "ports": [{"name": "server", "containerPort": shape.port, "protocol": "TCP"}],
        "resources": {"requests": requests, **limits},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        # Half an hour to read what it holds before anybody calls it dead.
        "startupProbe": {**shape.probe, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 900},
        "readinessProbe": {**shape.probe, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {**shape.probe, "periodSeconds": 20, "timeoutSeconds": 10, "failureThreshold": 6},
        "volumeMounts": mounts,
    }


def _volumes(shape: ServerShape) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [{"name": "scratch", "emptyDir": {}}]
    if shape.configuration:
        volumes.append({"name": "configuration", "configMap": {"name": shape.name}})
    secrets = (("credentials", shape.name, shape.secret_files), ("certificate", shape.tls_secret, shape.tls_files))
    for volume, secret, files in secrets:
        items = [{"key": key, "path": _file_name(path)} for path, key in files.items()]
        if items:
            source = {"secretName": secret, "items": items, "defaultMode": 0o440}
            volumes.append({"name": volume, "secret": source})
    return volumes


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]
