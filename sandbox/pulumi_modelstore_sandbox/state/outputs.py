"""What stacks put out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE
from pulumi_modelstore_sandbox.engine.target import StackOutputsLookup
from pulumi_modelstore_sandbox.engine.values import Properties, Value, without_secrets
from pulumi_modelstore_sandbox.state.errors import StateError
from pulumi_modelstore_sandbox.state.home import Home
from pulumi_modelstore_sandbox.state.store import StateFile


def stack_outputs(project_dir: Path, stack: str) -> dict[str, Any]:
    """Return the outputs of a sandbox stack, secrets in clear: for programs and tests, not to be shown.

    `project_dir` is the folder of Pulumi.yaml. Raises StateError when the stack has no state, or it cannot be read.
    """
    from pulumi_modelstore_sandbox.project.project import load_project

    project = load_project(project_dir)
    home = Home.of(project.root)
    path = home.state(project.name, stack)
    if not path.exists():
        raise StateError(
            f"The stack {stack} of {project.name} has no state in {home.path}: run `modelstore sandbox up` first."
        )
    return {name: without_secrets(value) for name, value in outputs_of(StateFile(path, home)).items()}


def outputs_of(state: StateFile) -> Properties:
    """Return the outputs that a state records for its stack."""
    for resource in state.snapshot():
        if resource.type == STACK_TYPE and not resource.delete:
            return resource.outputs
    return {}


def lookup(home: Home, project: str) -> StackOutputsLookup:
    """Return what resolves stack references of a program of `project` within this home."""

    def find(name: str) -> Mapping[str, Value] | None:
        parts = name.split("/")
        path = home.state(parts[-2] if len(parts) > 1 else project, parts[-1])
        return outputs_of(StateFile(path, home)) if path.exists() else None

    return find
