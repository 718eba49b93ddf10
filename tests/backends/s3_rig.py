"""What the rigs of S3 stores have in common: boto3 as the administrator, boto3 and the AWS CLI with a key."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from backends.rig import Denied, Stack, StoreKey

AWS_CLI = Path(sys.executable).with_name("aws")
REFUSALS = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "403"}


class S3Rig:
    """A store that speaks S3.

    Args:
        endpoint: URL of the store.
        administrator: a key that may do everything; `STORE_ACCESS_KEY_ID` and `STORE_SECRET_ACCESS_KEY` hold it for the
            reference `env:STORE`.
        region: what signatures name.
        folder: where the AWS CLI's files go.
    """

    kind = ""
    path: Sequence[Path] = ()
    configuration: Mapping[str, Any] = {}
    issues_keys = True
    holds_prefixes = True
    cannot_create: str | None = None

    def __init__(self, endpoint: str, administrator: StoreKey, *, folder: Path, region: str = "us-east-1") -> None:
        self.endpoint, self.administrator, self.region, self.folder = endpoint, administrator, region, folder
        self._clients: dict[tuple[StoreKey, str, str], Any] = {}
        self._making = threading.Lock()
        self.environment: Mapping[str, str] = {
            "STORE_ACCESS_KEY_ID": administrator.access_key_id,
            "STORE_SECRET_ACCESS_KEY": administrator.secret,
        }

    def client(self, key: StoreKey | None = None, *, service: str = "s3", endpoint: str | None = None) -> Any:
        """A boto3 client that tries once, as the administrator or with a key; the same for the same arguments."""
        key, endpoint = key or self.administrator, endpoint or self.endpoint
        # Clients may be shared by threads, but not made by several at a time; and making one takes long.
        with self._making:
            made = self._clients.get((key, service, endpoint))
            if made is None:
                made = self._clients[key, service, endpoint] = self._client(key, service, endpoint)
        return made

    def _client(self, key: StoreKey, service: str, endpoint: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=self.region,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret,
            config=Config(
                connect_timeout=5,
                read_timeout=30,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def settings(self, bucket: str) -> dict[str, Any]:
        return {"kind": self.kind, "endpoint": self.endpoint, "bucket": bucket, "credentials": "env:STORE"}

    def make_bucket(self, bucket: str) -> None:
        self.client().create_bucket(Bucket=bucket)

    def remove(self, bucket: str) -> None:
        client = self.client()
        try:
            for key in self._keys(bucket):
                client.delete_object(Bucket=bucket, Key=key)
            client.delete_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.client().put_object(Bucket=bucket, Key=key, Body=body)

    def objects(self, bucket: str) -> dict[str, str]:
        client = self.client()
        return {
            key: hashlib.sha256(client.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest()
            for key in self._keys(bucket)
        }

    def _keys(self, bucket: str) -> list[str]:
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def key_id(self, key: StoreKey) -> str:
        return key.access_key_id

    def key_ids(self) -> set[str] | None:
        return None

    def principals(self) -> set[str] | None:
        return None

    def bring_key(self, bucket: str) -> StoreKey | None:
        return None

    def add_key(self, stack: Stack) -> str | None:
        return None

    def drop_key(self, key_id: str) -> None:
        raise NotImplementedError(key_id)

    def key_of_secret(self, data: Mapping[str, str]) -> StoreKey:
        return StoreKey(data["AWS_ACCESS_KEY_ID"], data["AWS_SECRET_ACCESS_KEY"])

    def read(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        try:
            body: bytes = self.client(credentials).get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise _denied(error) from error
        return body

    def write(self, bucket: str, key: str, body: bytes, credentials: StoreKey) -> None:
        try:
            self.client(credentials).put_object(Bucket=bucket, Key=key, Body=body)
        except ClientError as error:
            raise _denied(error) from error

    def read_by_tool(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": os.environ.get("NO_PROXY", ""),
        }
        done = subprocess.run(
            [sys.executable, str(AWS_CLI), "--endpoint-url", self.endpoint, "s3", "cp", f"s3://{bucket}/{key}", "-"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        if done.returncode:
            message = done.stderr.decode(errors="replace")
            refused = any(f"({code})" in message for code in REFUSALS)
            raise Denied(message) if refused else AssertionError(f"aws s3 cp ended with {done.returncode}: {message}")
        return done.stdout

    def pod_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {}


def _denied(error: ClientError) -> Exception:
    """A refusal as `Denied`; anything else as it came."""
    return Denied(str(error)) if error.response["Error"]["Code"] in REFUSALS else error
