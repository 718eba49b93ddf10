"""Keys of a stub on a real gateway: they work, are held to their policies, and die, as the store's own would."""

from __future__ import annotations

import json
import uuid
from typing import Any

from servers.versitygw import VersityGateway


class GatewayKeys:
    """Users of the gateway's IAM, each standing for one account of the stub."""

    def __init__(self, gateway: VersityGateway) -> None:
        self._iam = gateway.client("iam")
        self._prefix = f"stub-{uuid.uuid4().hex[:8]}"

    def add_account(self, account: str) -> None:
        self._iam.create_user(UserName=self._user(account))

    def remove_account(self, account: str) -> None:
        """Delete the account with its keys and policies."""
        user = self._user(account)
        for key in self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            self._iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        self.set_policies(account, {})
        self._iam.delete_user(UserName=user)

    def set_policies(self, account: str, policies: dict[str, Any]) -> None:
        """Let the account do what these policies allow, by name, and nothing else."""
        user = self._user(account)
        for name in self._iam.list_user_policies(UserName=user)["PolicyNames"]:
            if name not in policies:
                self._iam.delete_user_policy(UserName=user, PolicyName=name)
        for name, document in policies.items():
            self._iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(document))

    def add_key(self, account: str) -> tuple[str, str]:
        """A new key: its id and its secret."""
        key = self._iam.create_access_key(UserName=self._user(account))["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def remove_key(self, account: str, key_id: str) -> None:
        self._iam.delete_access_key(UserName=self._user(account), AccessKeyId=key_id)

    def enable_key(self, account: str, key_id: str, *, enabled: bool) -> None:
        status = "Active" if enabled else "Inactive"
        self._iam.update_access_key(UserName=self._user(account), AccessKeyId=key_id, Status=status)

    def _user(self, account: str) -> str:
        return f"{self._prefix}-{account}"
