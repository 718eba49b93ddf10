"""Administrators who sign in with a name and a password, held as a pair: the name as access key id."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials, parse_reference, resolve
from pulumi_modelstore_provider.errors import CredentialsUnavailable

_FORMS = "a user's name and password are given by reference, as 'env:PREFIX' or 'config:KEY'"


def named_user_reference(value: str) -> str:
    """Return a reference that can hold a name and a password; raise ValueError for those that only hold AWS keys."""
    if parse_reference(value).kind not in ("env", "config"):
        raise ValueError(_FORMS)
    return value


NamedUserReference: TypeAlias = Annotated[str, AfterValidator(named_user_reference)]
"""A reference as settings hold it."""


def named_user(reference: str, config: ConfigLookup | None) -> Credentials:
    """Return name and password. Raises CredentialsUnavailable."""
    found = resolve(reference, config=config)
    if not isinstance(found, Credentials):
        raise CredentialsUnavailable(f"The credentials '{found}' hold no name and password", remedy=_FORMS)
    return found
