"""What the settings of all fills have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.kserve.account import Account

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class PodParts:
    """What a source needs of the pod that brings it, as Kubernetes spells it.

    Args:
        volumes: further volumes of the pod.
        mounts: where the filling container sees them.
        init_containers: containers that run before it, or beside it.
        shared_processes: whether the containers see each other's processes.
        after: resources that must be in place.
    """

    volumes: Sequence[Mapping[str, Any]] = ()
    mounts: Sequence[Mapping[str, Any]] = ()
    init_containers: Sequence[Mapping[str, Any]] = ()
    shared_processes: bool = False
    after: Sequence[pulumi.Resource] = field(default=())


class FillSettings(CheckedSettings, ABC):
    """One source of a volume's content.

    Args:
        folder: folder of the volume that the files go to, such as `llama/v2`; unset, the volume itself.
        clear_first: remove the former content before the new one is complete: for a volume that cannot hold both, whose
            readers have been stopped.
    """

    folder: str = ""
    clear_first: bool = False

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        if not self.folder or _FOLDER.fullmatch(self.folder):
            return []
        return [Problem("folder", f'"{self.folder}" is no folder of a volume', "Write it like llama or llama/v2")]

    def warnings(self) -> list[str]:
        """What is allowed and still likely to be a mistake."""
        return []

    @abstractmethod
    def source(self) -> dict[str, Any]:
        """What is brought: the same source brings the same content."""

    @property
    def uses_refused(self) -> bool:
        """Whether something that it is made of was refused itself."""
        return False

    def accounts(self) -> dict[str, Account]:
        """Credentials of the stack whose Secret the filling container reads, by argument."""
        return {}

    def reach(self) -> pulumi.Input[dict[str, Any]]:
        """How the filling container reaches it."""
        return {}

    def files(self) -> dict[str, str]:
        """Further files that the filling container finds under /modelstore; no secrets."""
        return {}

    def needs_stores(self) -> bool:
        """Whether the program must bring the clients of object stores with it."""
        return False

    def environment(self, secret: str) -> list[dict[str, Any]]:  # noqa: ARG002 - for sources with a key
        """Variables of the filling container; `secret` is the name of the Secret that `declare_secret` declares."""
        return []

    def declare_secret(
        self,
        name: str,  # noqa: ARG002 - for sources with a key
        secret: str,  # noqa: ARG002 - for sources with a key
        kubernetes_namespace: pulumi.Input[str],  # noqa: ARG002 - for sources with a key
        parent: pulumi.Resource,  # noqa: ARG002 - for sources with a key
    ) -> list[pulumi.Resource]:
        """Declare the Secret that the filling container needs, for the volume of that name."""
        return []

    def packages(self) -> dict[str, str]:
        """Python packages that it needs: the name that is imported, and what pip installs where it is missing."""
        return {}

    def parts(self, security: Mapping[str, Any]) -> PodParts:  # noqa: ARG002 - for sources with further containers
        """What it needs of the pod; `security` is the security context of each container."""
        return PodParts()
