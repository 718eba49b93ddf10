"""Reading the state of a stack, whichever engine wrote it. Secrets stay as they are stored: encrypted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

_MANIFESTS = ("Pulumi.yaml", "Pulumi.yml")
_EXPORT_SECONDS = 120


def read_resources(*, cwd: Path, stack: str | None, state: str | None) -> list[dict[str, Any]]:
    """The resources in a stack's state.

    Args:
        cwd: folder of the project, or one below it.
        stack: name of the stack; unset, the sandbox's only one, or the one that the Pulumi CLI has selected.
        state: file with the state, or `-` for stdin; unset, the sandbox's state where there is one, else what
            `pulumi stack export` prints.

    Raises:
        click.ClickException: where no state is found or it is none.
    """
    if state == "-":
        return _resources(sys.stdin.read(), "stdin")
    if state is not None:
        return _resources(_text_of(Path(state)), state)
    found = sandbox_state(cwd, stack)
    if found is not None:
        return _resources(_text_of(found), str(found))
    return _resources(_exported(cwd, stack), "pulumi stack export")


def _resources(text: str, where: str) -> list[dict[str, Any]]:
    """The resources of an exported deployment, or of a checkpoint as a local backend stores it."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise click.ClickException(f"{where} is no state of a stack, it is not JSON: {error}") from None
    deployment = _deployment(document)
    resources = None if deployment is None else deployment.get("resources") or []
    if not isinstance(resources, list) or not all(_is_resource(resource) for resource in resources):
        raise click.ClickException(f"{where} is no state of a stack; make one with: pulumi stack export --file FILE")
    return resources


def _deployment(document: Any) -> dict[str, Any] | None:
    """The deployment in a state, empty for a stack that was never deployed; None where there is no place for one."""
    found = document
    for path in (["deployment"], ["checkpoint", "latest"]):
        if isinstance(document, dict) and path[0] in document:
            for name in path:
                found = (found.get(name) or {}) if isinstance(found, dict) else None
            return found if isinstance(found, dict) else None
    return None


def _is_resource(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("outputs") or {}, dict)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"cannot read the state file {path}: {error}") from None


def sandbox_state(cwd: Path, stack: str | None) -> Path | None:
    """The file with the sandbox's state of a stack; None where it has none of that name, or of the project."""
    manifest = project_manifest(cwd)
    if manifest is None:
        return None
    home = Path(os.environ.get("MODELSTORE_SANDBOX_HOME") or manifest.parent / ".sandbox")
    folder = home / "stacks" / project_name(manifest)
    if stack is not None:
        path = folder / f"{stack}.json"
        return path if path.exists() else None
    stacks = sorted(folder.glob("*.json"))
    if len(stacks) > 1:
        names = ", ".join(path.stem for path in stacks)
        raise click.ClickException(f"the sandbox has several stacks of this project; pass --stack, one of {names}")
    return stacks[0] if stacks else None


def project_manifest(cwd: Path) -> Path | None:
    """The Pulumi.yaml of the folder's project, in it or above it; None where there is none."""
    for folder in (cwd.resolve(), *cwd.resolve().parents):
        for name in _MANIFESTS:
            if (folder / name).is_file():
                return folder / name
    return None


def project_name(manifest: Path) -> str:
    """The name of a project.

    Raises:
        click.ClickException: where its Pulumi.yaml has none.
    """
    import yaml

    try:
        return str(yaml.safe_load(manifest.read_text(encoding="utf-8"))["name"])
    except (yaml.YAMLError, KeyError, TypeError, OSError):
        raise click.ClickException(f"{manifest} names no project") from None


def _exported(cwd: Path, stack: str | None) -> str:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        message = (
            "no sandbox state of this stack, and no pulumi command on PATH; pass --state FILE, or --cwd and --stack"
        )
        raise click.ClickException(message)
    command = [pulumi, "stack", "export", "--non-interactive", "--cwd", str(cwd)]
    if stack is not None:
        command += ["--stack", stack]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_EXPORT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise click.ClickException(f"pulumi stack export gave no answer in {_EXPORT_SECONDS} s") from None
    if done.returncode:
        raise click.ClickException(f"pulumi stack export failed: {done.stderr.strip()}")
    return done.stdout
