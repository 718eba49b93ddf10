"""`modelstore artifacts pull`: a version, or everything that a tag means, into a folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from pulumi_modelstore.cli.artifacts.place import Place, place_options, version_of
from pulumi_modelstore.cli.artifacts.transfer_bar import transfer_bar

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it."""


@click.command("pull")
@click.argument("model")
@click.argument("version", metavar="[VERSION|TAG]", required=False)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; unset, ./MODEL.",
)
@click.option("--overwrite", is_flag=True, help="Replace files of other content that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def pull_command(
    *, place: Place, model: str, version: str | None, folder: Path | None, overwrite: bool, as_json: bool
) -> None:
    """Download a version of MODEL, each file checked against its digest before it gets its name.

    What is cut off, also by kill -9, goes on where it ended when the command is run again. Files that are there with
    the same content are kept. MODELSTORE_TRANSFER_CONCURRENCY and MODELSTORE_TRANSFER_RATE_LIMIT limit it.
    """
    from pulumi_modelstore_provider.artifacts.layout import version_prefix
    from pulumi_modelstore_provider.artifacts.pull import pull
    from pulumi_modelstore_provider.artifacts.sizes import human_size
    from pulumi_modelstore_provider.progress import TransferProgress

    stored = place.model(model)
    found, content = version_of(stored, version)
    target = folder or Path(model)
    try:
        with transfer_bar(silent=as_json):
            outcome = pull(
                place.objects,
                content,
                version_prefix(stored.prefix, found.version),
                target,
                settings=place.settings,
                progress=TransferProgress("", "downloading", content.total_bytes),
                overwrite=overwrite,
            )
    except KeyboardInterrupt:
        click.echo(
            f"\nStopped. What has arrived is kept in {target}; run the same command again to go on from there.",
            err=True,
        )
        sys.exit(INTERRUPTED)
    if as_json:
        document = {
            "model": model,
            "version": found.version,
            "folder": str(target),
            "files": len(content.files),
            "bytes": content.total_bytes,
            "fetchedBytes": outcome.fetched,
            "resumedBytes": outcome.resumed,
            "keptFiles": outcome.kept,
        }
        click.echo(json.dumps(document, indent=2))
        return
    had = [f"{outcome.kept} files were there"] if outcome.kept else []
    had += [f"{human_size(outcome.resumed)} were there from an earlier run"] if outcome.resumed else []
    click.echo(
        f"{model} {found.version} is in {target}: {len(content.files)} files, {human_size(content.total_bytes)}, all "
        f"digests right; fetched {human_size(outcome.fetched)}" + "".join(f", {text}" for text in had)
    )
