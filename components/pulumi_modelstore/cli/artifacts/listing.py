"""`modelstore artifacts list`: all versions of all models, with what uses them."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import click

from pulumi_modelstore.cli.artifacts.place import Place, place_options
from pulumi_modelstore.cli.artifacts.users import keep_versions_in
from pulumi_modelstore.cli.tables import table

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.catalog import StoredModel, StoredVersion

_HEADINGS = ("MODEL", "VERSION", "SIZE", "FILES", "MODIFIED (UTC)", "TAGS", "USED BY", "NOTE")


@click.command("list")
@click.argument("model", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def list_command(*, place: Place, model: str | None, as_json: bool) -> None:
    """List the versions of MODEL, or of every model: size, files, age, tags, and what of the stack uses each.

    "may be pruned" are versions beyond the artifact's keep_versions that nothing uses.
    """
    from pulumi_modelstore_provider.artifacts.catalog import read_models

    found = [place.model(model)] if model else read_models(place.objects, place.declared.prefix)
    documents = [_document(place, one) for one in found]
    if as_json:
        click.echo(json.dumps({"namespace": place.declared.name, "models": documents}, indent=2))
    elif documents:
        click.echo(table(_HEADINGS, [row for document in documents for row in _rows(document)]))
    else:
        click.echo(f"The namespace {place.declared.name!r} has no model.")


def _document(place: Place, model: StoredModel) -> dict[str, Any]:
    from pulumi_modelstore_provider.artifacts.retention import judge

    users = place.users(model.prefix)
    keep = keep_versions_in(place.resources, place.declared.bucket, model.prefix)
    going = {verdict.version.version for verdict in judge(model, keep=keep, users=users) if verdict.goes}
    return {
        "model": model.name,
        "keepVersions": keep,
        "versions": [
            version_document(version, users=users.get(version.version, [])) | {"mayBePruned": version.version in going}
            for version in model.versions
        ],
        "tags": {chain.tag: chain.names[1] for chain in model.tags if len(chain.names) > 1},
    }


def version_document(version: StoredVersion, *, users: list[str]) -> dict[str, Any]:
    """What JSON says of a version."""
    content = version.manifest.content if version.manifest else None
    return {
        "version": version.version,
        "digest": content.tree_digest if content else None,
        "bytes": content.total_bytes if content else version.size,
        "files": len(content.files) if content else version.files,
        "modified": version.modified.astimezone(datetime.UTC).isoformat() if version.modified else None,
        "tags": list(version.tags),
        "usedBy": users,
        "problem": version.problem or None,
    }


def _rows(document: dict[str, Any]) -> list[list[str]]:
    from pulumi_modelstore_provider.artifacts.sizes import human_size

    return [
        [
            document["model"],
            version["version"],
            human_size(version["bytes"]),
            str(version["files"]),
            day(version["modified"]),
            ", ".join(version["tags"]),
            ", ".join(version["usedBy"]),
            version["problem"] or ("may be pruned" if version["mayBePruned"] else ""),
        ]
        for version in document["versions"]
    ]


def day(modified: str | None) -> str:
    """A time for people: minutes, in UTC."""
    return modified[:16].replace("T", " ") if modified else ""
