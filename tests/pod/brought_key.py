"""A key that somebody made in a store's console, and a stack's settings with it as the CLI seals them."""

from __future__ import annotations

import json
from typing import Any

import yaml

from servers.versitygw import VersityGateway

PASSPHRASE = "a passphrase for tests"


def brought_key(versitygw: VersityGateway, bucket: str) -> dict[str, Any]:
    """A key that may list and read the bucket, as configuration."""
    statements = [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": f"arn:aws:s3:::{bucket}"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
    ]
    iam, user = versitygw.client("iam"), f"brought-along-{bucket}"
    iam.create_user(UserName=user)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=user, PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"readerAccessKeyId": key["AccessKeyId"], "readerSecretAccessKey": {"secret": key["SecretAccessKey"]}}


def stack_settings(project: str, config: dict[str, Any]) -> str:
    """Text of `Pulumi.dev.yaml`; `{"secret": ...}` is sealed."""
    from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher

    cipher = PassphraseCipher.create(PASSPHRASE)
    sealed = {
        f"{project}:{name}": {"secure": cipher.encrypt(value["secret"])} if isinstance(value, dict) else value
        for name, value in config.items()
    }
    return yaml.safe_dump({"encryptionsalt": cipher.recorded, "config": sealed})
