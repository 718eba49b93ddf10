"""The sandbox's object store, for the two scripts beside it."""

import os
from pathlib import Path

import boto3
from botocore.config import Config

from pulumi_modelstore_sandbox.aws.server import AwsEndpoint, ensure_running

FOLDER = Path(__file__).resolve().parent


def sandbox_home() -> Path:
    return Path(os.environ.get("MODELSTORE_SANDBOX_HOME") or FOLDER / ".sandbox")


def sandbox_aws() -> AwsEndpoint:
    return ensure_running(sandbox_home())


def s3_client(aws: AwsEndpoint, access_key_id: str, secret_access_key: str):
    # No proxies: the store is on this machine.
    settings = Config(s3={"addressing_style": "path"}, proxies={}, retries={"mode": "standard"})
    return boto3.client(
        "s3",
        endpoint_url=aws.url,
        region_name=aws.region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        config=settings,
    )


def deployer_client(aws: AwsEndpoint):
    return s3_client(aws, aws.access_key_id, aws.secret_access_key)


def keys_under(s3, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]
