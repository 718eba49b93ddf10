"""Keys on Cloudflare R2: tokens of the account, each named after whose it is, for what, and in which place.

pulumi_cloudflare's tokens would not do: nothing at Cloudflare refuses a third one, and one that an interrupted run made
would be found by nobody. The access key id is the token's id, the secret part the SHA-256 of its value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field

from pulumi_modelstore_provider.credentials import ConfigLookup, parse_reference
from pulumi_modelstore_provider.errors import ModelstoreError, keep_out_of_texts
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.cloudflare_api import AccountTokens, api_address, api_token
from pulumi_modelstore_provider.keys.protocol import IssuerSettings, NewKey, Scope, Slot

LONGEST_NAME = 120
"""Characters that the name of a token may have (OpenAPI document of Cloudflare's API)."""

Jurisdiction: TypeAlias = Literal["eu", "fedramp"]
KeyScope: TypeAlias = Literal["bucket", "account"]

# Permission groups of Cloudflare's API tokens: one id each for all accounts. Source: R2's documentation of
# authentication, and GET /accounts/{account_id}/tokens/permission_groups.
_GROUPS: dict[tuple[KeyScope, bool], str] = {
    ("bucket", True): "6a018a9f2fc74eb6b293b0c548f38b39",  # Workers R2 Storage Bucket Item Read
    ("bucket", False): "2efd5506f9c8494dacb1fa10a3e7d5b6",  # Workers R2 Storage Bucket Item Write
    ("account", True): "b4992e1108244f5d8bfbd5744320c2e1",  # Workers R2 Storage Read
    ("account", False): "bf7481a1826f439697cb59a20b22293e",  # Workers R2 Storage Write
}


def _token_reference(value: str) -> str:
    if parse_reference(value).kind not in ("env", "config"):
        raise ValueError("an API token is given by reference, as 'env:PREFIX' or 'config:KEY'")
    return value


class Settings(IssuerSettings):
    """Whose tokens, and what they open.

    `credentials` refers to an API token that may make others: `api-token` as access key id, the token as secret key;
    unset, the token of the stack's `cloudflare` provider. `key_scope` `account` has keys open all buckets of the
    account, else they open one.
    """

    kind: Literal["cloudflare-r2"] = "cloudflare-r2"
    account: str = Field(pattern="^[0-9a-f]{32}$")
    jurisdiction: Jurisdiction | None = None
    key_scope: KeyScope = "bucket"
    credentials: Annotated[str, AfterValidator(_token_reference)] | None = None

    @property
    def address(self) -> str:
        """The account and the jurisdiction: buckets of the same name in two are two."""
        return "/".join([self.account, self.jurisdiction or ""])

    def open(self, config: ConfigLookup | None) -> R2Keys:
        """Return the issuer. Raises CredentialsUnavailable."""
        token = api_token(self.credentials, config)
        headers = {"Authorization": f"Bearer {token}"}
        api = HttpApi(api_address(config), name="Cloudflare's API", headers=headers, proxied=True)
        return R2Keys(AccountTokens(api, self.account), self)


class R2Keys:
    """Tokens of one account. A principal is `principal_of` a consumer and exists by its tokens alone."""

    def __init__(self, tokens: AccountTokens, settings: Settings) -> None:
        self._tokens, self._settings = tokens, settings

    def ensure_principal(self, name: str, scope: Scope) -> str:
        """Bring the tokens that the principal has to the scope; return the principal."""
        principal = principal_of(name, scope.bucket, self._settings.jurisdiction)
        if len(longest_name(principal)) > LONGEST_NAME:
            raise ModelstoreError(
                f"The name of {name}'s tokens is longer than the {LONGEST_NAME} characters that Cloudflare takes",
                on=longest_name(principal),
                remedy="Shorten the component's name, or the bucket's",
            )
        policies = self._policies(scope)
        for token in self._owned(principal):
            if _opened(token.get("policies") or []) != _opened(policies):
                self._tokens.open(token, policies)
        return principal

    def principal_exists(self, principal: str) -> bool:  # noqa: ARG002 - there is nothing of it at Cloudflare
        """Tell whether the account's tokens are still managed with this token, on which all depends."""
        return all(True for _ in self._tokens.listed())

    def delete_principal(self, principal: str, scope: Scope) -> None:  # noqa: ARG002 - the protocol's
        """Delete tokens that interrupted runs left."""
        for key in self.keys(principal):
            self.delete_key(principal, key)

    def keys(self, principal: str) -> Sequence[str]:
        """Return the ids of all tokens of the principal, whether active or not."""
        return [token["id"] for token in self._owned(principal)]

    def left_over(self, principal: str, *, slot: Slot, generation: int) -> Sequence[str]:
        """Return the tokens that have the place in their name."""
        wanted = _name(principal, slot, generation)
        return [token["id"] for token in self._owned(principal) if token["name"] == wanted]

    def create_key(self, principal: str, scope: Scope, *, slot: Slot, generation: int) -> NewKey:
        """Make a token, and delete those that an interrupted run left in its place."""
        for key in self.left_over(principal, slot=slot, generation=generation):
            self.delete_key(principal, key)
        made, value = self._tokens.add(_name(principal, slot, generation), self._policies(scope))
        # A request that was sent again after an error of Cloudflare's may have been done twice.
        for key in self.left_over(principal, slot=slot, generation=generation):
            if key != made:
                self.delete_key(principal, key)
        secret = hashlib.sha256(value.encode()).hexdigest()
        keep_out_of_texts(secret)
        return NewKey(made, secret)

    def delete_key(self, principal: str, key_id: str) -> None:
        """Delete the token and return once it is not listed any more."""
        self._tokens.delete(key_id, principal)

    def _owned(self, principal: str) -> list[Mapping[str, Any]]:
        return [token for token in self._tokens.listed() if _owner(token) == principal]

    def _policies(self, scope: Scope) -> list[dict[str, Any]]:
        if scope.prefix.strip("/"):
            raise ModelstoreError(
                f"A token of Cloudflare R2 cannot be held to the prefix {scope.prefix!r}",
                on=scope.bucket,
                remedy="Leave the prefix out, or give these models a bucket of their own",
            )
        settings = self._settings
        place = f"{settings.account}_{settings.jurisdiction or 'default'}_{scope.bucket}"
        opened = {
            "bucket": f"com.cloudflare.edge.r2.bucket.{place}",
            "account": f"com.cloudflare.api.account.{settings.account}",
        }[settings.key_scope]
        group = _GROUPS[settings.key_scope, scope.read_only]
        return [{"effect": "allow", "permission_groups": [{"id": group}], "resources": {opened: "*"}}]


def principal_of(name: str, bucket: str, jurisdiction: Jurisdiction | None) -> str:
    """Return `<name>.<bucket>`, with the jurisdiction at its end where there is one."""
    return ".".join([name, bucket, *([jurisdiction] if jurisdiction else [])])


def longest_name(principal: str) -> str:
    """Return a token's name that is as long as one of the principal's will be."""
    return _name(principal, "even", 999_999)


def _name(principal: str, slot: Slot, generation: int) -> str:
    return f"{principal} {slot}-{generation}"


def _owner(token: Mapping[str, Any]) -> str:
    return str(token.get("name") or "").rpartition(" ")[0]


def _opened(policies: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What policies say, without the ids and names that Cloudflare adds."""
    return [
        (policy.get("effect"), sorted(group["id"] for group in policy["permission_groups"]), policy.get("resources"))
        for policy in policies
    ]
