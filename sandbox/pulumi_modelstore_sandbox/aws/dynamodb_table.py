"""aws:dynamodb/table:Table, as far as key-value stores use it: paid by request, without indexes, streams, replicas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking, unless_missing
from pulumi_modelstore_sandbox.aws.naming import automatic_name
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, Properties, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Made, Naming, ResourceType, tag_problems, tags_all

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_PAID: Final = "PAY_PER_REQUEST"
_REMEDIES: Final = {
    "ResourceInUseException": "It is there already: give another name, or take it over with the option `import_`",
    "ValidationException": "Set deletion_protection_enabled=False, run `up`, and delete it again",
}
_WITH_THE_CLI: Final = "it needs the Pulumi CLI and a real account"


class Table(ResourceType):
    """A table; its items go with it."""

    token: ClassVar[str] = "aws:dynamodb/table:Table"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.dynamodb.table", "Table")
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "hashKey", "rangeKey", "attributes", "region"})
    kept: ClassVar[frozenset[str]] = frozenset({"name", "region"})
    identifying: ClassVar[str] = "name"
    beyond: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "globalSecondaryIndexes", "importTable", "localSecondaryIndexes", "onDemandThroughput", "readCapacity",
            "replicas", "restoreDateTime", "restoreSourceName", "restoreSourceTableArn", "restoreToLatestTime",
            "serverSideEncryption", "streamEnabled", "streamViewType", "tableClass", "warmThroughput", "writeCapacity",
        ),
        _WITH_THE_CLI,
    )  # fmt: skip

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:
        """Name the table, unless the program does."""
        if "name" not in inputs:
            previous = naming.previous.get("name")
            inputs = {**inputs, "name": automatic_name(naming.logical_name, previous, naming.seed, limit=255)}
        return {**inputs, "region": inputs.get("region", region)}

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check name, keys and mode."""
        name = inputs.get("name")
        if isinstance(name, str) and not is_unknown(name) and not _NAME.fullmatch(name):
            yield Problem("name", "a table's name has 3 to 255 letters, digits, dots, hyphens and underscores")
        if inputs.get("billingMode") != _PAID:
            yield Problem("billingMode", f"the sandbox has {_PAID} alone")
        keys = [inputs[key] for key in ("hashKey", "rangeKey") if inputs.get(key)]
        named = [attribute.get("name") for attribute in inputs.get("attributes") or []]
        if sorted(keys) != sorted(named):
            yield Problem("attributes", "they are those of hashKey and rangeKey, each once")
        yield from tag_problems(inputs)

    def planned(self, inputs: Properties, state: Properties | None, settings: Mapping[str, Any]) -> Properties:
        """The ARN is unknown until the table is there."""
        arn = UNKNOWN if state is None else state.get("arn")
        return {**inputs, "arn": arn, "tagsAll": tags_all(inputs, settings)}

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Create the table, then what AWS sets on one that is there."""
        name, service = inputs["name"], aws.dynamodb(inputs["region"])
        roles = (("hashKey", "HASH"), ("rangeKey", "RANGE"))
        tags = tags_all(inputs, aws.settings.default_tags)
        with asking("create the table", name, _REMEDIES):
            answer = service.create_table(
                TableName=name,
                BillingMode=_PAID,
                KeySchema=[{"AttributeName": inputs[key], "KeyType": role} for key, role in roles if inputs.get(key)],
                AttributeDefinitions=[
                    {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
                    for attribute in inputs["attributes"]
                ],
                DeletionProtectionEnabled=bool(inputs.get("deletionProtectionEnabled")),
                **({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}),
            )
        self._set(service, name, {}, inputs)
        return name, {**inputs, "arn": answer["TableDescription"]["TableArn"], "tagsAll": tags}

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Ask for the table and its settings; tags are taken as they are recorded."""
        region = state.get("region") or aws.settings.region
        service, found = aws.dynamodb(region), None
        with asking("read the table", identity), unless_missing():
            found = service.describe_table(TableName=identity)["Table"]
        if found is None:
            return None
        with asking("read the table's settings", identity):
            lives = service.describe_time_to_live(TableName=identity)["TimeToLiveDescription"]
            backups = service.describe_continuous_backups(TableName=identity)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        keys = {schema["KeyType"]: schema["AttributeName"] for schema in found["KeySchema"]}
        outputs: Properties = {
            "name": identity,
            "region": region,
            "billingMode": _PAID,
            "hashKey": keys["HASH"],
            "attributes": [
                {"name": one["AttributeName"], "type": one["AttributeType"]} for one in found["AttributeDefinitions"]
            ],
            "deletionProtectionEnabled": bool(found.get("DeletionProtectionEnabled")),
            "pointInTimeRecovery": {"enabled": recovery},
            "arn": found["TableArn"],
        }
        if "RANGE" in keys:
            outputs["rangeKey"] = keys["RANGE"]
        if lives.get("TimeToLiveStatus") == "ENABLED":
            outputs["ttl"] = {"attributeName": lives["AttributeName"], "enabled": True}
        kept: Properties = {key: state[key] for key in ("tags", "tagsAll") if key in state}
        return {**outputs, **kept}

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Change protection, expiry, recovery and tags."""
        service = aws.dynamodb(state.get("region"))
        protected = bool(inputs.get("deletionProtectionEnabled"))
        tags, before = tags_all(inputs, aws.settings.default_tags), state.get("tagsAll") or {}
        with asking("change the table", identity):
            if protected != bool(state.get("deletionProtectionEnabled")):
                service.update_table(TableName=identity, DeletionProtectionEnabled=protected)
            if tags != before:
                arn, gone = state["arn"], [key for key in before if key not in tags]
                if gone:
                    service.untag_resource(ResourceArn=arn, TagKeys=gone)
                if tags:
                    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
                    service.tag_resource(ResourceArn=arn, Tags=listed)
        self._set(service, identity, state, inputs)
        return {**inputs, "name": identity, "arn": state.get("arn"), "tagsAll": tags}

    def delete(self, aws: AwsClients, identity: str, state: Properties) -> None:
        """Delete the table with its items; a protected one is refused."""
        with asking("delete the table", identity, _REMEDIES), unless_missing():
            aws.dynamodb(state.get("region")).delete_table(TableName=identity)

    def made_by(self, aws: AwsClients, inputs: Properties) -> Iterator[Made]:
        """Look for the table of that name."""
        with asking("look for the table", inputs["name"]), unless_missing():
            found = aws.dynamodb(inputs.get("region")).describe_table(TableName=inputs["name"])["Table"]
            yield inputs["name"], found.get("CreationDateTime")

    @staticmethod
    def _set(service: Any, name: str, before: Properties, inputs: Properties) -> None:
        lives, lived = inputs.get("ttl") or {}, before.get("ttl") or {}
        recovery = bool((inputs.get("pointInTimeRecovery") or {}).get("enabled"))
        with asking("set the table's expiry and recovery", name):
            if lives != lived:
                specification = {
                    "Enabled": bool(lives.get("enabled")),
                    "AttributeName": lives.get("attributeName") or lived.get("attributeName"),
                }
                service.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
            if recovery != bool((before.get("pointInTimeRecovery") or {}).get("enabled")):
                service.update_continuous_backups(
                    TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": recovery}
                )
