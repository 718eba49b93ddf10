"""Tokens of a Cloudflare account, and the administrator who makes them, by Cloudflare's API version 4."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
    keep_out_of_texts,
)
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.deletion import await_gone
from pulumi_modelstore_provider.keys.named_user import named_user
from pulumi_modelstore_provider.stores.endpoint import valid_endpoint

API_TOKEN = "api-token"
"""The access key id in whose place an R2 key pair would have its own: the secret part is an API token."""

_ADDRESS = "https://api.cloudflare.com/client/v4"
_PER_PAGE = 50
"""The most that a page may have (OpenAPI document of Cloudflare's API)."""
_HEADER = re.compile(r"[!-~]+")
_KEPT = ("name", "condition", "expires_on", "not_before", "status")
"""What an update leaves as it is: a field that it does not name would be lost."""

_PERMISSION = "Give the API token the permission Account API Tokens Write on that account, and check that it is whole"
_ACCOUNT = "Check account_id, and that the API token is one of that account"
_REMEDIES = {400: f"{_ACCOUNT}; what Cloudflare says of headers is about the token", 401: _PERMISSION, 403: _PERMISSION}
_NETWORK = "Check the network, HTTPS_PROXY and SSL_CERT_FILE, then run again: what is there is kept"
_NO_TOKEN = (
    "Set cloudflare:apiToken (pulumi config set --secret cloudflare:apiToken ...) or CLOUDFLARE_API_TOKEN where pulumi "
    "runs, or refer to the token with admin_credentials: its access key id is then `api-token`"
)


def api_token(reference: str | None, config: ConfigLookup | None) -> str:
    """Return the administrator's API token: what is referred to, else that of the stack's `cloudflare` provider.

    Raises CredentialsUnavailable.
    """
    if reference is not None:
        found = named_user(reference, config)
        if found.access_key_id != API_TOKEN:
            raise CredentialsUnavailable(
                f"The credentials '{reference}' are no API token of Cloudflare",
                answer=f"an access key id that is not `{API_TOKEN}`",
                remedy=f"Make the access key id `{API_TOKEN}` and the secret the token; an R2 key cannot make others",
            )
        token, place = found.secret_access_key, f"The credentials '{reference}'"
    else:
        token, place = _of_provider("apiToken", "CLOUDFLARE_API_TOKEN", config), "The token of the cloudflare provider"
        if not token:
            raise CredentialsUnavailable("There is no API token to make R2 keys with", remedy=_NO_TOKEN)
    token = token.strip()
    keep_out_of_texts(token)
    if not _HEADER.fullmatch(token):
        raise CredentialsUnavailable(f"{place}: no API token looks like that", remedy="Copy it again, in one line")
    return token


def api_address(config: ConfigLookup | None) -> str:
    """Return where the `cloudflare` provider of the stack finds the API. Raises ModelstoreError on a bad URL."""
    given = _of_provider("baseUrl", "CLOUDFLARE_BASE_URL", config)
    try:
        return valid_endpoint(given, with_path=True) if given else _ADDRESS
    except ValueError as wrong:
        remedy = "Correct cloudflare:baseUrl or CLOUDFLARE_BASE_URL, or leave both out"
        raise ModelstoreError("The address of Cloudflare's API is no URL", answer=str(wrong), remedy=remedy) from None


def _of_provider(key: str, variable: str, config: ConfigLookup | None) -> str:
    """A setting of the stack's `cloudflare` provider, which looks in the same places."""
    configured = None if config is None else config(f"cloudflare:{key}")
    return str(configured or os.environ.get(variable) or "")


class AccountTokens:
    """The tokens of one account.

    Args:
        api: Cloudflare's API, with the administrator's token in its headers.
        account: id of the account.
    """

    def __init__(self, api: HttpApi, account: str) -> None:
        self._api, self._path = api, f"/accounts/{account}/tokens"

    @property
    def address(self) -> str:
        """Where they are, for messages."""
        return f"{self._api.base_url}{self._path}"

    def listed(self) -> Iterator[Mapping[str, Any]]:
        """Every token of the account, active or not, without its value."""
        seen: set[str] = set()
        page = 1
        while True:
            query = {"page": str(page), "per_page": str(_PER_PAGE)}
            answer = self._asked("GET", "", query=query, failed="Cannot list the account's API tokens")
            tokens = answer.get("result") or []
            for token in tokens:
                # One that is deleted meanwhile moves the others from page to page.
                if token["id"] not in seen:
                    seen.add(token["id"])
                    yield token
            total = (answer.get("result_info") or {}).get("total_count")
            if not tokens or (len(seen) >= total if isinstance(total, int) else len(tokens) < _PER_PAGE):
                return
            page += 1

    def add(self, name: str, policies: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
        """Make a token; return its id and its value, which Cloudflare shows this once."""
        failed = f"Cannot create the API token {name}"
        made: Any = self._asked("POST", "", body={"name": name, "policies": [*policies]}, failed=failed).get("result")
        try:
            token, value = str(made["id"]), str(made["value"])
        except (TypeError, KeyError):
            # The answer itself may hold a secret.
            remedy = "Check the address of the API, then run again"
            raise ModelstoreError(failed, on=self.address, answer="no id and value", remedy=remedy) from None
        keep_out_of_texts(value)
        return token, value

    def open(self, token: Mapping[str, Any], policies: Sequence[Mapping[str, Any]]) -> None:
        """Let a token open something else; its value and all else about it stay."""
        body = {field: token[field] for field in _KEPT if token.get(field) is not None} | {"policies": [*policies]}
        self._asked("PUT", f"/{token['id']}", body=body, failed=f"Cannot change the API token {token['name']}")

    def delete(self, token: str, name: str) -> None:
        """Delete a token of `name` and return once it is not listed any more; one that is gone is no error."""
        failed = f"Cannot delete the API token {token} of {name}"
        try:
            self._asked("DELETE", f"/{token}", failed=failed)
        except NotInStore:
            return
        await_gone(
            lambda: any(listed["id"] == token for listed in self.listed()),
            still=f"The API token {token} of {name} is still there",
            on=self.address,
            remedy="Look at the account's API tokens in Cloudflare's dashboard, then run again",
        )

    def _asked(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None, failed: str
    ) -> Mapping[str, Any]:
        """The envelope of an answer that is no refusal."""
        try:
            answer = self._api.request(method, f"{self._path}{path}", query=query, body=body, failed=failed)
        except StoreUnreachable as silence:
            raise StoreUnreachable(failed, on=silence.on, answer=silence.answer, remedy=_NETWORK) from None
        except NotInStore as gone:
            raise NotInStore(failed, on=gone.on, answer=gone.answer, remedy=_ACCOUNT, status=404) from None
        except StoreRefused as refusal:
            if refusal.status not in _REMEDIES:
                raise
            remedy = _REMEDIES[refusal.status]
            raise StoreRefused(
                failed, on=refusal.on, answer=refusal.answer, remedy=remedy, status=refusal.status
            ) from None
        if not isinstance(answer, dict) or "success" not in answer:
            remedy = "Check the address of the API: something else answers there"
            raise ModelstoreError(failed, on=self.address, answer="nothing of Cloudflare's form", remedy=remedy)
        if not answer["success"]:
            said = "; ".join(f"{error.get('message')} ({error.get('code')})" for error in answer.get("errors") or [])
            raise ModelstoreError(failed, on=self.address, answer=said, remedy="Run again: what is there is kept")
        return answer
