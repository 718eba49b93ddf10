"""The commands that work on the state alone: export, import, outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_modelstore_sandbox.cli.errors import told
from pulumi_modelstore_sandbox.cli.session import Session
from pulumi_modelstore_sandbox.state.errors import StateError
from pulumi_modelstore_sandbox.state.store import StateFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_modelstore_sandbox.engine.resource import ResourceState


def export(cwd: Path, stack: str | None, *, show_secrets: bool) -> None:
    """Print the state as `pulumi stack export` does."""
    with told():
        state = _recorded(Session.open(cwd, stack, _note))
        click.echo(json.dumps(state.export(show_secrets=show_secrets), indent=4, ensure_ascii=False))


def import_(cwd: Path, stack: str | None, file: Path) -> None:
    """Replace the state with that of a file."""
    with told():
        session = Session.open(cwd, stack, _note)
        with session.lock("modelstore sandbox import"):
            given = StateFile(file, session.home, notify=_note)
            _check(given.snapshot(), session, file)
            state = session.read_state()
            state.write(given.snapshot(), given.pending())
            state.close()
        click.echo(f"Imported {len(given.snapshot())} resources into the stack {session.stack}.")


def outputs(cwd: Path, stack: str | None, *, as_json: bool, show_secrets: bool) -> None:
    """Print the stack's outputs."""
    from pulumi_modelstore_sandbox.display.values import lines, plain
    from pulumi_modelstore_sandbox.engine.values import without_secrets
    from pulumi_modelstore_sandbox.state.outputs import outputs_of

    with told():
        found = outputs_of(_recorded(Session.open(cwd, stack, _note)))
        if show_secrets:
            found = without_secrets(found)
    if as_json:
        click.echo(json.dumps(plain(found), indent=2, ensure_ascii=False, sort_keys=True))
        return
    width = max(map(len, found), default=0)
    for name in sorted(found):
        for line in lines(name.ljust(width), found[name], full=True):
            click.echo(line)


def _recorded(session: Session) -> StateFile:
    if not session.state_path.exists():
        raise StateError(
            f"The stack {session.stack} of {session.project.name} has no state in {session.home.path}: "
            "run `modelstore sandbox up` first."
        )
    return session.read_state()


def _check(resources: Sequence[ResourceState], session: Session, file: Path) -> None:
    """Refuse the state of another stack: its URNs would be foreign to the program's."""
    wanted = f"urn:pulumi:{session.stack}::{session.project.name}::"
    for resource in resources:
        if not resource.urn.startswith(wanted):
            raise StateError(
                f"{file} is the state of another stack: {resource.urn} is not of the stack {session.stack} of "
                f"{session.project.name}. Choose the stack with --stack."
            )


def _note(message: str) -> None:
    click.echo(f"note: {message}", err=True)
