"""As whom a pod's processes run, and what they may do."""

from __future__ import annotations

from typing import Any, Literal

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

ROOT_RUNTIME = "kserve-vllmserver"
"""KServe's own runtime for vLLM: of its runtimes the only one whose image starts as root, vllm/vllm-openai.

Source: KServe v0.20, config/runtimes, where the others say `runAsNonRoot` or have an image with a numeric user.
"""


class Security(CheckedSettings):
    """The security context of a service's pods.

    Args:
        non_root: refuse to start a container as root; False for an image that only works as root.
        user: numeric id that processes run as; unset, the image's own. Leave it unset on OpenShift, which gives each
            namespace ids of its own.
        group: numeric id of their group.
        volume_group: numeric id of the group that volumes are made readable for (`fsGroup`).
        seccomp_profile: `RuntimeDefault` forbids system calls that containers do not need.
    """

    non_root: bool = True
    user: int | None = None
    group: int | None = None
    volume_group: int | None = None
    seccomp_profile: Literal["RuntimeDefault", "Unconfined"] = "RuntimeDefault"

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        ids = {"user": self.user, "group": self.group, "volume_group": self.volume_group}
        found = [
            Problem(name, f"is {value}", "Give a number from 0") for name, value in ids.items() if (value or 0) < 0
        ]
        if self.non_root and self.user == 0:
            found.append(Problem("user", "is 0, which is root, and non_root is set", "Choose a user above 0"))
        return found

    def manifest(self) -> dict[str, Any]:
        """The pod's `securityContext`."""
        given = {
            "runAsNonRoot": self.non_root or None,
            "runAsUser": self.user,
            "runAsGroup": self.group,
            "fsGroup": self.volume_group,
        }
        set_ones = {name: value for name, value in given.items() if value is not None}
        return {"seccompProfile": {"type": self.seccomp_profile}} | set_ones


SECURE_CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "capabilities": {"drop": ["ALL"]},
}
"""What a container that this package describes gives up; Kubernetes' restricted Pod Security Standard asks for it."""
