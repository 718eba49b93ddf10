"""Which storage class a volume has: its own, the stack's default, or the cluster's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeAlias

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.volumes.storage_class import ACCESS_MODES, AccessMode, StorageClassSettings
from pulumi_modelstore.volumes.volume_class import VolumeClass

StorageClass: TypeAlias = StorageClassSettings | VolumeClass | str | None
"""Settings of a class, one that the stack declares, a name, "" for the cluster's default, None for the stack's."""

CONFIG_KEY = "storageClass"
"""Key of the stack's configuration with its default class: a name, or an object with `kind` and settings."""

# A file system takes longer to make than pulumi-kubernetes waits; a fill or a service waits for it all the same.
_SKIP_AWAIT = "pulumi.com/skipAwait"
_CLASSES = {
    "efs": "aws.Efs",
    "fsx-lustre": "aws.FsxLustre",
    "filestore": "google.Filestore",
    "gcp-managed-lustre": "google.GcpManagedLustre",
    "azure-files": "azure.AzureFiles",
    "cephfs": "file_systems.CephFs",
    "vast-nfs": "file_systems.VastNfs",
    "weka-fs": "file_systems.WekaFs",
    "nfs": "file_systems.Nfs",
    "local-path": "node_disks.LocalPath",
    "topolvm": "node_disks.TopoLvm",
}


@dataclass(frozen=True)
class ClassChoice:
    """A class as far as it is known.

    Args:
        name: of the StorageClass; None for the cluster's default.
        settings: what is known of it; None where only the name is.
        after: resources that declare it.
    """

    name: str | None = None
    settings: StorageClassSettings | None = None
    after: Sequence[pulumi.Resource] = ()

    @property
    def title(self) -> str:
        """How messages call it."""
        if self.settings is not None:
            return self.settings.title
        return "the cluster's default class" if self.name is None else f'class "{self.name}"'

    @property
    def node_bound(self) -> bool:
        """Whether its storage is known to be a disk of one node."""
        return self.settings is not None and self.settings.node_bound

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of its claims."""
        slow = self.settings is not None and self.settings.provisions_slowly
        return {_SKIP_AWAIT: "true"} if slow else {}

    @property
    def ignored_changes(self) -> list[str]:
        """Fields of its claims whose change Kubernetes would refuse, and that nothing depends on."""
        unlimited = self.settings is not None and not self.settings.limits_size
        return ["spec.resources"] if unlimited else []

    def default_mode(self) -> AccessMode:
        """ReadWriteOnce, unless the class is known not to have it."""
        known = self.settings.modes if self.settings is not None else ACCESS_MODES
        return "ReadWriteOnce" if "ReadWriteOnce" in known else known[0]


def choose_class(check: ArgumentCheck, given: Any) -> ClassChoice:
    """The class that a volume's `storage_class` means; what is wrong with it goes into the check."""
    if given is None:
        given = _of_the_stack(check)
    if given is None or given == "":
        return ClassChoice()
    if isinstance(given, VolumeClass):
        if not check.uses("storage_class", given, VolumeClass):
            return ClassChoice()
        return ClassChoice(given.settings.name, given.settings, (given,))
    if isinstance(given, StorageClassSettings):
        if not check.uses_settings(given):
            return ClassChoice()
        check.extend(given.problems(), under="storage_class")
        return ClassChoice(given.name, given)
    if isinstance(given, str):
        check.extend(subdomain_name_problems(given, argument="storage_class"))
        return ClassChoice(given)
    remedy = "Pass Efs(...) or the like, a VolumeClass, the name of a class, or leave it out"
    check.add("storage_class", f"{type(given).__name__} is no storage class", remedy)
    return ClassChoice()


def _of_the_stack(check: ArgumentCheck) -> StorageClassSettings | str | None:
    text = pulumi.Config().get(CONFIG_KEY)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if not isinstance(value, Mapping):
        return text
    settings, problems = class_of_mapping(value)
    check.extend(problems, under=f"configuration {CONFIG_KEY}")
    return settings


def class_of_mapping(value: Mapping[str, Any]) -> tuple[StorageClassSettings | None, list[Problem]]:
    """The settings that a mapping with `kind` stands for, or what is wrong with it."""
    kind = value.get("kind")
    if kind not in _CLASSES:
        found = "is missing" if kind is None else f"{kind!r} is no storage class"
        close = get_close_matches(str(kind), _CLASSES, n=1)
        remedy = f"Write {close[0]}" if close else f"Choose one of {', '.join(_CLASSES)}"
        return None, [Problem("kind", found, remedy)]
    module, _, name = _CLASSES[kind].partition(".")
    model: type[StorageClassSettings] = getattr(import_module(f"{__package__}.classes.{module}"), name)
    given = {str(key): item for key, item in value.items()}
    problems = model.type_problems(given)
    return (None, problems) if problems else (model(**given), [])
