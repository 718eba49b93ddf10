"""One command's work on one stack: its project, configuration, state and environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.project.configuration import (
    Configuration,
    StackFile,
    blinded,
    configure,
    load_stack_file,
    with_overrides,
)
from pulumi_modelstore_sandbox.project.project import Project, load_project
from pulumi_modelstore_sandbox.state import passphrase
from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher
from pulumi_modelstore_sandbox.state.errors import WrongPassphraseError
from pulumi_modelstore_sandbox.state.home import HOME_VARIABLE, Home
from pulumi_modelstore_sandbox.state.lock import locked
from pulumi_modelstore_sandbox.state.store import StateFile

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.cli.options import Choices
    from pulumi_modelstore_sandbox.engine.target import Target


@dataclass(frozen=True)
class Session:
    """A stack, ready to be worked on."""

    project: Project
    stack: str
    home: Home
    stack_file: StackFile
    notify: Callable[[str], None]

    @classmethod
    def open(cls, cwd: Path, stack: str | None, notify: Callable[[str], None]) -> Session:
        """Read the project's files; raises ProjectError."""
        project = load_project(cwd)
        chosen = project.choose_stack(stack)
        return cls(project, chosen, Home.of(project.root), load_stack_file(project, chosen), notify)

    @property
    def state_path(self) -> Path:
        """The stack's state file; raises StateError for a stack name that is no file name."""
        return self.home.state(self.project.name, self.stack)

    def read_state(self) -> StateFile:
        """Read the state, and begin to derive the key of its secrets."""
        state = StateFile(self.state_path, self.home, configured_salt=self.stack_file.salt, notify=self.notify)
        state.prefetch()
        return state

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Keep other runs off the stack; raises StackLockedError."""
        self.home.create()
        path = self.state_path
        with locked(path.with_name(f"{path.name}.lock"), stack=self.stack, command=command, notify=self.notify):
            yield

    def configuration(self, overrides: tuple[str, ...]) -> Configuration:
        """Return the configuration, secrets opened; raises ProjectError and WrongPassphraseError."""
        cipher = self._cipher() if self.stack_file.has_secrets else None
        decrypt = cipher.decrypt if cipher else str
        return configure(self.project, self.stack, with_overrides(self.project, self.stack_file, overrides), decrypt)

    def shown_configuration(self, overrides: tuple[str, ...]) -> Mapping[str, str]:
        """Return the configuration with `[secret]` for what is secret."""
        return blinded(self.project, with_overrides(self.project, self.stack_file, overrides))

    def target(self, configuration: Configuration) -> Target:
        """Return what the engine is to work on."""
        from pulumi_modelstore_sandbox.engine.target import Target
        from pulumi_modelstore_sandbox.state.outputs import lookup

        return Target(
            project=self.project.name,
            stack=self.stack,
            root=self.project.root,
            main=self.project.main,
            config=configuration.values,
            secret_keys=configuration.secret_keys,
            stack_outputs=lookup(self.home, self.project.name),
        )

    def _cipher(self) -> PassphraseCipher:
        own = passphrase.from_environment() or passphrase.generated(self.home)
        file = self.stack_file.file
        if own is None:
            raise WrongPassphraseError(
                f"{file} has secure values, and no passphrase is at hand to open them. "
                f"Set {passphrase.VARIABLE}, or {passphrase.FILE_VARIABLE} to a file that holds it."
            )
        cipher = PassphraseCipher(own.phrase, self.stack_file.salt)
        if not cipher.fits:
            raise WrongPassphraseError(
                f"The passphrase in {own.origin} is not the one that the secure values of {file} are sealed under. "
                f"Set {passphrase.VARIABLE} to that one."
            )
        return cipher


def set_environment(choices: Choices, home: Home) -> None:
    """Tell the providers, through the variables that they read, where the sandbox's ends are."""
    os.environ[HOME_VARIABLE] = str(home.path)
    if choices.kubeconfig:
        os.environ["MODELSTORE_SANDBOX_KUBECONFIG"] = str(choices.kubeconfig)
    if choices.aws_endpoint:
        os.environ["MODELSTORE_SANDBOX_AWS_ENDPOINT"] = choices.aws_endpoint
