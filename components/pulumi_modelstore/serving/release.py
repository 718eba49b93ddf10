"""Releases of KServe and Kubernetes, and what each of them takes.

Sources: KServe's own repository at v0.15.2, v0.16.0, v0.19.0 and v0.20.0, pkg/constants, the webhooks of the
InferenceService and docs/samples/storage/oci-image-volume; Kubernetes' documentation of image volumes.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

import pulumi

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem

Mode = Literal["Standard", "Knative"]
MODES = ("Standard", "Knative")
NATIVE_IMAGE = "oci+native://"
_FORM = re.compile(r"v?(?P<major>\d+)\.(?P<minor>\d+)(\.\d+)?([-+][0-9A-Za-z.+-]+)?")


class Release(NamedTuple):
    """A release by major and minor number."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


KUBERNETES = "kubernetesVersion"
"""Key of the stack's configuration with the version of the cluster, which a program cannot ask for at preview."""

IMAGE_VOLUMES = Release(1, 31)
"""The first Kubernetes that mounts images, behind the feature gate ImageVolume."""
SIDECARS = Release(1, 29)
"""The first Kubernetes that ends a Job whose sidecars still run."""
_IMAGE_FOLDERS = Release(1, 33)
_IMAGE_VOLUMES_UNASKED = Release(1, 35)

OLDEST = Release(0, 15)
NEWEST = Release(0, 20)
_RENAMED_MODES = Release(0, 16)
_NO_CONTAINER_NAME = Release(0, 16)
_NATIVE_IMAGES = Release(0, 20)
_OLD_MODES = {"Standard": "RawDeployment", "Knative": "Serverless"}


def release_of(version: Any) -> Release | None:
    """The release that `0.20`, `0.20.1` or `v0.20.0` means; None where it is no version."""
    match = _FORM.fullmatch(version) if isinstance(version, str) else None
    return Release(int(match["major"]), int(match["minor"])) if match else None


def release_problems(version: Any) -> list[Problem]:
    """What is wrong with the version."""
    release = release_of(version)
    if release is None:
        found = f"{version!r} is no version" if is_plain(version) else "is an output, and a preview has to know it"
        return [Problem("kserve_version", found, f'Write it like "{NEWEST}", as text')]
    if release < OLDEST:
        return [Problem("kserve_version", f"{release} is older than {OLDEST}", f"Bring KServe to {OLDEST} or later")]
    return []


def mode_problems(mode: Any) -> list[Problem]:
    """What is wrong with the deployment mode."""
    if mode in MODES:
        return []
    found = f"{mode!r} is no mode that a service is deployed in" if is_plain(mode) else "is an output"
    renamed = [new for new, old in _OLD_MODES.items() if old == mode]
    return [Problem("deployment_mode", found, f"Choose {' or '.join(renamed or MODES)}")]


def mode_annotation(mode: Mode, release: Release) -> str:
    """The mode as that release spells it: later ones rewrite the old names, which a refresh shows as drift."""
    return mode if release >= _RENAMED_MODES else _OLD_MODES[mode]


def container_name_problems(name: str | None, release: Release) -> list[Problem]:
    """Whether the model's container may have a name of its own."""
    if name is None or release < _NO_CONTAINER_NAME:
        return []
    found = f'is "{name}", and from {_NO_CONTAINER_NAME} on KServe refuses a name of the model\'s container'
    remedy = "Leave it out; clients use the service's name, or served_model_name of a VllmRuntime"
    return [Problem("model_name", found, remedy)]


def uri_release_problems(uri: str, release: Release) -> list[Problem]:
    """Whether that release reads the URI's scheme."""
    if not uri.startswith(NATIVE_IMAGE):
        return []
    if release < _NATIVE_IMAGES:
        found = f"{uri} needs KServe {_NATIVE_IMAGES}, kserve_version is {release}"
        return [Problem("model", found, "Write oci:// for a modelcar, or bring KServe there")]
    # KServe mounts a folder of the image.
    return kubernetes_problems(
        "model", _IMAGE_FOLDERS, remedy="Write oci:// for a modelcar, or bring the cluster there"
    )


def kubernetes_problems(argument: str, needed: Release, *, remedy: str) -> list[Problem]:
    """Whether the cluster is too old for what an argument asks; nothing is refused where its version is not told."""
    text = pulumi.Config().get(KUBERNETES)
    release = release_of(text)
    if text is not None and release is None:
        return [Problem(f"configuration {KUBERNETES}", f"{text!r} is no version", 'Write it like "1.35"')]
    if release is None or release >= needed:
        return []
    return [Problem(argument, f"needs Kubernetes {needed}, configuration {KUBERNETES} is {release}", remedy)]


def image_volume_warnings() -> list[str]:
    """What a cluster has to be told before it mounts images, where its version is known."""
    release = release_of(pulumi.Config().get(KUBERNETES))
    if release is None or release >= _IMAGE_VOLUMES_UNASKED:
        return []
    return [f"Kubernetes {release} mounts images where its API server and kubelets have the feature gate ImageVolume"]
