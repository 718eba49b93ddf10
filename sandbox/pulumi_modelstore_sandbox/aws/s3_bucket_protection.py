"""Settings that protect a bucket: public access block, ownership of objects, encryption, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.properties import Properties, is_unknown
from pulumi_modelstore_sandbox.aws.s3_bucket_setting import BucketSetting

_ALGORITHMS: Final = ("AES256", "aws:kms", "aws:kms:dsse")
_OWNERSHIPS: Final = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_VERSIONINGS: Final = ("Enabled", "Suspended", "Disabled")

_BLOCKS: Final = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}


def _one_of(path: str, value: Any, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if isinstance(value, str) and not is_unknown(value) and value not in allowed:
        yield Problem(path, f"must be one of {', '.join(allowed)}, not {value!r}")


class PublicAccessBlock(BucketSetting):
    """aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock."""

    token: ClassVar[str] = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.s3.bucket_public_access_block", "BucketPublicAccessBlock")
    called: ClassVar[str] = "the public access block"
    defaults: ClassVar[Mapping[str, Any]] = dict.fromkeys(_BLOCKS, False)

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Write all four switches."""
        switches = {theirs: bool(inputs.get(ours, False)) for ours, theirs in _BLOCKS.items()}
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=switches)

    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:
        """Read all four switches."""
        found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        switches = {ours: bool(found.get(theirs, False)) for ours, theirs in _BLOCKS.items()}
        return {**({"skipDestroy": state["skipDestroy"]} if "skipDestroy" in state else {}), **switches}

    def remove(self, s3: Any, bucket: str) -> None:
        """Take all four away."""
        s3.delete_public_access_block(Bucket=bucket)


class OwnershipControls(BucketSetting):
    """aws:s3/bucketOwnershipControls:BucketOwnershipControls."""

    token: ClassVar[str] = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.s3.bucket_ownership_controls", "BucketOwnershipControls")
    called: ClassVar[str] = "the ownership controls"

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check the rule."""
        rule = inputs.get("rule")
        if isinstance(rule, Mapping):
            yield from _one_of("rule.objectOwnership", rule.get("objectOwnership"), _OWNERSHIPS)

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Write the one rule."""
        rules = [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})

    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:  # noqa: ARG002 - overrides
        """Read the one rule."""
        rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        return {"rule": {"objectOwnership": rules[0]["ObjectOwnership"]}}

    def remove(self, s3: Any, bucket: str) -> None:
        """Take the rule away."""
        s3.delete_bucket_ownership_controls(Bucket=bucket)


class Encryption(BucketSetting):
    """aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration."""

    token: ClassVar[str] = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    arguments: ClassVar[tuple[str, str]] = (
        "pulumi_aws.s3.bucket_server_side_encryption_configuration",
        "BucketServerSideEncryptionConfiguration",
    )
    called: ClassVar[str] = "the encryption"

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check the rule."""
        rules = inputs.get("rules")
        if not isinstance(rules, list):
            return
        if len(rules) != 1:
            yield Problem("rules", f"S3 takes exactly one rule, there are {len(rules)}")
        for index, rule in enumerate(rules):
            default = rule.get("applyServerSideEncryptionByDefault", {}) if isinstance(rule, Mapping) else {}
            if isinstance(default, Mapping):
                path = f"rules[{index}].applyServerSideEncryptionByDefault"
                algorithm = default.get("sseAlgorithm")
                yield from _one_of(f"{path}.sseAlgorithm", algorithm, _ALGORITHMS)
                if algorithm == "AES256" and default.get("kmsMasterKeyId"):
                    yield Problem(f"{path}.kmsMasterKeyId", "AES256 takes no KMS key: use the algorithm aws:kms")

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Write the one rule."""
        rule = inputs["rules"][0]
        default = rule.get("applyServerSideEncryptionByDefault", {})
        theirs: dict[str, Any] = {"SSEAlgorithm": default.get("sseAlgorithm", "AES256")}
        if default.get("kmsMasterKeyId"):
            theirs["KMSMasterKeyID"] = default["kmsMasterKeyId"]
        written: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": theirs}
        if "bucketKeyEnabled" in rule:
            written["BucketKeyEnabled"] = rule["bucketKeyEnabled"]
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [written]})

    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:
        """Read the one rule; what it says of buckets' keys only where that was asked for or is on."""
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        theirs = found["ApplyServerSideEncryptionByDefault"]
        default = {"sseAlgorithm": theirs["SSEAlgorithm"]}
        if theirs.get("KMSMasterKeyID"):
            default["kmsMasterKeyId"] = theirs["KMSMasterKeyID"]
        rule: dict[str, Any] = {"applyServerSideEncryptionByDefault": default}
        recorded = state.get("rules") or [{}]
        if found.get("BucketKeyEnabled") or "bucketKeyEnabled" in recorded[0]:
            rule["bucketKeyEnabled"] = bool(found.get("BucketKeyEnabled"))
        return {"rules": [rule]}

    def remove(self, s3: Any, bucket: str) -> None:
        """Return to S3's own encryption."""
        s3.delete_bucket_encryption(Bucket=bucket)


class Versioning(BucketSetting):
    """aws:s3/bucketVersioning:BucketVersioning."""

    token: ClassVar[str] = "aws:s3/bucketVersioning:BucketVersioning"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.s3.bucket_versioning", "BucketVersioning")
    called: ClassVar[str] = "the versioning"

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check the status."""
        configuration = inputs.get("versioningConfiguration")
        if isinstance(configuration, Mapping):
            yield from _one_of("versioningConfiguration.status", configuration.get("status"), _VERSIONINGS)

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Write the status; versions that were never on can only stay off."""
        status = inputs["versioningConfiguration"]["status"]
        if status != "Disabled":
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:  # noqa: ARG002 - overrides
        """Read the status."""
        return {
            "versioningConfiguration": {"status": s3.get_bucket_versioning(Bucket=bucket).get("Status", "Disabled")}
        }

    def remove(self, s3: Any, bucket: str) -> None:
        """Suspend versions that are on: S3 cannot go back further."""
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
