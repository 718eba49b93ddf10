"""The servers that the clients are measured on, and for each the bare library's client beside ours."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.transfers import servers_of_tests  # noqa: F401 - finds the tests' servers
from pulumi_modelstore_client import (
    KeyValueNamespace,
    KeyValueStoreClient,
    MessageQueueClient,
    ObjectStoreClient,
    Queue,
)

ALIKE = (
    "Valkey or Redis as `ValkeyServer` declares it, each change on disk before the answer; DynamoDB and SQS are "
    "moto's, whose server takes most of the time"
)


@dataclass(frozen=True)
class Servers:
    """One of each, running."""

    valkey: Any
    moto: Any
    versitygw: Any

    def redis(self) -> Any:
        """The bare library on Valkey."""
        return self.valkey.client()

    def key_value(self) -> KeyValueStoreClient:
        """The client on Valkey."""
        return KeyValueStoreClient.from_environment(environ=self.valkey.environment("MODELSTORE_KV"))

    def queues(self) -> MessageQueueClient:
        """The client on Valkey."""
        return MessageQueueClient.from_environment(environ=self.valkey.environment("MODELSTORE_QUEUE"))

    def _keys(self, prefix: str) -> dict[str, str]:
        pair = (self.moto.access_key_id, self.moto.secret_access_key)
        return dict(zip((f"{prefix}_ACCESS_KEY_ID", f"{prefix}_SECRET_ACCESS_KEY"), pair, strict=True))

    def dynamodb(self) -> tuple[str, Any, KeyValueNamespace]:
        """A table, the bare library, and the client on it."""
        service = self.moto.client("dynamodb")
        service.create_table(
            TableName="bench",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "B"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        url = f"dynamodb://bench?region={self.moto.region}&endpoint={self.moto.endpoint}"
        environment = {"MODELSTORE_KV_URL": url, **self._keys("MODELSTORE_KV")}
        return "bench", service, KeyValueStoreClient.from_environment(environ=environment).create_namespace("bench")

    def sqs(self) -> tuple[Any, str, Queue]:
        """The bare library with the URL of a queue, and the client with one of its own."""
        service = self.moto.client("sqs")
        url = service.create_queue(QueueName="bare.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        place = f"sqs://bench?region={self.moto.region}&endpoint={self.moto.endpoint}"
        environment = {"MODELSTORE_QUEUE_URL": place, **self._keys("MODELSTORE_QUEUE")}
        return service, url, MessageQueueClient.from_environment(environ=environment).create("bench")

    def objects(self) -> tuple[Any, str, ObjectStoreClient]:
        """The bare library with a bucket, and the client on the same."""
        gateway = self.versitygw
        service = gateway.client()
        service.create_bucket(Bucket="bench-objects")
        url = f"s3://bench-objects?access=private&region={gateway.region}&endpoint={gateway.endpoint}"
        environment = {
            "MODELSTORE_OBJECTS_URL": url,
            "MODELSTORE_OBJECTS_ACCESS_KEY_ID": gateway.access_key_id,
            "MODELSTORE_OBJECTS_SECRET_ACCESS_KEY": gateway.secret_access_key,
        }
        return service, "bench-objects", ObjectStoreClient.from_environment(environ=environment)


def servers(stack: ExitStack) -> Servers:
    """Start them; they end with the stack of contexts."""
    from servers.moto import moto_server
    from servers.valkey import valkey_server
    from servers.versitygw import versity_gateway

    started = (valkey_server(on_disk=True), moto_server(), versity_gateway())
    return Servers(*(stack.enter_context(server) for server in started))
