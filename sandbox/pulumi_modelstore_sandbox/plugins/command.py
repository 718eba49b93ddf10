"""`modelstore sandbox plugins DIR`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def plugins(folder: Path) -> None:
    """Write the sandbox's AWS and Kubernetes providers into DIR, for the Pulumi CLI.

    With DIR first on PATH, `pulumi` runs a stack against the same stand-ins as the sandbox does: nothing of a real
    account or cluster is reached.
    """
    import shlex

    from pulumi_modelstore_sandbox.plugins.executables import write_executables

    for path in write_executables(folder.absolute()):
        click.echo(f"wrote {path}")
    click.echo("For the Pulumi CLI to use them, in a shell:")
    click.echo(f'  export PATH={shlex.quote(str(folder.absolute()))}:"$PATH"')
    click.echo("MODELSTORE_SANDBOX_HOME is where they keep what they make (default: .sandbox beside Pulumi.yaml).")
