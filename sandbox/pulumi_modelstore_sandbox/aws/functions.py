"""The functions (`aws.get_...`) that the sandbox's AWS answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from zlib import crc32

from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking
from pulumi_modelstore_sandbox.aws.errors import NotInSandbox
from pulumi_modelstore_sandbox.aws.properties import Properties
from pulumi_modelstore_sandbox.aws.s3_bucket import Bucket, bucket_addresses


def call(aws: AwsClients, token: str, arguments: Properties) -> Properties:
    """Answer a function. Raises NotInSandbox, or what AWS answers."""
    function = _FUNCTIONS.get(token)
    if function is None:
        known = ", ".join(sorted(name.rpartition(":")[2] for name in _FUNCTIONS))
        raise NotInSandbox(
            f"The sandbox's AWS has no function {token}",
            remedy=f"It has {known}; whatever else AWS has needs the Pulumi CLI and a real account",
        )
    return function(aws, arguments)


def _caller_identity(aws: AwsClients, arguments: Properties) -> Properties:  # noqa: ARG001 - one signature for all
    with asking("tell who is calling", "sts:GetCallerIdentity"):
        found = aws.sts().get_caller_identity()
    account = found["Account"]
    return {"accountId": account, "arn": found["Arn"], "id": account, "userId": found["UserId"]}


def _region(aws: AwsClients, arguments: Properties) -> Properties:
    name = arguments.get("region") or arguments.get("name") or aws.settings.region
    endpoint = f"ec2.{name}.amazonaws.com"
    return {"name": name, "region": name, "id": name, "endpoint": endpoint, "description": name}


def _bucket(aws: AwsClients, arguments: Properties) -> Properties:
    name = arguments["bucket"]
    found = Bucket().read(aws, name, {})
    if found is None:
        raise NotInSandbox(f"There is no bucket {name!r} in the sandbox's AWS", remedy="Create it, or correct the name")
    region = found["region"]
    return {"bucket": name, "id": name, "region": region, **bucket_addresses(name, region)}


def _policy_document(aws: AwsClients, arguments: Properties) -> Properties:  # noqa: ARG001 - one signature for all
    document = {
        "Version": arguments.get("version", "2012-10-17"),
        **({"Id": arguments["policyId"]} if "policyId" in arguments else {}),
        "Statement": [dict(_statement(statement)) for statement in arguments.get("statements", [])],
    }
    text = json.dumps(document, indent=2)
    minified = json.dumps(document, separators=(",", ":"))
    return {**arguments, "id": str(crc32(text.encode())), "json": text, "minifiedJson": minified}


def _statement(statement: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if statement.get("sid"):
        yield "Sid", statement["sid"]
    yield "Effect", statement.get("effect", "Allow")
    for ours, theirs in (("actions", "Action"), ("notActions", "NotAction")):
        if statement.get(ours):
            yield theirs, _single(statement[ours])
    for ours, theirs in (("resources", "Resource"), ("notResources", "NotResource")):
        if statement.get(ours):
            yield theirs, _single(statement[ours])
    for ours, theirs in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if statement.get(ours):
            yield theirs, _principals(statement[ours])
    if statement.get("conditions"):
        tests: dict[str, dict[str, Any]] = {}
        for condition in statement["conditions"]:
            tests.setdefault(condition["test"], {})[condition["variable"]] = _single(condition["values"])
        yield "Condition", tests


def _principals(principals: list[Mapping[str, Any]]) -> Any:
    if any(principal["type"] == "*" for principal in principals):
        return "*"
    return {principal["type"]: _single(principal["identifiers"]) for principal in principals}


def _single(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


_FUNCTIONS: Final[dict[str, Callable[[AwsClients, Properties], Properties]]] = {
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:s3/getBucket:getBucket": _bucket,
}
