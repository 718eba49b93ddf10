"""aws:iam/accessKey:AccessKey."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking, unless_missing
from pulumi_modelstore_sandbox.aws.errors import AwsRefused
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, Properties, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Made, Naming, ResourceType

_COMPUTED: Final = ("createDate", "secret", "sesSmtpPasswordV4")


class AccessKey(ResourceType):
    """A key of a user; its access key id is its id, its secret is known to this resource alone."""

    token: ClassVar[str] = "aws:iam/accessKey:AccessKey"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.iam.access_key", "AccessKey")
    replaces: ClassVar[frozenset[str]] = frozenset({"user", "pgpKey"})
    secrets: ClassVar[frozenset[str]] = frozenset({"secret", "sesSmtpPasswordV4"})
    beyond: ClassVar[Mapping[str, str]] = {
        "pgpKey": "leave it out: the state holds the secret encrypted with the stack's passphrase"
    }

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:  # noqa: ARG002 - overrides
        """Make the key an active one."""
        return {"status": "Active", **inputs}

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check the status."""
        status = inputs.get("status")
        if isinstance(status, str) and not is_unknown(status) and status not in ("Active", "Inactive"):
            yield Problem("status", f"must be Active or Inactive, not {status!r}")

    def planned(self, inputs: Properties, state: Properties | None, settings: Mapping[str, Any]) -> Properties:  # noqa: ARG002 - overrides
        """Nothing of the key itself is known before it is there."""
        return {**{key: (state or {}).get(key, UNKNOWN) for key in _COMPUTED}, **inputs}

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Issue the key. IAM gives a user two at most."""
        user = inputs["user"]
        key = _issued(aws, user)
        identity = key["AccessKeyId"]
        if inputs["status"] != "Active":
            with asking("switch the access key off", f"{identity} of {user}"):
                aws.iam().update_access_key(UserName=user, AccessKeyId=identity, Status=inputs["status"])
        secret = key["SecretAccessKey"]
        computed = {
            "createDate": key["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "secret": secret,
            "sesSmtpPasswordV4": smtp_password(secret, aws.settings.region),
        }
        return identity, {**inputs, **computed}

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Look for the key among its user's; AWS tells no secret a second time."""
        user = state.get("user") or _owner(aws, identity)
        found: Mapping[str, Any] | None = None
        if user:
            with asking("read the access keys of the user", user), unless_missing():
                found = next((key for key in _keys(aws, user) if key["AccessKeyId"] == identity), None)
        if found is None:
            return None
        return {
            **{key: state[key] for key in _COMPUTED if key in state},
            "createDate": found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "status": found["Status"],
            "user": user,
        }

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Switch the key on or off."""
        with asking("update the access key", f"{identity} of {inputs['user']}"):
            aws.iam().update_access_key(UserName=inputs["user"], AccessKeyId=identity, Status=inputs["status"])
        return {**{key: state[key] for key in _COMPUTED if key in state}, **inputs}

    def made_by(self, aws: AwsClients, inputs: Properties) -> Iterator[Made]:
        """List the user's keys: only a time tells whose a key without a recorded id is."""
        with asking("list the access keys of the user", inputs["user"]), unless_missing():
            yield from [(key["AccessKeyId"], key["CreateDate"]) for key in _keys(aws, inputs["user"])]

    def delete(self, aws: AwsClients, identity: str, state: Properties) -> None:
        """Delete the key: it stops working."""
        with asking("delete the access key", f"{identity} of {state.get('user')}"), unless_missing():
            aws.iam().delete_access_key(UserName=state["user"], AccessKeyId=identity)


def smtp_password(secret: str, region: str) -> str:
    """Return the SMTP password that follows from a secret key.

    The algorithm: https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html
    """
    signature = f"AWS4{secret}".encode()
    for message in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        signature = hmac.new(signature, message.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + signature).decode()


def _issued(aws: AwsClients, user: str) -> Mapping[str, Any]:
    try:
        with asking("create an access key of the user", user):
            key: Mapping[str, Any] = aws.iam().create_access_key(UserName=user)["AccessKey"]
            return key
    except AwsRefused as refused:
        if refused.code != "LimitExceeded":
            raise
        # Asked only now: another key may have been made at the same time.
        existing = ", ".join(str(key["AccessKeyId"]) for key in _keys(aws, user))
        remedy = f"The user has the keys {existing}: delete one of them first"
        raise AwsRefused(
            refused.failed, on=refused.on, answer=refused.answer, remedy=remedy, code=refused.code
        ) from refused


def _keys(aws: AwsClients, user: str) -> list[Mapping[str, Any]]:
    keys: list[Mapping[str, Any]] = aws.iam().list_access_keys(UserName=user)["AccessKeyMetadata"]
    return keys


def _owner(aws: AwsClients, identity: str) -> str | None:
    """Find whose key this is: an import names the key alone."""
    with asking("find the user of the access key", identity):
        try:
            owner: str | None = aws.iam().get_access_key_last_used(AccessKeyId=identity).get("UserName")
        except aws.iam().exceptions.NoSuchEntityException:
            owner = None
    return owner
