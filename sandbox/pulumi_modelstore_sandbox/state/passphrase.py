"""Which passphrase protects a stack's secrets: the user's from the environment, else one made for this sandbox."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_modelstore_sandbox.state.errors import StateError
from pulumi_modelstore_sandbox.state.home import Home

VARIABLE = "PULUMI_CONFIG_PASSPHRASE"
FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE_FILE"


@dataclass(frozen=True)
class Passphrase:
    """A passphrase and where it comes from."""

    phrase: str = field(repr=False)
    origin: str
    """The variable or file that holds it, as named to the user."""


def from_environment() -> Passphrase | None:
    """Return the user's passphrase; an empty variable is an empty passphrase, as for the CLI.

    Raises StateError when PULUMI_CONFIG_PASSPHRASE_FILE names a file that cannot be read.
    """
    phrase = os.environ.get(VARIABLE)
    if phrase is not None:
        return Passphrase(phrase, VARIABLE)
    named = os.environ.get(FILE_VARIABLE)
    if not named:
        return None
    try:
        return Passphrase(Path(named).read_text(encoding="utf-8").strip(), f"{FILE_VARIABLE} ({named})")
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(
            f"{FILE_VARIABLE} names {named}, which cannot be read: {error}. Correct or unset it."
        ) from None


def generated(home: Home) -> Passphrase | None:
    """Return the passphrase made earlier for this sandbox, if there is one."""
    try:
        phrase = home.passphrase.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return Passphrase(phrase, str(home.passphrase))


def generate(home: Home, notify: Callable[[str], None]) -> Passphrase:
    """Make a passphrase for this sandbox, once, in a file that only its owner can read."""
    home.create()
    phrase = secrets.token_urlsafe(24)
    draft = home.passphrase.with_name(f"passphrase.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(phrase + "\n")
    try:
        # A link, not a rename: of two first runs at once one wins, and nobody reads half a passphrase.
        os.link(draft, home.passphrase)
    except FileExistsError:
        return generated(home) or generate(home, notify)
    finally:
        draft.unlink()
    notify(
        f"Secrets in the state are encrypted with a passphrase made just now: {home.passphrase}. "
        f"Set {VARIABLE} to use one of your own."
    )
    return Passphrase(phrase, str(home.passphrase))
