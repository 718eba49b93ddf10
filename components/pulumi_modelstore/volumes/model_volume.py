"""`ModelVolume`: a claim that a model is served from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.kubernetes import (
    annotations_problems,
    label_name_problems,
    labels_problems,
    subdomain_name_problems,
)
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.volumes.claim_size import declare_size
from pulumi_modelstore.volumes.class_choice import StorageClass, choose_class
from pulumi_modelstore.volumes.fills.artifact import ArtifactFill
from pulumi_modelstore.volumes.fills.declare import check_fill, declare_fill, fill_warnings
from pulumi_modelstore.volumes.fills.job_settings import FillJob
from pulumi_modelstore.volumes.fills.settings import FillSettings
from pulumi_modelstore.volumes.placement import EmptyDir, LocalDisk, Placement, Shared, scheduling
from pulumi_modelstore.volumes.sizing import DEFAULT_HEADROOM
from pulumi_modelstore.volumes.storage_class import AccessMode
from pulumi_modelstore.volumes.volume_check import (
    check_access_mode,
    check_class_and_placement,
    check_mount_path,
    check_placement,
    nodes_problems,
)
from pulumi_modelstore.volumes.volume_size import KnownModel, check_size, known_bytes

MOUNT_PATH = "/model-cache"


class ModelVolume(CheckedComponent):
    """A PersistentVolumeClaim `<name>-model-storage`, or scratch space of each pod.

    Args:
        name: of the volume.
        size: such as `80Gi`, or a number of bytes; unset, the model's size with headroom.
        model: what goes in: an artifact, `artifact.at(tag)`, or `ModelSize(parameters="7B", precision="FP16")`; unset,
            that of an `ArtifactFill`. A size below it is refused.
        headroom: share of the model's bytes on top of a derived size.
        storage_class: `Efs(...)` and the like, a `VolumeClass` of the stack, or a name; unset, the class in the stack's
            configuration under `storageClass`; that unset too, or "", the cluster's default.
        access_mode: unset, ReadWriteOnce, or what a class without it has instead.
        nodes: on how many nodes pods mount it at once.
        placement: `Shared()`, `NodeGroup(...)`, `LocalDisk(node_group=...)` or `EmptyDir()`.
        fill: what a Job brings in: `HuggingFaceFill`, `ArtifactFill`, `BucketFill`, `ImageFill`; the stack waits.
        fill_job: the Job's pod.
        preload: False makes the volume and leaves it empty.
        mount_path: where pods see it.
        claim_name: name of the claim.
        kubernetes_namespace: where the claim is, and the only place it can be used.
        on_delete: `retain` keeps the claim when the volume leaves the stack; `delete` deletes it.
        labels: labels of the claim.
        annotations: annotations of the claim.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    claim_name: str
    """Name of the claim; empty for scratch space."""
    access_mode: AccessMode
    """Access mode that the claim asks for."""
    size_bytes: int | None
    """Size that it asks for, in bytes; None for scratch space without a limit."""
    size: str
    """The same as a quantity; empty without a limit."""
    model_bytes: int | None
    """Size of the model that goes in; None where it is not known."""
    mount_path: str
    """Where pods see the volume."""
    placement: Placement
    """Which nodes it is for; `placement.kind` is `shared`, `node-group`, `local` or `empty-dir`."""
    scheduling: Mapping[str, Any]
    """`nodeSelector` and `tolerations` of pods that use it; empty where they may go anywhere."""

    def __init__(
        self,
        name: str,
        *,
        size: str | int | None = None,
        model: KnownModel | None = None,
        headroom: float = DEFAULT_HEADROOM,
        storage_class: StorageClass = None,
        access_mode: AccessMode | None = None,
        nodes: int = 1,
        placement: Placement = Shared(),  # noqa: B008 - frozen, so sharing the default is safe
        fill: FillSettings | None = None,
        fill_job: FillJob = FillJob(),  # noqa: B008 - frozen, so sharing the default is safe
        preload: bool = True,
        mount_path: str = MOUNT_PATH,
        claim_name: str | None = None,
        kubernetes_namespace: pulumi.Input[str] = "default",
        on_delete: Literal["retain", "delete"] = "retain",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("ModelVolume", name)
        self.placement = check_placement(check, placement)
        scratch = self.is_scratch
        # The stack's default class is not for scratch space, which has none.
        choice = choose_class(check, "" if scratch and storage_class is None else storage_class)
        check_class_and_placement(check, choice, self.placement)
        self.access_mode = check_access_mode(check, access_mode, choice, self.placement)
        check.extend(self.nodes_problems(nodes, argument="nodes", name=check.name))
        if model is None and isinstance(fill, ArtifactFill):
            # What is wrong with it is told where the fill is checked.
            model = fill.reference
        self.model_bytes = known_bytes(check, model)
        found = check_size(
            check, size, model_bytes=self.model_bytes, headroom=headroom, choice=choice, needed=not scratch
        )
        self.size_bytes, self.size = found.bytes, found.text or ""
        self.mount_path = check_mount_path(check, mount_path)
        self._fill = check_fill(
            check,
            fill,
            fill_job,
            preload=preload,
            placement=self.placement,
            mode=self.access_mode,
            mount_path=self.mount_path,
            kubernetes_namespace=kubernetes_namespace,
        )
        self.claim_name = f"{check.name}-model-storage" if claim_name is None else claim_name
        check.extend(subdomain_name_problems(self.claim_name, argument="claim_name"))
        check.extend(label_name_problems(kubernetes_namespace, argument="kubernetes_namespace"))
        if on_delete not in ("retain", "delete"):
            check.add("on_delete", f"{on_delete!r} is neither", 'Choose "retain" or "delete"')
        labels, annotations = check.mapping("labels", labels), check.mapping("annotations", annotations)
        check.extend(labels_problems(labels, argument="labels"))
        check.extend(annotations_problems(annotations, argument="annotations"))
        super().__init__(check, opts)
        # Plain, for consumers in this program: they are checked against it, and refer to the claim by name.
        self.kubernetes_namespace_input = kubernetes_namespace
        self.mounted_by: list[str] = []  # services of this program, each checked against those before
        self.scheduling = {} if self.refused else scheduling(self.placement)
        self.objects: Sequence[pulumi.Resource] = ()
        """What must be in place before a pod mounts the volume."""
        if self.refused:
            return
        for warning in [*found.warnings, *(fill_warnings(self._fill, self.placement) if self._fill else ())]:
            pulumi.log.warn(warning, self)
        if scratch:
            self.claim_name = ""
        else:
            metadata = _metadata(self.claim_name, kubernetes_namespace, labels, {**choice.annotations, **annotations})
            claim = KubernetesObject(
                f"{check.name}-claim",
                api_version="v1",
                kind="PersistentVolumeClaim",
                manifest={"metadata": metadata, "spec": self._claim_spec(choice.name)},
                opts=self.child_options(
                    depends_on=[*choice.after],
                    retain_on_delete=on_delete == "retain",
                    ignore_changes=choice.ignored_changes,
                ),
            )
            self.objects = (claim,)
            if not choice.ignored_changes:
                declare_size(self, choice, claim)
        if self._fill is not None:
            filled = declare_fill(
                self._fill,
                kubernetes_namespace,
                volume=self.pod_volume("model"),
                scheduling=self.scheduling,
                parent=self,
                after=self.objects,
                runs=not scratch,
            )
            self.objects = (*self.objects, *filled)
        self.register_outputs({"claimName": self.claim_name, "size": self.size, "mountPath": self.mount_path})

    @property
    def uri(self) -> str:
        """Storage URI of what the volume holds, as KServe takes it; empty for scratch space."""
        folder = f"/{self._fill.fill.folder}" if self._fill is not None and self._fill.fill.folder else ""
        return f"pvc://{self.claim_name}{folder}" if self.claim_name else ""

    @property
    def reference(self) -> ModelReference:
        """What the volume holds, for a service to refer to."""
        return ModelReference(self.uri, total_bytes=self.model_bytes, after=self.objects, refused=self.refused)

    def nodes_problems(self, number: Any, *, argument: str, name: str | None = None) -> list[Problem]:
        """What stands against mounting it on that many nodes at once, or in that many replicas."""
        name = self.given_name if name is None else name
        return nodes_problems(number, argument=argument, volume=name, mode=self.access_mode, placement=self.placement)

    def mount_problems(self, mount_from: str, *, argument: str) -> list[Problem]:
        """What stands against mounting only a folder of it."""
        if isinstance(self.placement, LocalDisk) and mount_from.strip("/"):
            remedy = "Leave the folder out, and name it in the path that the pod reads"
            found = f'is a folder of volume "{self.given_name}", a local disk, which is mounted whole'
            return [Problem(argument, found, remedy)]
        return []

    def pod_volume(self, name: str, *, read_only: bool = False) -> dict[str, Any]:
        """The entry of a pod's `volumes` under that name."""
        if isinstance(self.placement, EmptyDir):
            limit = {"sizeLimit": self.size} if self.size else {}
            medium = {"medium": self.placement.medium} if self.placement.medium else {}
            return {"name": name, "emptyDir": {**medium, **limit}}
        read = {"readOnly": True} if read_only else {}
        return {"name": name, "persistentVolumeClaim": {"claimName": self.claim_name, **read}}

    def init_containers(self, name: str) -> list[dict[str, Any]]:
        """Init containers of a pod that has the volume under that name, together with `fill_volumes(name)`.

        They wait until the volume is complete, or fill it where it is the pod's own scratch space; none where nothing
        is brought in.
        """
        return [] if self._fill is None else [self._fill.init_container(name, filling=self.is_scratch)]

    def fill_volumes(self, name: str) -> list[dict[str, Any]]:
        """Entries of a pod's `volumes` that its `init_containers(name)` need."""
        return [] if self._fill is None else self._fill.pod_volumes(name, filling=self.is_scratch)

    @property
    def is_scratch(self) -> bool:
        """Whether each pod has it to itself."""
        return isinstance(self.placement, EmptyDir)

    def _claim_spec(self, class_name: str | None) -> dict[str, Any]:
        return {
            "accessModes": [self.access_mode],
            "resources": {"requests": {"storage": self.size}},
            # An empty name would mean a volume that somebody made by hand, not the cluster's default class.
            **({} if class_name is None else {"storageClassName": class_name}),
        }


def _metadata(
    name: str, kubernetes_namespace: pulumi.Input[str], labels: Mapping[str, str], annotations: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": kubernetes_namespace,
        **({"labels": dict(labels)} if labels else {}),
        **({"annotations": dict(annotations)} if annotations else {}),
    }
