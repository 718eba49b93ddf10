"""Service accounts, their keys and what they may do in buckets, as Google Cloud's IAM tells them: for the tests' front.

Rules from the documentation of IAM and of Cloud Storage: an account has at most 10 JSON keys and 10 HMAC keys; an HMAC
key is made INACTIVE before it is deleted; a conditional role binding holds where its expression does.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

MOST_KEYS = 10
ROLES = {
    "roles/storage.objectViewer": {"storage.objects.get", "storage.objects.list"},
    "roles/storage.objectUser": {
        *("storage.objects.get", "storage.objects.list", "storage.objects.create"),
        *("storage.objects.delete", "storage.objects.update"),
    },
    "roles/storage.legacyBucketReader": {"storage.buckets.get", "storage.objects.list"},
}
_ON_NAME = re.compile(r'resource\.name\.startsWith\("([^"]*)"\)')
_ON_BUCKET = 'resource.type == "storage.googleapis.com/Bucket"'


class IamRefused(Exception):
    """A request that IAM refuses, with the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass
class HmacKey:
    """An HMAC key of an account."""

    account: str
    access_id: str
    secret: str = field(repr=False)
    state: str = "ACTIVE"


class Iam:
    """One project's accounts; `bindings` of a bucket are in the form of its IAM policy."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.accounts: dict[str, str] = {}
        """E-mail addresses with descriptions."""
        self.administrators: set[str] = set()
        self.bindings: dict[str, list[dict[str, Any]]] = {}
        self.hmac_keys: dict[str, HmacKey] = {}
        self._json_keys: dict[str, tuple[str, bytes]] = {}
        self._tokens: dict[str, str] = {}
        self._lock = threading.RLock()

    def make_account(self, account_id: str) -> str:
        """Create a service account and return its e-mail address."""
        if not re.fullmatch(r"[a-z]([-a-z0-9]{4,28}[a-z0-9])", account_id):
            raise IamRefused(400, "The account ID must be 6 to 30 lower-case letters, digits and hyphens")
        email = f"{account_id}@{self.project}.iam.gserviceaccount.com"
        with self._lock:
            if email in self.accounts:
                raise IamRefused(409, f"Service account {account_id} already exists within project {self.project}.")
            self.accounts[email] = ""
        return email

    def delete_account(self, email: str) -> None:
        """Delete an account, and all keys of it."""
        with self._lock:
            self._known(email)
            del self.accounts[email]
            self._json_keys = {key: value for key, value in self._json_keys.items() if value[0] != email}
            self.hmac_keys = {key: value for key, value in self.hmac_keys.items() if value.account != email}

    def make_json_key(self, email: str, issuer: str) -> str:
        """Return the text of a new key file, whose tokens come from the front at the URL `issuer`."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        key_id = secrets.token_hex(20)
        with self._lock:
            self._known(email)
            if len(self.json_keys(email)) >= MOST_KEYS:
                raise IamRefused(429, "Maximum number of keys on account reached.")
            self._json_keys[key_id] = (email, public)
        return json.dumps(
            {
                "type": "service_account",
                "project_id": self.project,
                "private_key_id": key_id,
                "private_key": pem.decode(),
                "client_email": email,
                "client_id": "100000000000000000001",
                "token_uri": f"{issuer}/token",
                "universe_domain": "googleapis.com",
            },
            indent=2,
        )

    def json_keys(self, email: str | None = None) -> set[str]:
        """Ids of an account's JSON keys, or of all."""
        return {key for key, (owner, _) in self._json_keys.items() if email in (None, owner)}

    def delete_json_key(self, key_id: str) -> None:
        """Delete a JSON key."""
        with self._lock:
            if self._json_keys.pop(key_id, None) is None:
                raise IamRefused(404, f"Service account key {key_id} does not exist.")

    def make_hmac_key(self, email: str) -> HmacKey:
        """Create an active HMAC key."""
        with self._lock:
            self._known(email)
            if sum(key.account == email for key in self.hmac_keys.values()) >= MOST_KEYS:
                raise IamRefused(429, "Maximum number of HMAC keys on account reached.")
            secret = base64.b64encode(secrets.token_bytes(30)).decode()
            made = HmacKey(email, f"GOOG1E{secrets.token_hex(27).upper()}", secret)
            self.hmac_keys[made.access_id] = made
            return made

    def delete_hmac_key(self, access_id: str) -> None:
        """Delete an HMAC key that is INACTIVE."""
        with self._lock:
            if self._hmac_key(access_id).state != "INACTIVE":
                raise IamRefused(400, "Cannot delete keys in 'ACTIVE' state.")
            del self.hmac_keys[access_id]

    def set_hmac_state(self, access_id: str, state: str) -> None:
        """Make an HMAC key ACTIVE or INACTIVE."""
        self._hmac_key(access_id).state = state

    def token_for(self, assertion: str) -> str:
        """Give an access token for what a JSON key has signed."""
        from google.auth import exceptions, jwt

        try:
            header = jwt.decode_header(assertion)
            email, public = self._json_keys[header["kid"]]
            claims = jwt.decode(assertion, certs=public.decode())
        except (KeyError, ValueError, exceptions.GoogleAuthError):
            raise IamRefused(400, "Invalid JWT Signature.") from None
        if claims.get("iss") != email:
            raise IamRefused(400, "Invalid grant: account not found")
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._tokens[token] = email
        return token

    def who(self, token: str | None) -> str | None:
        """The account of an access token; None for an unknown one."""
        email = self._tokens.get(token or "")
        return email if email in self.accounts else None

    def allows(self, email: str, permission: str, bucket: str, *, name: str = "") -> bool:
        """Whether an account has a permission on the object `name`, or on the bucket itself."""
        if email in self.administrators:
            return True
        resource = f"projects/_/buckets/{bucket}" + (f"/objects/{name}" if name else "")
        return any(
            f"serviceAccount:{email}" in binding["members"]
            and permission in ROLES.get(binding["role"], ())
            and _holds(binding.get("condition"), resource)
            for binding in self.bindings.get(bucket, ())
        )

    def _known(self, email: str) -> None:
        if email not in self.accounts:
            raise IamRefused(404, f"Unknown service account {email}")

    def _hmac_key(self, access_id: str) -> HmacKey:
        if access_id not in self.hmac_keys:
            raise IamRefused(404, f"Access ID {access_id} not found in project {self.project}.")
        return self.hmac_keys[access_id]


def _holds(condition: dict[str, Any] | None, resource: str) -> bool:
    if not condition:
        return True
    for term in condition["expression"].split(" || "):
        if (on_name := _ON_NAME.fullmatch(term)) is not None:
            if resource.startswith(on_name[1]):
                return True
        elif term == _ON_BUCKET:
            if "/objects/" not in resource:
                return True
        else:
            raise IamRefused(400, f"This condition is not understood here: {term}")
    return False
