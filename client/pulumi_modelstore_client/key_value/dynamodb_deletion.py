"""Deleting what a deleted namespace held in DynamoDB, which knows no deletion of a whole partition."""

from __future__ import annotations

import time
from typing import Any

SWEPT_AFTER_SECONDS = 60
"""Who still holds a deleted namespace has noticed by then, and whoever was deleting it has finished or is gone."""

_BATCH = 25
"""Most that BatchWriteItem takes (DynamoDB's API reference)."""


def purge(service: Any, table: str, partition: str) -> None:
    """Delete everything in a partition."""
    pages = service.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        ProjectionExpression="pk, sk",
        ConsistentRead=True,
    )
    for page in pages:
        items = page["Items"]
        for start in range(0, len(items), _BATCH):
            pending = [{"DeleteRequest": {"Key": key}} for key in items[start : start + _BATCH]]
            pause = 0.05
            while pending:
                answer = service.batch_write_item(RequestItems={table: pending})
                pending = answer.get("UnprocessedItems", {}).get(table, [])
                if pending:
                    # What the service could not take at once it asks to be sent again, later each time.
                    time.sleep(pause)
                    pause = min(pause * 2, 2.0)


def sweep(service: Any, table: str, store: str) -> None:
    """Delete what deletions of a minute ago and earlier left, because they broke off or somebody wrote meanwhile."""
    records = service.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"{store}#gone"}},
        ConsistentRead=True,
    )["Items"]
    for record in records:
        if int(record["at"]["N"]) <= time.time() - SWEPT_AFTER_SECONDS:
            purge(service, table, f"{store}#{record['sk']['B'].decode()}")
            service.delete_item(TableName=table, Key={"pk": record["pk"], "sk": record["sk"]})
