"""Stores on AWS, whose policies the sandbox's AWS checks: each key opens its own store and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_client import AccessRefused, KeyValueStoreClient, MessageQueueClient
from pulumi_modelstore_sandbox.aws import server
from workspace.conftest import Deployed, copied, secret_environment

STACK = Path(__file__).with_name("aws_stack")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Deployed]:
    yield Deployed(copied(STACK, tmp_path, {}, {}), tmp_path / "home")
    server.stop(tmp_path / "home")


def _here(environment: Mapping[str, str], endpoint: str, **further: str) -> dict[str, str]:
    """The pod's environment, with the sandbox in AWS's place."""
    return {
        key: f"{value}&endpoint={endpoint}" if key.endswith("_URL") else value for key, value in environment.items()
    } | further


def test_each_key_opens_its_own_store(stack: Deployed) -> None:
    stack.run("up", "--yes")
    stack.run("preview", "--expect-no-changes")
    endpoint = server.ensure_running(stack.home)
    objects: dict[Any, Any] = stack.objects()
    given = secret_environment(objects["Secret", "sessions"])
    assert given["MODELSTORE_KV_URL"] == "dynamodb://workspace-aws-dev-sessions?region=us-east-1&store=sessions"
    assert given["MODELSTORE_KV_SECRET_ACCESS_KEY"] not in stack.state()

    with KeyValueStoreClient.from_environment(environ=_here(given, endpoint.url)) as sessions:
        space = sessions.create_namespace("a")
        space.put("k", b"v", expires_after=60)
        assert (space.get("k"), list(space.keys()), sessions.namespaces()) == (b"v", ["k"], ["a"])
        assert space.delete("k")
        space.put("k", b"v")
        assert sessions.delete_namespace("a")

    queue_environment = secret_environment(objects["Secret", "jobs"])
    with MessageQueueClient.from_environment(environ=_here(queue_environment, endpoint.url)) as queues:
        jobs = queues.create("load")
        jobs.send(b"m")
        (message,) = jobs.receive()
        jobs.ack(message)
        assert (jobs.length(), queues.queues(), queues.delete("load")) == (0, ["load"], True)

    keyless = secret_environment(objects["Secret", "cache"])
    assert list(keyless) == ["MODELSTORE_KV_URL"]
    pair = {name: value for name, value in given.items() if name != "MODELSTORE_KV_URL"}
    other = KeyValueStoreClient.from_environment(environ=_here(keyless, endpoint.url, **pair))
    with pytest.raises(AccessRefused, match="may do this"):
        other.namespaces()
    (statement,) = json.loads(stack.outputs()["policy"])["Statement"]
    assert statement["Resource"] == "arn:aws:dynamodb:us-east-1:*:table/workspace-aws-dev-cache"

    other_store = {**queue_environment, "MODELSTORE_QUEUE_URL": "sqs://other?region=us-east-1"}
    others = MessageQueueClient.from_environment(environ=_here(other_store, endpoint.url))
    with pytest.raises(AccessRefused, match="may do this"):
        others.create("load")
    stack.run("destroy", "--yes")
