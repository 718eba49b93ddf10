"""Clients of a stack's workspace stores, for programs in pods: the same calls on every engine, and no Pulumi.

Each client finds its store by the environment that the stack's Secret gives a pod, with `from_environment()`. Libraries
are imported when a client is made.
"""

from __future__ import annotations

from pulumi_modelstore_client.errors import (
    AccessRefused,
    InvalidRequest,
    LibraryMissing,
    NotInStore,
    ReceiptExpired,
    StoreError,
    StoreFull,
    StoreUnreachable,
    TooLarge,
)
from pulumi_modelstore_client.key_value.client import KeyValueNamespace, KeyValueStoreClient
from pulumi_modelstore_client.objects.client import ObjectStoreClient
from pulumi_modelstore_client.objects.engine import StoredObject
from pulumi_modelstore_client.queue.client import DeadLetters, MessageQueueClient, Queue
from pulumi_modelstore_client.queue.engine import Message
from pulumi_modelstore_client.time_limits import TimeLimits

__all__ = [
    "AccessRefused",
    "DeadLetters",
    "InvalidRequest",
    "KeyValueNamespace",
    "KeyValueStoreClient",
    "LibraryMissing",
    "Message",
    "MessageQueueClient",
    "NotInStore",
    "ObjectStoreClient",
    "Queue",
    "ReceiptExpired",
    "StoreError",
    "StoreFull",
    "StoreUnreachable",
    "StoredObject",
    "TimeLimits",
    "TooLarge",
]
