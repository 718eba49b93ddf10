"""What can be wrong with a stack's state."""

from __future__ import annotations


class StateError(Exception):
    """The state cannot be read or written; the text is one paragraph for the user, with the remedy."""


class WrongPassphraseError(StateError):
    """No passphrase at hand opens the secrets."""


class StackLockedError(StateError):
    """Another run is at work on the stack."""
