"""`modelstore artifacts`: the models in a live namespace of a stack. Each command is imported when it is asked for."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "list": "listing",
    "show": "showing",
    "tags": "showing",
    "verify": "verifying",
    "pull": "pulling",
    "prune": "pruning",
    "push": "pushing",
    "lock": "locking",
}
"""Each command with the module that it is in."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in the order of use."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{_COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, f"{cmd_name}_command")
        return found


@click.group(cls=_Commands)
def artifacts() -> None:
    """Look at, check, download, prune and upload the models in a namespace of a stack.

    The namespace and how it is reached are read from the stack's state, and the store itself is asked.
    """
