"""What the stack declares on AWS for a store: a table, and a user who may use that store and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_modelstore.backends.s3_policy import partition_of
from pulumi_modelstore.workspace.aws_engines import AwsEngine, DynamoDb, Sqs
from pulumi_modelstore.workspace.store_access import StoreAccess

_TABLE_ACTIONS = ("BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query")
_QUEUE_ACTIONS = (
    "CreateQueue",
    "DeleteMessage",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ReceiveMessage",
    "SendMessage",
)


def table_name(engine: DynamoDb, store: str) -> str:
    """The table's name, plain, so that previews show it."""
    if engine.table is not None:
        return engine.table
    made = f"{pulumi.get_project()}-{pulumi.get_stack()}-{store}"
    return re.sub(r"[^A-Za-z0-9_.-]", "-", made)[:255]


def dynamodb_access(name: str, engine: DynamoDb, store: str, parent: pulumi.Resource) -> tuple[StoreAccess, str]:
    """Declare the table `<name>-table` and, if asked for, the user; return how it is reached, and the policy."""
    import pulumi_aws as aws

    table, kept = table_name(engine, store), engine.on_delete == "retain"
    declared = aws.dynamodb.Table(
        f"{name}-table",
        name=table,
        region=engine.region,
        billing_mode="PAY_PER_REQUEST",
        hash_key="pk",
        range_key="sk",
        attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "B"}],
        ttl={"attribute_name": "expires", "enabled": True},
        point_in_time_recovery={"enabled": engine.point_in_time_recovery},
        deletion_protection_enabled=kept,
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=kept),
    )
    arn = f"arn:{partition_of(engine.region)}:dynamodb:{engine.region}:*:table/{table}"
    policy = _document({"Store": (_actions("dynamodb", _TABLE_ACTIONS), arn)})
    url = f"dynamodb://{table}?region={engine.region}&store={store}"
    return _access(name, engine, url, policy, parent, [declared]), policy


def sqs_access(name: str, engine: Sqs, store: str, parent: pulumi.Resource) -> tuple[StoreAccess, str]:
    """Declare, if asked for, the user; return how the queues are reached, and the policy."""
    # An underscore is in no store's name: another store's queues do not begin with this one's.
    arn = f"arn:{partition_of(engine.region)}:sqs:{engine.region}:*:{store}_*"
    # Listing knows no narrower resource.
    statements = {"Store": (_actions("sqs", _QUEUE_ACTIONS), arn), "List": (["sqs:ListQueues"], "*")}
    policy = _document(statements)
    return _access(name, engine, f"sqs://{store}?region={engine.region}", policy, parent, []), policy


def _access(
    name: str,
    engine: AwsEngine,
    url: str,
    policy: str,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> StoreAccess:
    if not engine.issue_key:
        return StoreAccess(url, {}, after)
    import pulumi_aws as aws

    options = pulumi.ResourceOptions(parent=parent)
    user = aws.iam.User(f"{name}-user", opts=options)
    allowed = aws.iam.UserPolicy(f"{name}-policy", user=user.name, policy=policy, opts=options)
    key = aws.iam.AccessKey(
        f"{name}-key",
        user=user.name,
        opts=pulumi.ResourceOptions(
            parent=parent,
            delete_before_replace=True,
            replacement_trigger=f"generation-{engine.key_generation}",
            depends_on=[allowed],
        ),
    )
    credentials = {"ACCESS_KEY_ID": key.id, "SECRET_ACCESS_KEY": key.secret}
    return StoreAccess(url, credentials, [*after, allowed])


def _actions(service: str, names: Sequence[str]) -> list[str]:
    return [f"{service}:{name}" for name in names]


def _document(statements: Mapping[str, tuple[list[str], str]]) -> str:
    listed: list[dict[str, Any]] = [
        {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
        for sid, (actions, resource) in statements.items()
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": listed}, separators=(",", ":"))
