"""References to a single secret, such as a hub's token: a stack's state holds the reference, never the token."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import CredentialsUnavailable, keep_out_of_texts

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[\x21-\x7e]+")


def valid_token_reference(ref: str) -> str:
    """Return the reference: `default`, `env:VARIABLE` or `config:KEY`.

    Raises ValueError on anything else; the value itself is not repeated, for it may be a token that was pasted here.
    """
    kind, separator, name = ref.partition(":")
    if ref == "default":
        return ref
    if not separator or kind not in ("env", "config") or not name or name != name.strip():
        raise ValueError(
            "a secret is given by reference, as 'env:VARIABLE' or 'config:KEY'; put it where the reference points"
        )
    if kind == "env" and not _VARIABLE.fullmatch(name):
        raise ValueError("'env:' takes the name of an environment variable: letters, digits and underscores")
    return ref


TokenReference: TypeAlias = Annotated[str, AfterValidator(valid_token_reference)]
"""A reference to one secret as settings hold it."""


def resolve_token(
    ref: str, *, config: ConfigLookup | None = None, environ: Mapping[str, str] | None = None
) -> str | None:
    """Look the reference up, now; None for `default`, which is left to whoever knows where to look.

    Raises ValueError on a bad reference, and CredentialsUnavailable when nothing is there or it fits into no header.
    """
    kind, _, name = valid_token_reference(ref).partition(":")
    if kind == "default":
        return None
    if kind == "env":
        found = (os.environ if environ is None else environ).get(name)
        remedy = f"Set {name} where pulumi runs, or refer to the stack's configuration instead"
    elif config is None:
        raise CredentialsUnavailable(
            f"The secret '{ref}' needs the stack's configuration, which is not at hand here",
            remedy="Refer to the environment instead",
        )
    else:
        found = config(name)
        remedy = f"Set it with: pulumi config set --secret {name}"
    token = found.strip() if isinstance(found, str) else ""
    if not token:
        raise CredentialsUnavailable(f"The secret '{ref}' is not set", remedy=remedy)
    keep_out_of_texts(token)
    if not _HEADER.fullmatch(token):
        raise CredentialsUnavailable(
            f"The secret '{ref}' holds spaces or other characters that cannot be sent",
            remedy="Copy it again, in one line",
        )
    return token
