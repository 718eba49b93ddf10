"""`modelstore artifacts show` and `tags`: one version with its files, and where tags lead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from pulumi_modelstore.cli.artifacts.listing import day, version_document
from pulumi_modelstore.cli.artifacts.place import Place, place_options, version_of
from pulumi_modelstore.cli.tables import table

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.catalog import TagChain

_STATES = {
    "ok": "",
    "dangling": "leads nowhere",
    "circle": "goes in a circle",
    "ambiguous": "is both a tag and a version",
    "no tag": "its object holds no name",
}


@click.command("show")
@click.argument("model")
@click.argument("version", metavar="[VERSION|TAG]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def show_command(*, place: Place, model: str, version: str | None, as_json: bool) -> None:
    """Show a version of MODEL: its files by digest, its tags, and what of the stack uses it.

    A tag stands for the version that it means; without either, the newest version is shown.
    """
    from pulumi_modelstore_provider.artifacts.layout import version_prefix
    from pulumi_modelstore_provider.artifacts.sizes import human_size

    stored = place.model(model)
    found, content = version_of(stored, version)
    users = place.users(stored.prefix).get(found.version, [])
    where = place.objects.url(version_prefix(stored.prefix, found.version))
    document = version_document(found, users=users)
    if as_json:
        files = [{"path": file.path, "bytes": file.size, "digest": file.digest} for file in content.files]
        click.echo(json.dumps({"model": model, "url": where, **document, "contents": files}, indent=2))
        return
    chains = [" -> ".join(chain.names) for chain in stored.tags if chain.version == found.version]
    facts = [
        ("version", found.version),
        ("place", where),
        ("digest", content.tree_digest),
        ("size", f"{human_size(content.total_bytes)} in {len(content.files)} files"),
        ("modified", f"{day(document['modified'])} UTC"),
        *(("tag", chain) for chain in chains),
        *(("used by", user) for user in users),
    ]
    for name, value in facts:
        click.echo(f"{name:<10}{value}")
    click.echo()
    click.echo(table(("DIGEST", "SIZE", "FILE"), [[f.digest, human_size(f.size), f.path] for f in content.files]))


@click.command("tags")
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def tags_command(*, place: Place, model: str, as_json: bool) -> None:
    """Show where each tag of MODEL leads, as `latest -> v2 -> 2024-03-20`. Tags that mean no version are marked."""
    chains = place.model(model).tags
    if as_json:
        click.echo(json.dumps({"model": model, "tags": [_document(chain) for chain in chains]}, indent=2))
        return
    for chain in chains:
        marked = f"  ({_STATES[chain.state]})" if chain.state != "ok" else ""
        click.echo(" -> ".join(chain.names) + marked)
    if not chains:
        click.echo(f"The model {model!r} has no tag.")


def _document(chain: TagChain) -> dict[str, object]:
    return {"tag": chain.tag, "chain": list(chain.names[1:]), "version": chain.version, "state": chain.state}
