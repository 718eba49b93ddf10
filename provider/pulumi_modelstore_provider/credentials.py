"""References to credentials. A stack's state holds the reference; the key pair is looked up when a request is made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator

from pulumi_modelstore_provider.errors import CredentialsUnavailable, keep_out_of_texts

CredentialKind: TypeAlias = Literal["default", "env", "profile", "config"]
ConfigLookup: TypeAlias = Callable[[str], Any]
"""Gives a key of the stack's configuration in clear, or None."""

_FORMS = "'default', 'env:PREFIX', 'profile:NAME' or 'config:KEY'"


@dataclass(frozen=True, slots=True)
class CredentialReference:
    """Where a key pair is to be found: `kind` and the `name` that goes with it (empty for the default chain)."""

    kind: CredentialKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair, with a session token when it is temporary. The secret parts are left out of `repr`."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        keep_out_of_texts(self.secret_access_key)
        if self.session_token:
            keep_out_of_texts(self.session_token)


def parse_reference(ref: str) -> CredentialReference:
    """Read a reference.

    Allowed are `default` (the AWS SDK's own chain), `env:PREFIX` (`PREFIX_ACCESS_KEY_ID`, `PREFIX_SECRET_ACCESS_KEY`
    and optionally `PREFIX_SESSION_TOKEN` in the environment), `profile:NAME` (of the AWS configuration files) and
    `config:KEY` (the stack's configuration). Raises ValueError, which says what is allowed, on anything else; the value
    itself is not repeated, for it may be a key that was pasted here.
    """
    if ref == "default":
        return CredentialReference("default")
    kind, separator, name = ref.partition(":")
    if not separator or kind not in ("env", "profile", "config"):
        raise ValueError(f"credentials are given by reference, as {_FORMS}; put the keys where the reference points")
    if not name or name != name.strip():
        raise ValueError(f"'{kind}:' needs a name after the colon, without spaces around it")
    if kind == "env":
        if not name.replace("_", "").isalnum() or name[0].isdigit() or not name.isascii():
            raise ValueError("'env:' takes the prefix of environment variables: letters, digits and underscores")
        return CredentialReference("env", name)
    return CredentialReference("profile" if kind == "profile" else "config", name)


def valid_reference(ref: str) -> str:
    """Return the reference. Raises ValueError, which does not repeat it, where it is none."""
    parse_reference(ref)
    return ref


Reference: TypeAlias = Annotated[str, AfterValidator(valid_reference)]
"""A reference as settings hold it."""


def resolve(
    ref: str, *, config: ConfigLookup | None = None, environ: Mapping[str, str] | None = None
) -> Credentials | CredentialReference:
    """Look the reference up, now.

    A key pair is returned for `env:` and `config:`; `default` and `profile:` are returned as they are, since the SDK
    refreshes those itself. Raises ValueError on a bad reference and CredentialsUnavailable when nothing is there.
    """
    reference = parse_reference(ref)
    if reference.kind == "env":
        return _from_environment(reference, os.environ if environ is None else environ)
    if reference.kind == "config":
        return _from_configuration(reference, config)
    return reference


def _from_environment(reference: CredentialReference, environ: Mapping[str, str]) -> Credentials:
    names = [f"{reference.name}_ACCESS_KEY_ID", f"{reference.name}_SECRET_ACCESS_KEY"]
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise CredentialsUnavailable(
            f"The credentials '{reference}' are not in the environment: {' and '.join(missing)} not set",
            remedy="Set them where pulumi runs, or refer to a profile or to the stack's configuration instead",
        )
    return Credentials(environ[names[0]], environ[names[1]], environ.get(f"{reference.name}_SESSION_TOKEN") or None)


def _from_configuration(reference: CredentialReference, config: ConfigLookup | None) -> Credentials:
    key = reference.name
    remedy = (
        f'Set it with: pulumi config set --secret {key} \'{{"accessKeyId": "...", "secretAccessKey": "..."}}\', or as '
        f"two keys: pulumi config set {key}AccessKeyId ..., pulumi config set --secret {key}SecretAccessKey ..."
    )
    if config is None:
        raise CredentialsUnavailable(
            f"The credentials '{reference}' need the stack's configuration, which is not at hand here",
            remedy="Refer to the environment or to a profile instead",
        )
    whole = _as_mapping(config(key), reference, remedy)
    if whole is None:
        whole = {
            "accessKeyId": config(f"{key}AccessKeyId"),
            "secretAccessKey": config(f"{key}SecretAccessKey"),
            "sessionToken": config(f"{key}SessionToken"),
        }
    identifier, secret, token = (whole.get(name) for name in ("accessKeyId", "secretAccessKey", "sessionToken"))
    if not (isinstance(identifier, str) and identifier and isinstance(secret, str) and secret):
        raise CredentialsUnavailable(
            f"The credentials '{reference}' are not in the stack's configuration, or not whole", remedy=remedy
        )
    return Credentials(identifier, secret, token if isinstance(token, str) and token else None)


def _as_mapping(value: Any, reference: CredentialReference, remedy: str) -> Mapping[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    try:
        parsed = json.loads(value)
    except (TypeError, ValueError):
        parsed = None
    if not isinstance(parsed, dict):
        # from None: a JSON error quotes the text, which is a secret.
        raise CredentialsUnavailable(f"The credentials '{reference}' are not a JSON object", remedy=remedy) from None
    return parsed
