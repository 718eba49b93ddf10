"""The life of a table, and that what is in it outlives the stand-in's process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from pulumi_modelstore_sandbox.aws import server
from pulumi_modelstore_sandbox.aws.endpoint import AwsEndpoint
from pulumi_modelstore_sandbox.aws.errors import AwsRefused
from sandbox.aws.conftest import client
from sandbox.aws.driver import Driver, Refused
from sandbox.aws.test_resources import kinds, unique

TABLE = "aws:dynamodb/table:Table"


def declared(name: str, **further: Any) -> dict[str, Any]:
    return {
        "name": name,
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "pk",
        "rangeKey": "sk",
        "attributes": [{"name": "pk", "type": "S"}, {"name": "sk", "type": "B"}],
        "ttl": {"attributeName": "expires", "enabled": True},
        "pointInTimeRecovery": {"enabled": True},
        "deletionProtectionEnabled": True,
        **further,
    }


def test_the_life_of_a_table(driver: Driver, aws: AwsEndpoint) -> None:
    name = unique("table")
    created = driver.create(TABLE, "table", declared(name, tags={"team": "apps"}))
    service = client("dynamodb", aws)
    assert created.outputs["arn"].endswith(f":table/{name}")
    assert service.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    assert not driver.diff(created, declared(name, tags={"team": "apps"})).changes
    refreshed = driver.read(created)
    assert refreshed is not None
    assert refreshed.outputs == created.outputs
    assert driver.diff(created, declared(unique("other"), tags={"team": "apps"})).replaces == ["name"]

    with pytest.raises(AwsRefused, match="deletion_protection_enabled=False"):
        driver.delete(created)
    wanted = declared(name, deletionProtectionEnabled=False, pointInTimeRecovery={"enabled": False})
    assert kinds(driver, created, wanted) == {
        "deletionProtectionEnabled": PropertyDiffKind.UPDATE,
        "pointInTimeRecovery.enabled": PropertyDiffKind.UPDATE,
        "tags": PropertyDiffKind.DELETE,
    }
    updated = driver.update(created, wanted)
    assert service.list_tags_of_resource(ResourceArn=updated.outputs["arn"])["Tags"] == []
    driver.delete(updated)
    driver.delete(updated)
    assert driver.read(updated) is None


def test_what_the_sandbox_does_not_have_is_refused(driver: Driver) -> None:
    wrong = declared("a", billingMode="PROVISIONED", streamEnabled=True, rangeKey="other")
    with pytest.raises(Refused) as refused:
        driver.check(TABLE, "table", wrong)
    assert "streamEnabled" in refused.value.failures
    with pytest.raises(Refused) as refused:
        driver.check(TABLE, "table", {key: value for key, value in wrong.items() if key != "streamEnabled"})
    assert set(refused.value.failures) == {"name", "billingMode", "attributes"}


def test_items_and_messages_outlive_the_process(own_home: Path) -> None:
    endpoint = server.ensure_running(own_home)
    table = client("dynamodb", endpoint)
    table.create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(TableName="kept", Item={"pk": {"S": "a"}, "value": {"B": b"1"}})
    queues = client("sqs", endpoint)
    url = queues.create_queue(QueueName="kept.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="1", MessageGroupId="a", MessageDeduplicationId="1")
    server.stop(own_home)
    endpoint = server.ensure_running(own_home)
    table, queues = client("dynamodb", endpoint), client("sqs", endpoint)
    assert table.get_item(TableName="kept", Key={"pk": {"S": "a"}})["Item"]["value"]["B"] == b"1"
    url = queues.get_queue_url(QueueName="kept.fifo")["QueueUrl"]
    assert queues.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "1"
