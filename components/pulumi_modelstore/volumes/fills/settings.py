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

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class PodParts:
    """What a source needs of the pod that brings it, as Kubernetes spells it.

    Args:
        environment: variables of the filling container.
        volumes: further volumes of the pod.
        mounts: where the filling container sees them.
        init_containers: containers that run before it, or beside it.
        shared_processes: whether the containers see each other's processes.
        after: resources that must be in place.
    """

    environment: Sequence[Mapping[str, Any]] = ()
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

    def reach(self) -> dict[str, Any]:
        """How the filling container reaches it."""
        return {}

    def packages(self) -> dict[str, str]:
        """Python packages that it needs: the name that is imported, and what pip installs where it is missing."""
        return {}

    def parts(self, security: Mapping[str, Any]) -> PodParts:  # noqa: ARG002 - for sources with further containers
        """What it needs of the pod; `security` is the security context of each container."""
        return PodParts()
