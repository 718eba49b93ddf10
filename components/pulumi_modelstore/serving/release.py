"""Releases of KServe, and what each of them takes.

Source: KServe's own repository at v0.15.2, v0.16.0, v0.19.0 and v0.20.0, pkg/constants and the webhooks of the
InferenceService.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem

Mode = Literal["Standard", "Knative"]
MODES = ("Standard", "Knative")
_FORM = re.compile(r"v?(?P<major>\d+)\.(?P<minor>\d+)(\.\d+)?(-[0-9A-Za-z.-]+)?")


class Release(NamedTuple):
    """A release of KServe by major and minor number."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


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
    return [Problem("deployment_mode", found, f"Choose {' or '.join(MODES)}")]


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
    if uri.startswith("oci+native://") and release < _NATIVE_IMAGES:
        found = f"{uri} needs KServe {_NATIVE_IMAGES}, kserve_version is {release}"
        return [Problem("model", found, "Write oci:// for a modelcar, or bring KServe there")]
    return []
