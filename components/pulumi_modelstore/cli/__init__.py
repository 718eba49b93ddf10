"""The `modelstore` command. Each room adds commands to it by entry points; only the one asked for is imported."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click

_GROUP = "modelstore.commands"


class InstalledCommands(click.Group):
    """A group whose commands are the entry points `modelstore.commands` of the installed packages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all installed commands."""
        return sorted({*super().list_commands(ctx), *entry_points(group=_GROUP).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; importing it is what makes the others cost nothing."""
        for entry_point in entry_points(group=_GROUP, name=cmd_name):
            return self._load(entry_point)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command, also those whose packages are not complete."""
        rows = []
        for name in self.list_commands(ctx):
            try:
                command = self.get_command(ctx, name)
            except click.ClickException as error:
                rows.append((name, error.message))
            else:
                rows.append((name, command.get_short_help_str(limit=100) if command else ""))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    @staticmethod
    def _load(entry_point: EntryPoint) -> click.Command:
        try:
            command = entry_point.load()
        except ImportError as error:
            raise click.ClickException(_missing(entry_point, error)) from error
        except AttributeError as error:
            raise click.ClickException(f"{entry_point.value} is not there: {error}") from error
        if not isinstance(command, click.Command):
            raise click.ClickException(f"{entry_point.value} is no command; its package and this one do not fit")
        return command


def _missing(entry_point: EntryPoint, error: ImportError) -> str:
    extra = f' (try: pip install "pulumi-modelstore[{entry_point.name}]")' if error.name else ""
    return f"needs a package that is not installed: {error.name or error}{extra}"


@click.group(cls=InstalledCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-modelstore", prog_name="modelstore")
def main() -> None:
    """AI model storage and serving, declared with Pulumi."""
