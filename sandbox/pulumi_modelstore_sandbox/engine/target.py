"""What one run of the engine is about: a stack of a project, and how to go about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from pulumi_modelstore_sandbox.engine.values import Value

StackOutputsLookup: TypeAlias = Callable[[str], Mapping[str, Value] | None]
"""Outputs of another stack by `organization/project/stack`, `project/stack` or `stack`; None when there is none."""


def no_other_stacks(name: str) -> Mapping[str, Value] | None:  # noqa: ARG001 - the signature of a lookup
    """Know no other stack: every stack reference fails."""
    return None


@dataclass(frozen=True)
class Target:
    """A stack and the program that declares it."""

    project: str
    stack: str
    root: Path
    """Folder of Pulumi.yaml."""
    main: Path
    """Folder (or file) of the program, with `main:` of Pulumi.yaml resolved."""
    config: Mapping[str, str] = field(default_factory=dict)
    """By full key (`project:key`), secrets in clear."""
    secret_keys: frozenset[str] = frozenset()
    organization: str = "organization"
    stack_outputs: StackOutputsLookup = no_other_stacks


@dataclass(frozen=True)
class Options:
    """How a run goes about its work."""

    parallel: int = 16
    """Steps at a time, at least 1."""
    refresh: bool = False
    """Read every resource from its provider before the program runs."""
    continue_on_error: bool = False
    """Keep taking steps that do not depend on a failed one even when they would start after the failure."""
