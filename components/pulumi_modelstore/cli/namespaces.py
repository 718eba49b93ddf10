"""`modelstore namespaces`: the storage namespaces of a stack, from its state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from pulumi_modelstore.cli.deployment import read_resources
from pulumi_modelstore.cli.tables import table

_TYPE = "modelstore:index:StorageNamespace"
_FIELDS = ("name", "backend", "bucket", "prefix", "region", "endpoint", "description")
_SHOWN = ("name", "backend", "bucket", "prefix", "description")


@click.command()
@click.option(
    "--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Project folder."
)
@click.option("--stack", help="Name of the stack.")
@click.option("--state", metavar="FILE", help="State to read: an export, a state file, or - for stdin.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with all fields.")
def namespaces(cwd: Path, stack: str | None, state: str | None, as_json: bool) -> None:
    """List the storage namespaces of a stack, with backend and description.

    Reads the sandbox's state of the project where there is one, else what `pulumi stack export` prints.
    """
    found = namespaces_in(read_resources(cwd=cwd, stack=stack, state=state))
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif found:
        rows = [[namespace[field] for field in _SHOWN] for namespace in found]
        click.echo(table([field.upper() for field in _SHOWN], rows))
    else:
        click.echo("The stack has no storage namespace.")


def namespaces_in(resources: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The namespaces among a state's resources, by name; a value that is stored as a secret shows as `[secret]`."""
    found = []
    for resource in resources:
        if resource.get("type") == _TYPE and not resource.get("delete"):
            outputs = resource.get("outputs") or {}
            found.append({"urn": str(resource.get("urn", "")), **{f: _shown(outputs.get(f)) for f in _FIELDS}})
    return sorted(found, key=lambda namespace: (namespace["name"], namespace["urn"]))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else "[secret]"
