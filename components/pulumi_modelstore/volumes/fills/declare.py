"""Checks a volume's fill, and declares its ConfigMap and Job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.volumes.fills.image import ImageFill
from pulumi_modelstore.volumes.fills.job_settings import FillJob
from pulumi_modelstore.volumes.fills.pod import FillPod
from pulumi_modelstore.volumes.fills.settings import FillSettings
from pulumi_modelstore.volumes.placement import EmptyDir, Placement
from pulumi_modelstore.volumes.storage_class import AccessMode

_REMEDY = "Pass HuggingFaceFill(...), ArtifactFill(...), BucketFill(...) or ImageFill(...)"


def check_fill(
    check: ArgumentCheck, fill: Any, job: Any, *, preload: Any, placement: Placement, mode: AccessMode, mount_path: str
) -> FillPod | None:
    """The fill to be done; None where there is none, or `preload` says that the volume stays empty."""
    preload = check.flag("preload", preload)
    usable_job = check.settings("fill_job", job, FillJob, remedy="Pass FillJob(...)")
    if usable_job:
        check.extend(job.problems(), under="fill_job")
    if fill is None:
        return None
    if not check.settings("fill", fill, FillSettings, remedy=_REMEDY):
        return None
    check.extend(fill.problems(), under="fill")
    if mode == "ReadOnlyMany" and preload:
        remedy = "Use ReadWriteMany, whose mounts may be read-only, or pass preload=False"
        check.add("access_mode", "is ReadOnlyMany, and a fill writes", remedy)
    check.depends_on_refused = check.depends_on_refused or fill.uses_refused
    if isinstance(placement, EmptyDir) and isinstance(fill, ImageFill) and fill.method == "sidecar":
        remedy = 'Use method="image-volume", or serve from the image itself with model="oci://..."'
        check.add("fill.method", "is sidecar, which works in a Job and not in each pod of a service", remedy)
    sound = usable_job and not check.problems and not check.depends_on_refused
    return FillPod(check.name, fill, job, mount_path) if preload and sound else None


def fill_warnings(pod: FillPod, placement: Placement) -> Sequence[str]:
    """What the user should know of the fill."""
    found = list(pod.fill.warnings())
    if isinstance(placement, EmptyDir):
        found.append(
            "the volume is scratch space and preloaded: each pod brings the model again at each start; pass "
            "preload=False, or place the volume Shared()"
        )
    return found


def declare_fill(
    pod: FillPod,
    kubernetes_namespace: pulumi.Input[str],
    *,
    volume: dict[str, Any],
    scheduling: Any,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
    runs: bool,
) -> list[pulumi.Resource]:
    """Declare the ConfigMap and, unless each pod fills its own scratch space, the Job."""
    program = KubernetesObject(
        f"{pod.name}-fill-program",
        api_version="v1",
        kind="ConfigMap",
        manifest=pod.config_map(kubernetes_namespace),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    secret = pod.fill.declare_secret(pod.name, pod.secret_name, kubernetes_namespace, parent)
    if not runs:
        return [program, *secret]
    needed = [*after, program, *secret, *pod.fill.parts({}).after]
    timeout = pulumi.CustomTimeouts(create=pod.job.timeout, update=pod.job.timeout)
    job = KubernetesObject(
        f"{pod.name}-fill",
        api_version="batch/v1",
        kind="Job",
        manifest=pod.job_manifest(kubernetes_namespace, volume, scheduling),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=needed, custom_timeouts=timeout),
    )
    return [program, *secret, job]
