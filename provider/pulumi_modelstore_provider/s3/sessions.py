"""The AWS SDK's sessions: key pairs that were looked up, profiles, and the SDK's own chain."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from pulumi_modelstore_provider.credentials import (
    ConfigLookup,
    CredentialReference,
    Credentials,
    resolve,
)
from pulumi_modelstore_provider.errors import CredentialsUnavailable


def session_of(resolved: Credentials | CredentialReference, *, remedy: str) -> Any:
    """Return a session that has credentials. Raises CredentialsUnavailable, with the remedy, where there are none."""
    import boto3

    if isinstance(resolved, Credentials):
        return boto3.Session(
            botocore_session=_sdk_session(),
            aws_access_key_id=resolved.access_key_id,
            aws_secret_access_key=resolved.secret_access_key,
            aws_session_token=resolved.session_token,
        )
    with _looking(resolved, remedy):
        session = boto3.Session(botocore_session=_sdk_session(), profile_name=resolved.name or None)
        found = session.get_credentials()
    if found is None:
        raise _no_key(resolved, remedy)
    return session


def key_pair(reference: str, config: ConfigLookup | None, *, remedy: str) -> Credentials:
    """Return the key pair that `reference` leads to at this moment, also by a profile or the SDK's chain.

    Raises CredentialsUnavailable, with the remedy, where it leads to none.
    """
    resolved = resolve(reference, config=config)
    if isinstance(resolved, Credentials):
        return resolved
    session = session_of(resolved, remedy=remedy)
    with _looking(resolved, remedy):
        keys = session.get_credentials().get_frozen_credentials()
    if not keys.access_key or not keys.secret_key:
        raise _no_key(resolved, remedy)
    return Credentials(keys.access_key, keys.secret_key, keys.token)


@contextmanager
def _looking(resolved: CredentialReference, remedy: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except BotoCoreError as error:
        raise CredentialsUnavailable(
            f"The credentials '{resolved}' cannot be used", answer=str(error), remedy=remedy
        ) from None


def _no_key(resolved: CredentialReference, remedy: str) -> CredentialsUnavailable:
    return CredentialsUnavailable(f"The credentials '{resolved}' lead to no key", remedy=remedy)


def _sdk_session() -> Any:
    from botocore.session import Session

    session = Session()
    session.register_component("data_loader", _sdk_data())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parsed_time)
    return session


def parsed_time(value: Any) -> datetime:
    """Read a time stamp of an answer; the SDK's own way takes longer than all else of a listing."""
    if isinstance(value, str):
        with suppress(ValueError):
            found = datetime.fromisoformat(value)
            if found.tzinfo is not None:
                return found
    from botocore.utils import parse_timestamp

    read: datetime = parse_timestamp(value)
    return read


@functools.cache
def _sdk_data() -> Any:
    """Return the SDK's description of S3, read once: it is most of the time that a client takes to make."""
    from botocore.session import Session

    return Session().get_component("data_loader")
