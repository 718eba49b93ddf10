"""`modelstore sandbox plugins DIR`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--cwd",
    default=".",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The project, or a folder in it, whose sandbox they serve. [default: here]",
)
def plugins(folder: Path, cwd: Path) -> None:
    """Write the sandbox's AWS and Kubernetes providers into DIR, for the Pulumi CLI.

    A shell that has read DIR/activate runs `pulumi` against the same stand-ins as the sandbox does: nothing of a real
    account or cluster is reached.
    """
    import shlex

    from pulumi_modelstore_sandbox.aws.server import AwsServerError
    from pulumi_modelstore_sandbox.plugins.activation import write_activation
    from pulumi_modelstore_sandbox.plugins.executables import write_executables
    from pulumi_modelstore_sandbox.project.errors import ProjectError
    from pulumi_modelstore_sandbox.project.project import load_project
    from pulumi_modelstore_sandbox.state.home import Home

    try:
        home = Home.of(load_project(cwd).root)
        written = write_executables(folder.absolute())
        activation = write_activation(folder.absolute(), home)
    except (ProjectError, AwsServerError) as error:
        raise click.ClickException(str(error)) from error
    for path in (*written, activation):
        click.echo(f"wrote {path}")
    click.echo("For the Pulumi CLI to use them, in a shell:")
    click.echo(f"  . {shlex.quote(str(activation))}")
    click.echo(f"What they make is in {home.path}.")
