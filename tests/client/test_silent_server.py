"""A server that takes connections and says nothing: each client gives up after its time limit, and says so."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from pulumi_modelstore_client import (
    KeyValueStoreClient,
    MessageQueueClient,
    ObjectStoreClient,
    StoreUnreachable,
    TimeLimits,
)

HASTY = TimeLimits(connect=1, read=0.1, attempts=2)
URLS: dict[str, tuple[str, Callable[[dict[str, str]], object]]] = {
    "valkey, keys": (
        "valkey://{at}/0",
        lambda environ: KeyValueStoreClient.from_environment("X", environ=environ, limits=HASTY).namespaces(),
    ),
    "valkey, queues": (
        "valkey://{at}/0",
        lambda environ: MessageQueueClient.from_environment("X", environ=environ, limits=HASTY).queues(),
    ),
    "dynamodb": (
        "dynamodb://table?region=us-east-1&endpoint=http://{at}",
        lambda environ: KeyValueStoreClient.from_environment("X", environ=environ, limits=HASTY).namespaces(),
    ),
    "sqs": (
        "sqs://jobs?region=us-east-1&endpoint=http://{at}",
        lambda environ: MessageQueueClient.from_environment("X", environ=environ, limits=HASTY).queues(),
    ),
    "s3": (
        "s3://bucket/p?access=private&region=us-east-1&endpoint=http://{at}",
        lambda environ: ObjectStoreClient.from_environment("X", environ=environ, limits=HASTY).get("a"),
    ),
    "azure": (
        "azure://container/p?access=private&account=acme&endpoint=http://{at}/acme",
        lambda environ: ObjectStoreClient.from_environment("X", environ=environ, limits=HASTY).get("a"),
    ),
}


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("kind", URLS)
def test_a_server_that_says_nothing_is_given_up(kind: str, silent: str) -> None:
    url, work = URLS[kind]
    environ = {"X_URL": url.format(at=silent), "X_ACCESS_KEY_ID": "a", "X_SECRET_ACCESS_KEY": "Yg=="}
    with pytest.raises(StoreUnreachable, match=r"could not be (listed|read) .*Check the (address|region|endpoint)"):
        work(environ)
