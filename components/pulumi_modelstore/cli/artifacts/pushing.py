"""`modelstore artifacts push`: uploads an artifact of the lock file from where its files are, without a deployment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_modelstore.cli.artifacts.locked import Reread, as_recorded, chosen, differences, lock_path, reread
from pulumi_modelstore.cli.artifacts.place import Place, Where, opened_place, state_options
from pulumi_modelstore.cli.artifacts.pulling import INTERRUPTED
from pulumi_modelstore.cli.artifacts.transfer_bar import transfer_bar

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.lock_entries import LockEntry, LockFile
    from pulumi_modelstore_provider.artifacts.upload import UploadOutcome


@click.command("push")
@click.argument("name")
@click.option("--refresh-lock", "refresh", is_flag=True, help="Take the newest commit of branches of hubs.")
@click.option(
    "--file", "given", type=click.Path(dir_okay=False, path_type=Path), help="Lock file; unset, the program's."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@state_options
def push_command(*, where: Where, name: str, refresh: bool, given: Path | None, as_json: bool) -> None:
    """Upload the artifact NAME of modelstore.lock into its namespace, so that a deployment elsewhere finds it there.

    A local source that differs from the lock file is uploaded as it is now and recorded there: commit the file. Run
    again after an interruption, what has arrived is not sent again.
    """
    from pulumi_modelstore_provider.artifacts.lock_file import read_lock, update_lock

    path = lock_path(where.cwd, given, where.stack)
    (entry,) = chosen(_readable(path), [name], path)
    with opened_place(where, entry.namespace) as place:
        try:
            with transfer_bar(silent=as_json):
                again = _read(entry, path, place, refresh=refresh)
                version = again.entry.version or again.entry.content.default_version
                outcome = _upload(place, again, version, path)
        except KeyboardInterrupt:
            click.echo("\nStopped. What has arrived is kept; run the same command again to go on from there.", err=True)
            sys.exit(INTERRUPTED)
        lines = list(differences(entry, again.entry))
        if lines or read_lock(path).entries.get(entry.key) != again.entry:
            update_lock(path, again.entry)
        if as_json:
            document = {
                "artifact": entry.key,
                "model": entry.model,
                "version": version,
                "digest": again.entry.content.tree_digest,
                "bytes": again.entry.content.total_bytes,
                "sentBytes": outcome.sent,
                "keptBytes": outcome.kept,
                "lockChanged": bool(lines),
            }
            click.echo(json.dumps(document, indent=2))
            return
        _tell(entry.model, version, again, outcome)
        if lines:
            click.echo(f"{path.name} has changed; commit it:")
            for line in lines:
                click.echo(f"  {line}")


def _readable(path: Path) -> LockFile:
    from pulumi_modelstore_provider.artifacts.lock_file import read_lock
    from pulumi_modelstore_provider.errors import InvalidLock

    try:
        return read_lock(path)
    except InvalidLock as error:
        raise click.ClickException(str(error)) from None


def _read(entry: LockEntry, path: Path, place: Place, *, refresh: bool) -> Reread:
    """The entry anew; where its source is not at hand, as it is: the version may be in the store already."""
    from pulumi_modelstore_provider.errors import SourceUnavailable

    try:
        return reread(entry, path, config=place.config, refresh=refresh)
    except SourceUnavailable:
        if refresh:
            raise
        return as_recorded(entry)


def _upload(place: Place, again: Reread, version: str, path: Path) -> UploadOutcome:
    from pulumi_modelstore_provider.artifacts.layout import model_prefix
    from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version

    request = UploadRequest(
        model_prefix(place.declared.prefix, again.entry.model),
        version,
        again.entry.content.as_inputs(),
        again.sources,
        base=path.parent,
        config=place.config,
    )
    return upload_version(place.objects, request, settings=place.settings)


def _tell(model: str, version: str, again: Reread, outcome: UploadOutcome) -> None:
    from pulumi_modelstore_provider.artifacts.sizes import human_size

    total = human_size(again.entry.content.total_bytes)
    if not outcome.receipts:
        click.echo(f"{model} {version} ({total}) is in the store already.")
        return
    kept = f", {human_size(outcome.kept)} were there" if outcome.kept else ""
    methods = ", ".join(f"{method} ({count} files)" for method, count in sorted(outcome.methods.items()))
    click.echo(
        f"{model} {version} ({total}) is in the store: sent {human_size(outcome.sent)}{kept}; verified by {methods}."
    )
