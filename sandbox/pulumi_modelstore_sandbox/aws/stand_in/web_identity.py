"""Web identities as STS takes them: a role goes to whom its trust policy names, by the claims of the token.

Who signed a token is not checked: there is no cluster here whose keys could be asked for.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Final

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from pulumi_modelstore_sandbox.aws.stand_in import policies

_ACTION: Final = "AssumeRoleWithWebIdentity"
_Response: Any = TokenResponse


def check_web_identities() -> None:
    """Have this process ask the trust policy; moto gives any role to anyone, or fails for want of a signature."""
    authorize, assume = _Response._authenticate_and_authorize_normal_action, _Response.assume_role_with_web_identity

    def authorize_unless_a_token_does(response: Any, resource: str = "*") -> None:
        # The request is not signed: what is in the token is its credentials.
        if response._get_action() != _ACTION:
            authorize(response, resource)

    def assume_if_trusted(response: Any) -> Any:
        claims = _claims(response._get_param("WebIdentityToken") or "")
        role = _role(response, response._get_param("RoleArn") or "")
        if role is None or not _trusts(role.assume_role_policy_document, role.arn, claims):
            raise STSClientError("AccessDenied", f"Not authorized to perform sts:{_ACTION}")
        return assume(response)

    _Response._authenticate_and_authorize_normal_action = authorize_unless_a_token_does
    _Response.assume_role_with_web_identity = assume_if_trusted


def _claims(token: str) -> dict[str, Any]:
    """The claims of a token; they are not of someone else's choosing here, so their signature is not looked at."""
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        raise STSClientError("InvalidIdentityToken", "The ID Token provided is not a valid JWT") from None
    if not isinstance(claims, dict) or not {"iss", "sub", "aud", "exp"} <= claims.keys():
        raise STSClientError("InvalidIdentityToken", "Missing a required claim: iss, sub, aud and exp are")
    if claims["exp"] < time.time():
        raise STSClientError("ExpiredTokenException", "Token expired: it must be current when it is used")
    return claims


def _role(response: Any, arn: str) -> Any:
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    try:
        return iam_backends[account or response.current_account][response.partition].get_role_by_arn(arn)
    except NotFoundException:
        return None


def _trusts(document: str, arn: str, claims: dict[str, Any]) -> bool:
    issuer = str(claims["iss"]).removeprefix("https://").rstrip("/")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    policy = json.loads(document)
    statements = policy.get("Statement", [])
    # A trust policy says what is assumed by being that role's.
    named = [
        {**statement, "Resource": arn}
        for statement in (statements if isinstance(statements, list) else [statements])
        if _is_of(statement.get("Principal"), issuer)
    ]
    contexts = [{f"{issuer}:sub": str(claims["sub"]), f"{issuer}:aud": str(audience)} for audience in audiences]
    return any(
        policies.decide({**policy, "Statement": named}, f"sts:{_ACTION}", arn, context) == "allow"
        for context in contexts
    )


def _is_of(principal: Any, issuer: str) -> bool:
    federated = principal.get("Federated", []) if isinstance(principal, dict) else []
    providers = federated if isinstance(federated, list) else [federated]
    return any(str(provider).partition(":oidc-provider/")[2] == issuer for provider in providers)
