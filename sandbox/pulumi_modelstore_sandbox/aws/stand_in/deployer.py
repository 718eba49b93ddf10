"""The administrator in whose name stacks are deployed to the stand-in."""

from __future__ import annotations

import json
from typing import Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends

USER_NAME: Final = "sandbox-deployer"

_EVERYTHING: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def deployer_key() -> tuple[str, str]:
    """Return the administrator's access key id and secret, made on the first call and kept with the data."""
    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    if not any(user.name == USER_NAME for user in iam.users.values()):
        iam.create_user("us-east-1", USER_NAME)
        iam.put_user_policy(USER_NAME, "administrator", json.dumps(_EVERYTHING))
    keys = iam.list_access_keys(USER_NAME)
    key = keys[0] if keys else iam.create_access_key(USER_NAME)
    return key.access_key_id, key.secret_access_key
