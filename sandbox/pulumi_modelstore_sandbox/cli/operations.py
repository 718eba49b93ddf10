"""Preview, up, refresh and destroy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Final

import click

from pulumi_modelstore_sandbox.cli.aws_on_demand import aws_on_demand
from pulumi_modelstore_sandbox.cli.errors import told
from pulumi_modelstore_sandbox.cli.interruption import interruptible
from pulumi_modelstore_sandbox.cli.options import Choices
from pulumi_modelstore_sandbox.cli.session import Session, set_environment
from pulumi_modelstore_sandbox.display.change_list import ChangeList
from pulumi_modelstore_sandbox.display.console import Console, ProgramOutput
from pulumi_modelstore_sandbox.display.digest import Digest
from pulumi_modelstore_sandbox.display.preview import PreviewText
from pulumi_modelstore_sandbox.display.progress import ProgressText
from pulumi_modelstore_sandbox.engine.events import Event, EventSink
from pulumi_modelstore_sandbox.engine.values import Secret

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.target import Options, Target
    from pulumi_modelstore_sandbox.project.configuration import Configuration
    from pulumi_modelstore_sandbox.state.store import StateFile

BANNER: Final = (
    "modelstore sandbox: a stand-in for Pulumi's engine, AWS and Kubernetes on this machine. Production is `pulumi up`."
)


def preview(choices: Choices) -> None:
    """Show what `up` would do."""
    with _operation(choices, "preview") as work:
        work.preview()


def up(choices: Choices) -> None:
    """Show what changes, then do it."""
    with _operation(choices, "up", writes=True) as work:
        if not choices.json or choices.expect_no_changes:
            work.preview(announce=True)
            work.say("\nUpdating:")
        work.apply("up")


def refresh(choices: Choices) -> None:
    """Bring the state up to date."""
    with _operation(choices, "refresh", writes=True) as work:
        work.apply("refresh")


def destroy(choices: Choices) -> None:
    """Delete every resource."""
    with _operation(choices, "destroy", writes=True) as work:
        resources = len(work.state.snapshot())
        if not resources:
            work.say(f"The stack {work.session.stack} has no resources: nothing to destroy.")
        elif choices.expect_no_changes:
            raise click.ClickException(f"No changes were expected, and {resources} resources would be deleted.")
        work.apply("destroy")


class _Work:
    """One operation, from what the user chose to what is shown."""

    def __init__(self, choices: Choices, session: Session, state: StateFile, console: Console) -> None:
        self.choices = choices
        self.session = session
        self.state = state
        self.console = console
        self.configuration: Configuration = session.configuration(choices.config)

    def say(self, text: str) -> None:
        """Write a line for people."""
        if not self.choices.json:
            self.console.line(text)

    def preview(self, *, announce: bool = False) -> None:
        """Run a preview; with `announce` it is what precedes an update."""
        project, stack = self.session.project.name, self.session.stack
        self.say(f"Previewing the stack {stack} of {project}:\n")
        sink = self._digest() if self.choices.json else PreviewText(self.console, full=self.choices.diff)
        changes = ChangeList()
        from pulumi_modelstore_sandbox.engine import deployment

        succeeded = self._run(deployment.preview, sink, changes)
        if isinstance(sink, Digest) and not announce:
            click.echo(sink.text())
        if not succeeded:
            raise click.exceptions.Exit(1)
        self._expect(changes)

    def apply(self, operation: str) -> None:
        """Run an operation that changes things."""
        self.state.require_passphrase()
        sink = (
            self._digest()
            if self.choices.json
            else ProgressText(self.console, show_outputs=operation == "up", full=self.choices.diff)
        )
        changes = ChangeList()
        from pulumi_modelstore_sandbox.engine import deployment

        run = {"up": deployment.up, "refresh": deployment.refresh, "destroy": deployment.destroy}[operation]
        succeeded = self._run(run, sink, changes)
        if isinstance(sink, Digest):
            click.echo(sink.text())
        if not succeeded:
            again = f"`modelstore sandbox {operation}`"
            self.say(f"\nThe state is saved. Mend what failed and run {again} again: it goes on from here.")
            raise click.exceptions.Exit(1)
        self._expect(changes)

    def _run(
        self, operation: Callable[[Target, StateFile, EventSink, Options], bool], sink: EventSink, changes: ChangeList
    ) -> bool:
        from pulumi_modelstore_sandbox.engine.redaction import Redaction
        from pulumi_modelstore_sandbox.engine.target import Options

        redaction = Redaction()
        for key in self.configuration.secret_keys:
            redaction.learn(Secret(self.configuration.values[key]))
        told_by = sink if isinstance(sink, Digest) else None
        printed = ProgramOutput(told_by.printed if told_by else self.console.line, redaction.clean)
        options = Options(parallel=self.choices.parallel, refresh=self.choices.refresh)
        target = self.session.target(self.configuration)

        def emit(event: Event) -> None:
            changes(event)
            sink(event)

        with redirect_stdout(printed):
            try:
                return operation(target, self.state, emit, options)
            finally:
                printed.finish()
                self.console.status("")

    def _digest(self) -> Digest:
        return Digest(self.session.shown_configuration(self.choices.config))

    def _expect(self, changes: ChangeList) -> None:
        if self.choices.expect_no_changes and changes.lines:
            listed = "".join(f"\n  {line}" for line in changes.lines)
            raise click.ClickException(f"No changes were expected, and there are {len(changes.lines)}:{listed}")


@contextmanager
def _operation(choices: Choices, name: str, *, writes: bool = False) -> Iterator[_Work]:
    """Open what an operation needs, in the order in which it can fail, and close it."""
    command = f"modelstore sandbox {name}"
    # JSON has stdout for itself.
    console = Console(sys.stderr if choices.json else sys.stdout)
    console.line(console.style.dim(BANNER))

    def notify(message: str) -> None:
        console.line(f"{console.style.warning('note:')} {message}")

    with told():
        session = Session.open(choices.cwd, choices.stack, notify)
        with aws_on_demand(session.home.path, notify):
            set_environment(choices, session.home)
            if not writes:
                with interruptible(console, command, session.state_path, writes=False):
                    yield _Work(choices, session, session.read_state(), console)
                return
            with session.lock(command), interruptible(console, command, session.state_path, writes=True):
                state = session.read_state()
                try:
                    yield _Work(choices, session, state, console)
                finally:
                    state.close()
