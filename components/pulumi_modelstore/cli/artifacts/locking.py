"""`modelstore artifacts lock`: reads the sources of a program's artifacts anew, and writes the lock file.

Revisions that fills are pinned to stay: the program alone knows which of them it still has, and with which tokens.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pulumi_modelstore.cli.artifacts.locked import chosen, differences, lock_path, reread
from pulumi_modelstore.cli.artifacts.transfer_bar import transfer_bar
from pulumi_modelstore.cli.stack_configuration import project_configuration

_ABSENT = "is not at hand here, and stays as it is"


@click.command("lock")
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.option("--refresh-lock", "refresh", is_flag=True, help="Take the newest commit of branches of hubs, too.")
@click.option("--drop", multiple=True, metavar="NAME", help="Forget an artifact that the program has no more.")
@click.option(
    "--file", "given", type=click.Path(dir_okay=False, path_type=Path), help="Lock file; unset, the program's."
)
@click.option(
    "--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Project folder."
)
@click.option("--stack", help="Stack whose configuration names the lock file, or is referred to for credentials.")
def lock_command(
    *, names: tuple[str, ...], refresh: bool, drop: tuple[str, ...], given: Path | None, cwd: Path, stack: str | None
) -> None:
    """Read the sources of the artifacts NAME, or of all, anew and write what they consist of to modelstore.lock.

    Shows each file that is new (+), other (~) or gone (-); commit the file then. Ends with 1 where a source is not at
    hand here. NAME is an artifact's, or <namespace>/<artifact>. Revisions of fills stay as they are: a preview with
    MODELSTORE_REFRESH_LOCK=1 asks for those.
    """
    from pulumi_modelstore_provider.artifacts.lock_file import read_lock, update_lock, write_lock
    from pulumi_modelstore_provider.errors import InvalidSource, ModelstoreError, SourceUnavailable

    path, absent = lock_path(cwd, given, stack), False
    try:
        lock = read_lock(path)
        dropped = frozenset(entry.key for entry in (chosen(lock, drop, path) if drop else []))
        entries = chosen(lock, names, path) if names or not drop else []
        for entry in entries:
            if entry.key in dropped:
                continue
            try:
                with transfer_bar(silent=False):
                    again = reread(entry, path, config=project_configuration(cwd, stack), refresh=refresh)
            except SourceUnavailable as error:
                absent = True
                click.echo(f"{entry.key} {_ABSENT}: {'; '.join(error.problems)}")
                continue
            except InvalidSource as error:
                raise click.ClickException(f"{entry.key}: {error}") from None
            lines = list(differences(entry, again.entry))
            click.echo(f"{entry.key} " + ("has changed:" if lines else "is unchanged."))
            for line in lines:
                click.echo(f"  {line}")
            update_lock(path, again.entry)
        if dropped:
            write_lock(path, read_lock(path).only(frozenset(lock.entries) - dropped))
            click.echo(f"Dropped: {', '.join(sorted(dropped))}.")
    except ModelstoreError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror or error}") from None
    sys.exit(1 if absent else 0)
