"""What a storage class is to a volume: its name, its modes, the sizes it gives, and how it is declared."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

import pulumi
from pydantic import Field

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.volumes.sizing import ANY_SIZE, SizeBand

AccessMode: TypeAlias = Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany", "ReadWriteMany"]
ACCESS_MODES: tuple[AccessMode, ...] = ("ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany", "ReadWriteMany")
SEVERAL_NODES: frozenset[str] = frozenset({"ReadOnlyMany", "ReadWriteMany"})
"""Modes in which pods of several nodes mount a volume at once."""


class StorageClassSettings(CheckedSettings, ABC):
    """A storage class of one system. Used in a volume it refers to the class by name; `VolumeClass` declares it.

    Args:
        class_name: name of the StorageClass; unset, the kind, such as `efs`.
        reclaim_policy: what becomes of the storage when its claim is deleted, for a class that is declared.
        mount_options: in place of those that the system's maker advises.
        parameters: further parameters of the provisioner, as it spells them.
    """

    kind: str
    class_name: str | None = None
    reclaim_policy: Literal["Retain", "Delete"] = "Retain"
    mount_options: tuple[str, ...] | None = None
    parameters: Mapping[str, str] = Field(default_factory=dict)

    title: ClassVar[str]
    """The system's name in messages."""
    provisioner: ClassVar[str]
    """Name of the CSI driver."""
    modes: ClassVar[tuple[AccessMode, ...]]
    """Access modes that it has; the first is the default."""
    expandable: ClassVar[bool] = False
    """Whether a claim can grow."""
    limits_size: ClassVar[bool] = True
    """Whether a claim holds no more than its size."""
    node_bound: ClassVar[bool] = False
    """Whether the storage is a disk of one node."""
    provisions_slowly: ClassVar[bool] = False
    """Whether a claim is bound after more than the five minutes that pulumi-kubernetes waits for one."""
    advised_mount_options: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """Name of the StorageClass."""
        return self.kind if self.class_name is None else self.class_name

    def sizes(self) -> Sequence[SizeBand]:
        """Sizes that the system gives."""
        return ANY_SIZE

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings of a class that is only referred to."""
        return subdomain_name_problems(self.name, argument="class_name")

    def declaration_problems(self) -> list[Problem]:
        """What is missing to declare the class."""
        return [
            Problem(argument, "is missing, and the class cannot be declared without it", f"Give {argument}")
            for argument in self.needed()
            if getattr(self, argument) in (None, "", ())
        ]

    def needed(self) -> Sequence[str]:
        """Settings without which the class cannot be declared."""
        return ()

    def provisioner_parameters(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Parameters as the provisioner spells them; None where a setting is not given."""
        return {}

    def manifest(self) -> dict[str, Any]:
        """The StorageClass's fields beside its metadata."""
        given = {key: value for key, value in self.provisioner_parameters().items() if _is_given(value)}
        options = self.advised_mount_options if self.mount_options is None else self.mount_options
        return {
            "provisioner": self.provisioner,
            **({"parameters": {**given, **self.parameters}} if given or self.parameters else {}),
            **({"mountOptions": list(options)} if options else {}),
            "reclaimPolicy": self.reclaim_policy,
            "allowVolumeExpansion": self.expandable,
            # A node's disk is chosen together with the node that a pod goes to.
            "volumeBindingMode": "WaitForFirstConsumer" if self.node_bound else "Immediate",
        }


def _is_given(value: Any) -> bool:
    return not is_plain(value) or value is not None


def secret_parameters(name: str | None, namespace: str | None, roles: Sequence[str]) -> dict[str, str | None]:
    """Parameters that name the CSI driver's Secret for each of its roles, such as `provisioner` or `node-stage`."""
    named = {f"csi.storage.k8s.io/{role}-secret-name": name for role in roles}
    return {**named, **{f"csi.storage.k8s.io/{role}-secret-namespace": namespace for role in roles}}
