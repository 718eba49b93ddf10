"""Pulumi.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_modelstore_sandbox.project.declared import Declared, read_declared
from pulumi_modelstore_sandbox.project.errors import InvalidProjectError, ProjectError
from pulumi_modelstore_sandbox.project.yaml_file import read_mapping

DEFAULT_STACK = "dev"

_FILES = ("Pulumi.yaml", "Pulumi.yml")
_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,100}$")


@dataclass(frozen=True)
class Project:
    """A project and what its Pulumi.yaml declares."""

    file: Path
    name: str
    main: Path
    """Folder or file of the program."""
    description: str = ""
    declared: Mapping[str, Declared] = field(default_factory=dict)
    """Declared configuration by full key (`project:key`)."""
    stack_files: Path = Path()
    """Folder of the Pulumi.<stack>.yaml files."""

    @property
    def root(self) -> Path:
        """The folder of Pulumi.yaml."""
        return self.file.parent

    def stack_file(self, stack: str) -> Path:
        """Return where the configuration of a stack stands, if it has any."""
        return self.stack_files / f"Pulumi.{stack}{self.file.suffix}"

    def choose_stack(self, named: str | None) -> str:
        """Return the stack to work on: the named one, else `dev`, else the only one that has a file.

        Raises ProjectError when several have a file and none of them is `dev`.
        """
        if named:
            return named
        prefix, suffix = "Pulumi.", self.file.suffix
        found = sorted(
            file.name[len(prefix) : -len(suffix)]
            for file in self.stack_files.glob(f"{prefix}?*{suffix}")
            if file.is_file()
        )
        if len(found) == 1 and DEFAULT_STACK not in found:
            return found[0]
        if found and DEFAULT_STACK not in found:
            raise ProjectError(
                f"The project {self.name} has several stacks ({', '.join(found)}) and none is named {DEFAULT_STACK}: "
                "choose one with --stack."
            )
        return DEFAULT_STACK


def load_project(folder: Path) -> Project:
    """Read the Pulumi.yaml of a folder or the nearest one above it; raises ProjectError with everything wrong in it."""
    file = _find(folder)
    data = read_mapping(file)
    problems: list[str] = []
    name = data.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        problems.append(
            f"name: {name!r} is no project name: 1 to 100 letters, digits, hyphens, underscores and periods."
        )
        name = "unnamed"
    problems += _runtime_problems(data.get("runtime"))
    main = _text(data, "main", problems)
    program = (file.parent / main).resolve() if main else file.parent
    if not program.exists():
        problems.append(f"main: {main} is not there ({program}).")
    stack_files = _text(data, "stackConfigDir", problems)
    config = data.get("config")
    if isinstance(config, str):  # the older name of stackConfigDir
        stack_files, config = config, None
    declared = read_declared(config, name, problems)
    description = _text(data, "description", problems)
    if problems:
        raise InvalidProjectError(file, problems)
    return Project(file, name, program, description, declared, file.parent / stack_files)


def _find(folder: Path) -> Path:
    start = folder.absolute()
    if not start.is_dir():
        raise ProjectError(f"{start} is not a folder.")
    for parent in (start, *start.parents):
        for name in _FILES:
            if (parent / name).is_file():
                return parent / name
    raise ProjectError(f"No Pulumi.yaml in {start} or in a folder above it: name the project's folder with --cwd.")


def _runtime_problems(runtime: Any) -> list[str]:
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name == "python":
        return []
    if name is None:
        return ["runtime: is missing; write `runtime: python`."]
    return [f"runtime: the sandbox runs Python programs; {name!r} needs the Pulumi CLI."]


def _text(data: Mapping[str, Any], key: str, problems: list[str]) -> str:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    problems.append(f"{key}: must be text, not {type(value).__name__}.")
    return ""
