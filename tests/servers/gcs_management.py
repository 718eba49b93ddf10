"""The management of accounts, keys and roles by Google's interfaces: the part of the front that has no emulator."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from servers.gcs_iam import IamRefused

if TYPE_CHECKING:
    from servers.gcs_front import Front

_REASONS = {400: "invalid", 401: "required", 403: "forbidden", 404: "notFound", 409: "conflict", 412: "conditionNotMet"}


@dataclass(frozen=True)
class Answer:
    """An answer's status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, content: Any, status: int = 200) -> Answer:
        return cls(status, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(content).encode())

    @classmethod
    def refused(cls, status: int, message: str) -> Answer:
        reason = {"domain": "global", "reason": _REASONS.get(status, "backendError"), "message": message}
        return cls.of({"error": {"code": status, "message": message, "errors": [reason]}}, status)


class Management:
    """Answers for IAM and for the keys and policies of Cloud Storage, to administrators alone."""

    server: Front
    command: str

    def _accounts(self, who: str, parts: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        iam = self.server.iam
        self._administrator(who)
        email, key = parts.get("email"), parts.get("key")
        if email is None:
            made = iam.make_account(json.loads(body)["accountId"])
            return Answer.of({"name": f"projects/{iam.project}/serviceAccounts/{made}", "email": made})
        if email not in iam.accounts:
            return Answer.refused(404, f"Unknown service account {email}")
        name = f"projects/{iam.project}/serviceAccounts/{email}"
        if "keys" not in parts:
            if self.command == "PATCH":
                description = json.loads(body)["serviceAccount"]["description"]
                if len(description) > 256:
                    return Answer.refused(400, "The description must be at most 256 bytes")
                iam.accounts[email] = description
            found = {"name": name, "email": email, "description": iam.accounts[email]}
            if self.command == "DELETE":
                iam.delete_account(email)
            return Answer.of(found)
        if key is None and self.command == "POST":
            text = iam.make_json_key(email, self.server.url)
            key = json.loads(text)["private_key_id"]
            data = base64.b64encode(text.encode()).decode()
            return Answer.of({"name": f"{name}/keys/{key}", "privateKeyData": data})
        if key is None:
            return Answer.of({"keys": [{"name": f"{name}/keys/{known}"} for known in sorted(iam.json_keys(email))]})
        if self.command == "DELETE":
            iam.delete_json_key(key)
            return Answer.of({})
        known = key in iam.json_keys(email)
        return Answer.of({"name": f"{name}/keys/{key}"}) if known else Answer.refused(404, f"No key {key}")

    def _hmac_keys(self, who: str, parts: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        iam, key = self.server.iam, parts.get("key")
        self._administrator(who)

        def described(access_id: str) -> dict[str, str]:
            found = iam.hmac_keys[access_id]
            return {"accessId": access_id, "state": found.state, "serviceAccountEmail": found.account}

        if key is None and self.command == "POST":
            made = iam.make_hmac_key(query["serviceAccountEmail"])
            return Answer.of({"secret": made.secret, "metadata": described(made.access_id)})
        if key is None:
            account = query.get("serviceAccountEmail")
            found = [known for known, value in iam.hmac_keys.items() if account in (None, value.account)]
            return Answer.of({"items": [described(known) for known in sorted(found)]})
        if key not in iam.hmac_keys:
            return Answer.refused(404, f"Access ID {key} not found in project {iam.project}.")
        if self.command == "DELETE":
            iam.delete_hmac_key(key)
            return Answer.of({})
        if self.command == "PUT":
            iam.set_hmac_state(key, json.loads(body)["state"])
        return Answer.of(described(key))

    def _policy(self, who: str, parts: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        self._administrator(who)
        bindings = self.server.iam.bindings
        if self.command == "PUT":
            bindings[parts["bucket"]] = json.loads(body)["bindings"]
        return Answer.of({"version": 3, "bindings": bindings.get(parts["bucket"], [])})

    def _administrator(self, who: str) -> None:
        if who not in self.server.iam.administrators:
            raise IamRefused(403, f"{who} does not administrate this project")
