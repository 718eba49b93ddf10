"""Checks a volume's fill, and declares its ConfigMap and Job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.artifacts.pinned_revision import pinned_revision, record_revision
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.serving.release import IMAGE_VOLUMES, SIDECARS, image_volume_warnings, kubernetes_problems
from pulumi_modelstore.volumes.fills.hugging_face import HuggingFaceFill
from pulumi_modelstore.volumes.fills.image import ImageFill
from pulumi_modelstore.volumes.fills.job_settings import FillJob
from pulumi_modelstore.volumes.fills.pod import FillPod
from pulumi_modelstore.volumes.fills.settings import FillSettings
from pulumi_modelstore.volumes.placement import EmptyDir, Placement
from pulumi_modelstore.volumes.storage_class import AccessMode

_REMEDY = "Pass HuggingFaceFill(...), ArtifactFill(...), BucketFill(...) or ImageFill(...)"


def check_fill(
    check: ArgumentCheck,
    fill: Any,
    job: Any,
    *,
    preload: Any,
    placement: Placement,
    mode: AccessMode,
    mount_path: str,
    kubernetes_namespace: Any,
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
    problems = fill.problems()
    check.extend(problems, under="fill")
    revision = None
    if preload and not problems and isinstance(fill, HuggingFaceFill):
        revision = pinned_revision(check, fill.repository_settings(), argument="fill.revision")
        fill = fill if revision is None else fill.model_copy(update={"revision": revision.commit})
    if mode == "ReadOnlyMany" and preload:
        remedy = "Use ReadWriteMany, whose mounts may be read-only, or pass preload=False"
        check.add("access_mode", "is ReadOnlyMany, and a fill writes", remedy)
    check.depends_on_refused = check.depends_on_refused or fill.uses_refused
    for under, accounts in {"fill": fill.accounts(), "fill_job": job.accounts() if usable_job else {}}.items():
        for argument, account in accounts.items():
            _check_account(check, f"{under}.{argument}", account, kubernetes_namespace)
    if isinstance(fill, ImageFill):
        needed = SIDECARS if fill.method == "sidecar" else IMAGE_VOLUMES
        remedy = "Bring the cluster there, or fill the volume from elsewhere"
        check.extend(kubernetes_problems("fill.method", needed, remedy=remedy))
    if isinstance(placement, EmptyDir) and isinstance(fill, ImageFill) and fill.method == "sidecar":
        remedy = 'Use method="image-volume", or serve from the image itself with model="oci://..."'
        check.add("fill.method", "is sidecar, which works in a Job and not in each pod of a service", remedy)
    sound = usable_job and not check.problems and not check.depends_on_refused
    return FillPod(check.name, fill, job, mount_path, revision) if preload and sound else None


def _check_account(check: ArgumentCheck, argument: str, account: Account, kubernetes_namespace: Any) -> None:
    if not check.uses(argument, account, type(account)):
        return
    here, there = kubernetes_namespace, account.kubernetes_namespace_input
    if is_plain(here) and is_plain(there) and here != there:
        found = f'has its Secret in "{there}", and the volume is in "{here}", whose pods cannot read it'
        check.add(argument, found, "Declare both for one namespace")


def fill_warnings(pod: FillPod, placement: Placement) -> Sequence[str]:
    """What the user should know of the fill."""
    found = list(pod.fill.warnings())
    if isinstance(pod.fill, ImageFill) and pod.fill.method == "image-volume":
        found += image_volume_warnings()
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
    if pod.revision is not None:
        record_revision(pod.revision, parent)
    program = KubernetesObject(
        f"{pod.name}-fill-program",
        api_version="v1",
        kind="ConfigMap",
        manifest=pod.config_map(kubernetes_namespace),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    secret = pod.fill.declare_secret(pod.name, pod.secret_name, kubernetes_namespace, parent)
    secret += [item for account in pod.fill.accounts().values() for item in account.objects]
    if not runs:
        return [program, *secret]
    pulls = [item for account in pod.job.accounts().values() for item in account.objects]
    needed = [*after, program, *secret, *pulls, *pod.fill.parts({}).after]
    timeout = pulumi.CustomTimeouts(create=pod.job.timeout, update=pod.job.timeout)
    job = KubernetesObject(
        f"{pod.name}-fill",
        api_version="batch/v1",
        kind="Job",
        manifest=pod.job_manifest(kubernetes_namespace, volume, scheduling),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=needed, custom_timeouts=timeout),
    )
    return [program, *secret, job]
