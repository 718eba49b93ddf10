"""`DynamoDb` and `Sqs`: engines of key-value stores and queues on AWS."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
# Amazon DynamoDB Developer Guide, "Naming rules".
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")


class AwsEngine(CheckedSettings):
    """What both have in common.

    Args:
        region: where it is.
        issue_key: whether the stack makes an IAM user that may do nothing else, whose key goes into the Secret; without
            one give the pods' role the store's `policy`.
        key_generation: raise it for another key; the old one goes first, so pods that still hold it meet errors.
    """

    region: str
    issue_key: bool = True
    key_generation: int = Field(default=0, ge=0)

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking AWS."""
        if _REGION.fullmatch(self.region):
            return []
        return [Problem("region", f'"{self.region}" is no AWS region', "Write it like us-east-1")]


class DynamoDb(AwsEngine):
    """A table of its own for each key-value store, paid by request, with expiry; other settings are `AwsEngine`'s.

    Args:
        table: its name; unset, `<project>-<stack>-<store>`.
        point_in_time_recovery: whether the table can be restored to any second of the last 35 days.
        on_delete: `retain` keeps the table when the store leaves the stack and has AWS refuse to delete it; `delete`
            deletes it.
    """

    kind: Literal["dynamodb"] = "dynamodb"
    table: str | None = None
    point_in_time_recovery: bool = True
    on_delete: Literal["retain", "delete"] = "retain"

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking AWS."""
        found = super().problems()
        if self.table is not None and not _TABLE.fullmatch(self.table):
            remedy = "Use 3 to 255 letters, digits, dots, hyphens and underscores"
            found.append(Problem("table", f'"{self.table}" is no name that DynamoDB takes', remedy))
        return found


class Sqs(AwsEngine):
    """FIFO queues whose names begin with the store's; clients make them. The settings are `AwsEngine`'s."""

    kind: Literal["sqs"] = "sqs"
