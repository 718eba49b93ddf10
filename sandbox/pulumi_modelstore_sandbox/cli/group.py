"""The commands and their help; what they do is imported when one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pulumi_modelstore_sandbox.cli.options import Choices, operation_options, project_options, refresh_option


class _Commands(click.Group):
    """The sandbox's commands, with `plugins` from the room that it belongs to."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return sorted({*super().list_commands(ctx), "plugins"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name != "plugins":
            return super().get_command(ctx, cmd_name)
        from pulumi_modelstore_sandbox.plugins.command import plugins

        command: click.Command = plugins
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def sandbox() -> None:
    """Try a stack on this machine: a stand-in for Pulumi's engine, AWS and Kubernetes.

    Production is `pulumi up`.
    """


@sandbox.command()
@operation_options
@refresh_option
def preview(**options: Any) -> None:
    """Show what `up` would do, as a diff."""
    from pulumi_modelstore_sandbox.cli import operations

    operations.preview(Choices(**options))


@sandbox.command()
@operation_options
@refresh_option
def up(**options: Any) -> None:
    """Show what changes, then do it."""
    from pulumi_modelstore_sandbox.cli import operations

    operations.up(Choices(**options))


@sandbox.command()
@operation_options
def refresh(**options: Any) -> None:
    """Read every resource and bring the state up to date."""
    from pulumi_modelstore_sandbox.cli import operations

    operations.refresh(Choices(**options))


@sandbox.command()
@operation_options
def destroy(**options: Any) -> None:
    """Delete every resource of the stack; what it retains stays."""
    from pulumi_modelstore_sandbox.cli import operations

    operations.destroy(Choices(**options))


@sandbox.command()
@project_options
@click.option("--show-secrets", is_flag=True, help="Write secrets in clear.")
def export(*, cwd: Path, stack: str | None, show_secrets: bool) -> None:
    """Print the state; `pulumi stack import` takes it."""
    from pulumi_modelstore_sandbox.cli import records

    records.export(cwd, stack, show_secrets=show_secrets)


@sandbox.command("import")
@project_options
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(*, cwd: Path, stack: str | None, file: Path) -> None:
    """Take the state in FILE, as `export` or `pulumi stack export` printed it."""
    from pulumi_modelstore_sandbox.cli import records

    records.import_(cwd, stack, file)


@sandbox.command()
@project_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--show-secrets", is_flag=True, help="Write secrets in clear.")
def outputs(*, cwd: Path, stack: str | None, as_json: bool, show_secrets: bool) -> None:
    """Print the stack's outputs."""
    from pulumi_modelstore_sandbox.cli import records

    records.outputs(cwd, stack, as_json=as_json, show_secrets=show_secrets)
