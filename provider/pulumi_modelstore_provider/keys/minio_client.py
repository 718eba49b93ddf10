"""MinIO's administration interface through its own SDK: time-outs, TLS, and errors that a user can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import (
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
)
from pulumi_modelstore_provider.time_limits import TimeLimits, time_limits
from pulumi_modelstore_provider.tls import pool_settings

if TYPE_CHECKING:
    from minio import MinioAdmin
    from minio.error import MinioAdminException

_BACKOFF_SECONDS = 0.5
_RETRIED_STATUS = (429, 502, 503, 504)
_NOT_FOUND = 404
_LONGEST_ANSWER = 300
_NO_MINIO = (
    "Check the endpoint: it is to be the address of MinIO's S3 interface, not of its console or of another store"
)
_REMEDIES = {
    "AccessDenied": "Let the administrator's key manage users, policies and service accounts, or refer to another key",
    "InvalidAccessKeyId": "Check the access key id of the administrator's credentials: MinIO does not know it",
    "SignatureDoesNotMatch": "Check the secret key of the administrator's credentials",
    "RequestTimeTooSkewed": "Set this machine's clock",
    "XMinioAdminNoSuchUser": "Run `pulumi refresh`, then deploy again: the user was deleted outside of the stack",
    "XMinioIAMPolicyInUse": "Detach the policy from the users and groups that others gave it to",
    "XMinioIAMActionNotAllowed": "Bring keys along where users come from LDAP: that server makes none of its own",
}


def open_admin(
    endpoint: str,
    credentials: Credentials,
    *,
    verify_tls: bool = True,
    ca_bundle: str | None = None,
    limits: TimeLimits | None = None,
) -> MinioAdmin:
    """Return the SDK's client; nothing is sent yet.

    `limits` unset are those of the process. Raises ModelstoreError when the SDK is not installed or the CA bundle is
    not there.
    """
    try:
        from minio import MinioAdmin
        from minio.credentials.providers import StaticProvider
    except ImportError:
        raise ModelstoreError(
            "Keys of MinIO need the Python package minio, which is not installed",
            remedy="Install it where pulumi runs: pip install 'pulumi-modelstore[minio]'",
        ) from None
    import urllib3

    limits = limits or time_limits()
    pool = urllib3.PoolManager(
        **pool_settings(verify_tls=verify_tls, ca_bundle=ca_bundle, limits=limits),
        retries=urllib3.Retry(
            limits.attempts - 1,
            # A refused certificate stays refused.
            other=0,
            redirect=0,
            status_forcelist=_RETRIED_STATUS,
            allowed_methods=None,
            backoff_factor=_BACKOFF_SECONDS,
            raise_on_status=False,
            raise_on_redirect=False,
        ),
    )
    scheme, _, host = endpoint.partition("://")
    keys = StaticProvider(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    return MinioAdmin(endpoint=host, credentials=keys, secure=scheme == "https", http_client=pool)


def add_key_of(admin: MinioAdmin, user: str, *, key_id: str, secret: str, name: str, description: str) -> None:
    """Create an access key of another user, which the SDK has no call for: its own only makes keys of the caller."""
    from minio.crypto import encrypt
    from minio.minioadmin import _COMMAND

    wanted = {"targetUser": user, "accessKey": key_id, "secretKey": secret, "name": name, "description": description}
    # The answer repeats the key and is left unread.
    admin._url_open(
        method="PUT",
        command=_COMMAND.SERVICE_ACCOUNT_ADD,
        body=encrypt(json.dumps(wanted).encode(), admin._provider.retrieve().secret_key),
    )


@contextmanager
def administering(failed: str, *, on: str) -> Iterator[None]:
    """Raise a ModelstoreError for whatever the SDK raises inside: `failed` did not work on `on`.

    NotInStore stands for 404, StoreRefused for any other refusal, StoreUnreachable for no answer.
    """
    from minio.error import MinioAdminException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except MinioAdminException as error:
        # from None: the SDK's own text is the whole answer, its traceback says nothing that a user could use.
        raise _refusal(error, failed, on) from None
    except HTTPError as error:
        raise _breakdown(error, failed, on) from None
    except (ValueError, OSError) as error:
        # What MinIO answers is JSON, or sealed with the administrator's secret key.
        answer = f"something that MinIO would not say ({type(error).__name__})"
        raise ModelstoreError(failed, on=on, answer=answer, remedy=_NO_MINIO) from None


def _refusal(error: MinioAdminException, failed: str, on: str) -> StoreRefused:
    status = int(error._code) if error._code.isdigit() else 0
    code, message = _detail(error._body)
    if code:
        answer = f"{code}: {message} (HTTP {status})"
    else:
        text = " ".join(error._body.split())[:_LONGEST_ANSWER]
        answer = f"HTTP {status}: {text}" if text else f"HTTP {status}"
    own = code.startswith("XMinio")
    remedy = _REMEDIES.get(code, "")
    if not remedy and status in _RETRIED_STATUS:
        remedy = "Run again later: what is already there is kept"
    if not remedy and not own:
        remedy = _NO_MINIO
    # Other stores say 404 to every path of MinIO's.
    kind: type[StoreRefused] = NotInStore if own and status == _NOT_FOUND else StoreRefused
    return kind(failed, on=on, answer=answer, remedy=remedy, code=code, status=status)


def _detail(body: str) -> tuple[str, str]:
    """Code and message: JSON where the administration interface answers, XML where the server before it does."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        code, message = (re.search(f"<{name}>(.*?)</{name}>", body, re.DOTALL) for name in ("Code", "Message"))
        return (unescape(code[1]), unescape(message[1]) if message else "") if code else ("", "")
    return (str(found.get("Code", "")), str(found.get("Message", ""))) if isinstance(found, dict) else ("", "")


def _breakdown(error: Exception, failed: str, on: str) -> StoreUnreachable:
    from urllib3.exceptions import SSLError

    reason = getattr(error, "reason", None) or error
    # urllib3 puts its object's address before the reason.
    said = str(reason).rpartition(": ")[2] or type(reason).__name__
    if isinstance(reason, SSLError):
        remedy = "Give the CA of its certificate with ca_bundle, or check that the endpoint speaks TLS at all"
        return StoreUnreachable(failed, on=on, answer=said, remedy=remedy)
    remedy = "Check the endpoint and the network; run again: what is already there is kept"
    return StoreUnreachable(failed, on=on, answer=f"none; {said}", remedy=remedy)
