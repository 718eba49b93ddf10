"""aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.properties import Properties, is_unknown
from pulumi_modelstore_sandbox.aws.s3_bucket_setting import BucketSetting

_ACTIONS: Final = {
    "abortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
    "expiration": "Expiration",
    "noncurrentVersionExpiration": "NoncurrentVersionExpiration",
    "noncurrentVersionTransitions": "NoncurrentVersionTransitions",
    "transitions": "Transitions",
}
_FILTERS: Final = {
    "prefix": "Prefix",
    "objectSizeGreaterThan": "ObjectSizeGreaterThan",
    "objectSizeLessThan": "ObjectSizeLessThan",
}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
_MOST_RULES: Final = 1000


class Lifecycle(BucketSetting):
    """All rules of a bucket."""

    token: ClassVar[str] = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    arguments: ClassVar[tuple[str, str]] = (
        "pulumi_aws.s3.bucket_lifecycle_configuration",
        "BucketLifecycleConfiguration",
    )
    called: ClassVar[str] = "the lifecycle rules"
    beyond: ClassVar[Mapping[str, str]] = {"timeouts": "leave it out: the sandbox answers at once"}

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check each rule."""
        rules = inputs.get("rules")
        if not isinstance(rules, list) or not 1 <= len(rules) <= _MOST_RULES:
            if not is_unknown(rules):
                yield Problem("rules", f"S3 takes 1 to {_MOST_RULES} lifecycle rules")
            return
        names = [rule.get("id") for rule in rules if isinstance(rule, Mapping) and not is_unknown(rule.get("id"))]
        for name in sorted({str(name) for name in names if name is not None and names.count(name) > 1}):
            yield Problem("rules", f"two rules have the id {name!r}")
        for index, rule in enumerate(rules):
            if isinstance(rule, Mapping):
                yield from _rule_problems(f"rules[{index}]", rule)

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Write all rules."""
        rules = [_to_aws(rule) for rule in inputs["rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})

    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:
        """Read all rules; where they say what the recorded ones say, those are returned."""
        found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        recorded = state.get("rules", [])
        if [_normal(rule) for rule in found] == [_normal(_to_aws(rule)) for rule in recorded]:
            return {"rules": recorded}
        return {"rules": [_from_aws(rule) for rule in found]}

    def remove(self, s3: Any, bucket: str) -> None:
        """Take all rules away."""
        s3.delete_bucket_lifecycle(Bucket=bucket)


def _rule_problems(path: str, rule: Mapping[str, Any]) -> Iterator[Problem]:
    status, name = rule.get("status"), rule.get("id")
    if isinstance(status, str) and not is_unknown(status) and status not in ("Enabled", "Disabled"):
        yield Problem(f"{path}.status", f"must be Enabled or Disabled, not {status!r}")
    if isinstance(name, str) and len(name) > 255:
        yield Problem(f"{path}.id", "a rule's id has at most 255 characters")
    if not any(rule.get(action) for action in _ACTIONS):
        yield Problem(path, f"a rule needs one action at least: {', '.join(_ACTIONS)}")
    if "prefix" in rule and "filter" in rule:
        yield Problem(f"{path}.prefix", "give the prefix in the filter")
    for action, field in (
        ("abortIncompleteMultipartUpload", "daysAfterInitiation"),
        ("expiration", "days"),
        ("noncurrentVersionExpiration", "noncurrentDays"),
    ):
        content = rule.get(action)
        days = content.get(field) if isinstance(content, Mapping) else None
        if isinstance(days, int) and days < 1:
            yield Problem(f"{path}.{action}.{field}", f"must be a positive number of days, not {days}")


def _capitalized(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key[0].upper() + key[1:]: value for key, value in content.items()}


def _uncapitalized(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key[0].lower() + key[1:]: value for key, value in content.items()}


def _to_aws(rule: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {"ID": rule["id"], "Status": rule["status"]}
    if rule.get("prefix"):
        written["Prefix"] = rule["prefix"]
    else:
        written["Filter"] = _filter_to_aws(rule.get("filter") or {})
    for ours, theirs in _ACTIONS.items():
        content = rule.get(ours)
        if isinstance(content, Mapping):
            written[theirs] = _capitalized(content)
        elif content:
            written[theirs] = [_capitalized(entry) for entry in content]
    return written


def _filter_to_aws(content: Mapping[str, Any]) -> dict[str, Any]:
    written = {theirs: content[ours] for ours, theirs in _FILTERS.items() if ours in content}
    if "tag" in content:
        written["Tag"] = _capitalized(content["tag"])
    if "and" in content:
        both = content["and"]
        joined = {theirs: both[ours] for ours, theirs in _FILTERS.items() if ours in both}
        tags = [{"Key": key, "Value": value} for key, value in both.get("tags", {}).items()]
        written["And"] = {**joined, **({"Tags": tags} if tags else {})}
    return written or {"Prefix": ""}


def _from_aws(rule: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {"id": rule.get("ID", ""), "status": rule["Status"]}
    if rule.get("Prefix"):
        read["prefix"] = rule["Prefix"]
    content = rule.get("Filter") or {}
    narrowed = {ours: content[theirs] for ours, theirs in _FILTERS.items() if content.get(theirs)}
    if "Tag" in content:
        narrowed["tag"] = _uncapitalized(content["Tag"])
    if "And" in content:
        both = content["And"]
        joined = {ours: both[theirs] for ours, theirs in _FILTERS.items() if both.get(theirs)}
        narrowed["and"] = {**joined, "tags": {tag["Key"]: tag["Value"] for tag in both.get("Tags", [])}}
    if narrowed:
        read["filter"] = narrowed
    for ours, theirs in _ACTIONS.items():
        value = rule.get(theirs)
        if isinstance(value, Mapping):
            read[ours] = _uncapitalized(value)
        elif value:
            read[ours] = [_uncapitalized(entry) for entry in value]
    return read


def _normal(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule by which two can be compared: S3 leaves out, or adds, what means nothing."""
    return _from_aws(rule)
