"""Stores of each engine, on real servers; a test takes one of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from pulumi_modelstore_client import KeyValueStoreClient, MessageQueueClient
from servers.moto import MotoAws
from servers.valkey import ValkeyServer, valkey_server


@pytest.fixture(scope="session")
def valkey(own_environment: None) -> Iterator[ValkeyServer]:
    """One server for the session: a test takes a store name of its own."""
    with valkey_server() as server:
        yield server


@pytest.fixture
def store_name() -> str:
    return f"store-{uuid.uuid4().hex[:12]}"


@pytest.fixture(params=["valkey", "dynamodb"])
def key_value(request: pytest.FixtureRequest, store_name: str) -> Iterator[KeyValueStoreClient]:
    """An empty key-value store on each engine in turn."""
    if request.param == "valkey":
        server: ValkeyServer = request.getfixturevalue("valkey")
        environment = server.environment("MODELSTORE_KV", store=store_name)
    else:
        environment = dynamodb_environment(request.getfixturevalue("moto_aws"), store_name)
    with KeyValueStoreClient.from_environment(environ=environment) as client:
        yield client


def dynamodb_environment(aws: MotoAws, store: str, table: str = "workspace") -> dict[str, str]:
    """A table as the component declares it, and what a pod would be given for it."""
    aws.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "B"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return {
        "MODELSTORE_KV_URL": f"dynamodb://{table}?region={aws.region}&store={store}&endpoint={aws.endpoint}",
        "MODELSTORE_KV_ACCESS_KEY_ID": aws.access_key_id,
        "MODELSTORE_KV_SECRET_ACCESS_KEY": aws.secret_access_key,
    }


@pytest.fixture(params=["valkey", "sqs"])
def queues(request: pytest.FixtureRequest, store_name: str) -> Iterator[MessageQueueClient]:
    """A store without queues on each engine in turn."""
    if request.param == "valkey":
        server: ValkeyServer = request.getfixturevalue("valkey")
        environment = server.environment("MODELSTORE_QUEUE", store=store_name)
    else:
        environment = sqs_environment(request.getfixturevalue("moto_aws"), store_name)
    with MessageQueueClient.from_environment(environ=environment) as client:
        yield client


def sqs_environment(aws: MotoAws, store: str) -> dict[str, str]:
    """What a pod would be given for queues in AWS."""
    return {
        "MODELSTORE_QUEUE_URL": f"sqs://{store}?region={aws.region}&endpoint={aws.endpoint}",
        "MODELSTORE_QUEUE_ACCESS_KEY_ID": aws.access_key_id,
        "MODELSTORE_QUEUE_SECRET_ACCESS_KEY": aws.secret_access_key,
    }
