"""`Mount`: a file system in a serving container, as (volume, mount from, mount as)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.volumes.model_volume import ModelVolume

MODEL_PLACE = "/mnt/models"
"""Where KServe puts a model into every serving container."""

CONFIG_KEY = "mounts"
"""Key of the stack's configuration with the mounts of each service that names none: a list of `Mount`'s settings."""


class Mount(CheckedSettings):
    """One folder of a file system in the container.

    Args:
        volume: a `ModelVolume`, or the name of a PersistentVolumeClaim in the service's namespace.
        mount_as: absolute path in the container.
        mount_from: folder in the file system; unset, all of it. Kubernetes makes it where it is missing.
        read_only: whether the container may only read.
    """

    volume: Any
    mount_as: str
    mount_from: str = ""
    read_only: bool = False

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        if isinstance(self.volume, ModelVolume):
            found = self.volume.mount_problems(self.mount_from, argument="mount_from")
        else:
            found = subdomain_name_problems(self.volume, argument="volume")
        place, folder = PurePosixPath(self.mount_as), PurePosixPath(self.mount_from)
        if not place.is_absolute() or ".." in place.parts or ":" in self.mount_as or len(place.parts) < 2:
            remedy = "Write an absolute path such as /data, without .. and colons"
            found.append(Problem("mount_as", f'"{self.mount_as}" is no place in a container', remedy))
        if ".." in folder.parts:
            found.append(Problem("mount_from", f'"{self.mount_from}" leads out of the volume', "Leave the .. out"))
        return found

    def sub_path(self) -> str:
        """The folder as Kubernetes takes it; empty for the whole volume."""
        path = str(PurePosixPath(self.mount_from.strip("/")))
        return "" if path == "." else path


def mounts_of_the_stack(check: ArgumentCheck) -> Sequence[Mount]:
    """The mounts in the stack's configuration, such as a file system that all workloads share."""
    text = pulumi.Config().get(CONFIG_KEY)
    if text is None:
        return ()
    where = f"configuration {CONFIG_KEY}"
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
        check.add(where, "is no list of mounts", 'Write it like [{"volume": "shared", "mountAs": "/shared"}]')
        return ()
    problems = [
        problem.under(f"{where}[{number}]")
        for number, value in enumerate(values)
        for problem in Mount.type_problems(value)
    ]
    check.extend(problems)
    return () if problems else [Mount(**value) for value in values]


def mount_problems(mounts: Sequence[Mount], *, taken: Sequence[str] = (), argument: str = "mounts") -> list[Problem]:
    """What is wrong with mounts, each by itself and together; `taken` are places that something else has."""
    found: list[Problem] = []
    places: dict[PurePosixPath, str] = {PurePosixPath(place): "the service itself" for place in taken}
    for number, mount in enumerate(mounts):
        where = f"{argument}[{number}]"
        found += [problem.under(where) for problem in mount.problems()]
        place = PurePosixPath(mount.mount_as)
        if place in places:
            said = f'"{mount.mount_as}" is where {places[place]} mounts something already'
            found.append(Problem(f"{where}.mount_as", said, "Choose another place"))
        elif PurePosixPath(MODEL_PLACE) in place.parents:
            said = f'"{mount.mount_as}" is below {MODEL_PLACE}, which KServe mounts for reading only'
            found.append(Problem(f"{where}.mount_as", said, "Choose a place outside of it"))
        places.setdefault(place, where)
    return found


def volume_mounts(mounts: Sequence[Mount]) -> list[dict[str, Any]]:
    """The container's `volumeMounts`."""
    names = _names(mounts)
    return [
        {"name": names[_key(mount)], "mountPath": mount.mount_as}
        | ({"subPath": mount.sub_path()} if mount.sub_path() else {})
        | ({"readOnly": True} if mount.read_only else {})
        for mount in mounts
    ]


def pod_volumes(mounts: Sequence[Mount]) -> list[dict[str, Any]]:
    """The pod's `volumes`, one a file system, however often it is mounted."""
    return [
        volume.pod_volume(name)
        if isinstance(volume, ModelVolume)
        else {"name": name, "persistentVolumeClaim": {"claimName": volume}}
        for name, volume in mounted_volumes(mounts).items()
    ]


def mounted_volumes(mounts: Sequence[Mount]) -> dict[str, Any]:
    """What is mounted, by its name in the pod."""
    names = _names(mounts)
    return {names[_key(mount)]: mount.volume for mount in mounts}


def _names(mounts: Sequence[Mount]) -> dict[str, str]:
    # By number: a claim's name may be longer than the 63 characters of a volume's.
    keys = dict.fromkeys(_key(mount) for mount in mounts)
    return {key: f"mount-{number}" for number, key in enumerate(keys)}


def _key(mount: Mount) -> str:
    if not isinstance(mount.volume, ModelVolume):
        return str(mount.volume)
    # Scratch space has no claim, and is another one for each volume.
    return mount.volume.claim_name or f"scratch/{mount.volume.given_name}"
