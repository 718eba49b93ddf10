"""`modelstore artifacts prune`: deletes versions that nothing uses; the only command that deletes any."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pulumi_modelstore.cli.artifacts.place import Place, place_options
from pulumi_modelstore.cli.artifacts.users import keep_versions_in
from pulumi_modelstore.cli.tables import table

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.retention import Verdict


@click.command("prune")
@click.argument("model")
@click.argument("versions", nargs=-1)
@click.option(
    "--keep", type=click.IntRange(min=1), help="How many of the newest stay; unset, the artifact's keep_versions."
)
@click.option("--yes", is_flag=True, help="Delete; without it, only what would go is shown.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def prune_command(
    *, place: Place, model: str, versions: tuple[str, ...], keep: int | None, yes: bool, as_json: bool
) -> None:
    """Delete versions of MODEL: those named, or those beyond the newest that are kept.

    Never one that a tag or anything in the stack's state uses. Other stacks' services are not known here: tag what they
    use. Without --yes nothing is deleted, and the reasons are shown.
    """
    from pulumi_modelstore_provider.artifacts.purge import purge_version
    from pulumi_modelstore_provider.artifacts.retention import judge

    if versions and keep is not None:
        message = "--keep is for versions that are not named"
        raise click.UsageError(message)
    stored = place.model(model)
    declared = keep_versions_in(place.resources, place.declared.bucket, stored.prefix)
    limit = keep if keep is not None else declared
    if limit is None and not versions:
        raise click.ClickException(
            f"nothing says how many versions of {model!r} to keep: pass --keep N, name versions, or set keep_versions "
            "on the artifact"
        )
    verdicts = judge(stored, keep=limit, users=place.users(stored.prefix), named=versions)
    if yes:
        for verdict in verdicts:
            if verdict.goes:
                count = purge_version(place.objects, stored.prefix, verdict.version.version)
                if not as_json:
                    click.echo(f"Deleted {model} {verdict.version.version}: {count} files.")
    if as_json:
        click.echo(
            json.dumps({"model": model, "versions": [_document(one, deleted=yes) for one in verdicts]}, indent=2)
        )
    elif yes:
        if not any(verdict.goes for verdict in verdicts):
            click.echo(f"Nothing to delete: every version of {model!r} is to stay.")
    else:
        click.echo(_plan(model, verdicts))


def _plan(model: str, verdicts: Sequence[Verdict]) -> str:
    from pulumi_modelstore_provider.artifacts.sizes import human_size

    rows = [
        [one.version.version, human_size(one.version.size), "goes" if one.goes else "stays", "; ".join(one.reasons)]
        for one in verdicts
    ]
    freed = sum(one.version.size for one in verdicts if one.goes)
    going = any(one.goes for one in verdicts)
    end = f"Nothing was deleted. With --yes {human_size(freed)} of {model!r} go." if going else "None is to go."
    return "\n".join((table(("VERSION", "SIZE", "", "WHY"), rows), end))


def _document(verdict: Verdict, *, deleted: bool) -> dict[str, Any]:
    return {
        "version": verdict.version.version,
        "bytes": verdict.version.size,
        "goes": verdict.goes,
        "deleted": deleted and verdict.goes,
        "reasons": list(verdict.reasons),
    }
