"""Holds services to name what the stack may purge by the artifact itself: the engine then ends them before the purge.

A deletion knows nothing of the stack's other resources, so it cannot ask whether one still reads the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import Refusal, refuse


@dataclass(frozen=True)
class _Use:
    component: str
    name: str
    uri: str
    after: tuple[pulumi.Resource, ...]


@dataclass
class _Declared:
    """What one program has said so far, in whatever order it says it."""

    purged: dict[str, tuple[str, pulumi.Resource]] = field(default_factory=dict)
    uses: list[_Use] = field(default_factory=list)


_programs: WeakKeyDictionary[pulumi.Resource, _Declared] = WeakKeyDictionary()


def declare_purged(artifact: str, uri: object, upload: pulumi.Resource) -> None:
    """Note that the version at `uri` goes with its artifact; refuse the services that read it and would not go first.

    Raises:
        InvalidArguments: at once where no stack is running, else with the other problems of the program.
    """
    declared = _program()
    if declared is None or not isinstance(uri, str):
        return
    declared.purged[uri] = (artifact, upload)
    for use in declared.uses:
        _refuse_if_purged(use, uri, artifact, upload)


def declare_use(component: str, name: str, uri: object, after: Sequence[pulumi.Resource]) -> None:
    """Note that a service reads what lies at `uri`, and is updated or deleted before each of `after` is deleted.

    Raises:
        InvalidArguments: as `declare_purged`.
    """
    declared = _program()
    if declared is None or not isinstance(uri, str):
        return
    use = _Use(component, name, uri, tuple(after))
    declared.uses.append(use)
    for purged, (artifact, upload) in declared.purged.items():
        _refuse_if_purged(use, purged, artifact, upload)


def _program() -> _Declared | None:
    stack = pulumi.runtime.get_root_resource()
    return None if stack is None else _programs.setdefault(stack, _Declared())


def _refuse_if_purged(use: _Use, uri: str, artifact: str, upload: pulumi.Resource) -> None:
    if not use.uri.startswith(uri) or upload in use.after:
        return
    problem = Problem(
        "model",
        f'names the files of artifact "{artifact}" by their URI, and with on_delete="purge" they could go while the '
        "service still reads them",
        "Pass the ModelArtifact itself, or artifact.at(tag)",
    )
    refuse(Refusal(use.component, use.name, (problem,)))
