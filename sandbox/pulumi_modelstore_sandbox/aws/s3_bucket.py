"""aws:s3/bucket:Bucket."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking, unless_missing
from pulumi_modelstore_sandbox.aws.errors import AwsRefused
from pulumi_modelstore_sandbox.aws.naming import automatic_name, bucket_name_problems, made_from
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, Properties, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Made, Naming, ResourceType, tag_problems, tags_all

_COMPUTED: Final = ("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName")

_CREATE_REMEDIES: Final = {
    "BucketAlreadyExists": "Bucket names are shared by everyone: choose another name",
    "BucketAlreadyOwnedByYou": (
        "It is yours already: adopt it (`StorageNamespace(..., adopt=True)`, `aws.s3.Bucket.get`, or the option "
        "`import_`), or choose another name"
    ),
    "OperationAborted": "The name was in use a moment ago; try again in a few minutes",
}


class Bucket(ResourceType):
    """A bucket by itself; its settings are resources of their own."""

    token: ClassVar[str] = "aws:s3/bucket:Bucket"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.s3.bucket", "Bucket")
    replaces: ClassVar[frozenset[str]] = frozenset({"bucket", "bucketPrefix", "objectLockEnabled", "region"})
    kept: ClassVar[frozenset[str]] = frozenset({"bucket", "bucketPrefix", "region"})
    identifying: ClassVar[str] = "bucket"
    beyond: ClassVar[Mapping[str, str]] = {
        name: f"declare it as the resource of its own that AWS has for it ({resource})"
        for name, resource in {
            "accelerationStatus": "aws.s3.BucketAccelerateConfiguration, with the Pulumi CLI",
            "acl": "aws.s3.BucketAcl, with the Pulumi CLI",
            "bucketNamespace": "a name that is unique everywhere needs none",
            "corsRules": "aws.s3.BucketCorsConfiguration, with the Pulumi CLI",
            "grants": "aws.s3.BucketAcl, with the Pulumi CLI",
            "lifecycleRules": "aws.s3.BucketLifecycleConfiguration",
            "logging": "aws.s3.BucketLogging",
            "objectLockConfiguration": "aws.s3.BucketObjectLockConfiguration, with the Pulumi CLI",
            "policy": "aws.s3.BucketPolicy",
            "replicationConfiguration": "aws.s3.BucketReplicationConfig, with the Pulumi CLI",
            "requestPayer": "aws.s3.BucketRequestPaymentConfiguration, with the Pulumi CLI",
            "serverSideEncryptionConfiguration": "aws.s3.BucketServerSideEncryptionConfiguration",
            "versioning": "aws.s3.BucketVersioning",
            "website": "aws.s3.BucketWebsiteConfiguration, with the Pulumi CLI",
        }.items()
    }

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:
        """Name the bucket, unless the program gives a name or a prefix for one."""
        if "bucket" not in inputs and "bucketPrefix" not in inputs:
            previous = naming.previous.get("bucket")
            name = automatic_name(naming.logical_name, previous, naming.seed, limit=63, lower=True)
            inputs = {**inputs, "bucket": name}
        return {"forceDestroy": False, **inputs, "region": inputs.get("region", region)}

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check names and tags."""
        if "bucket" in inputs and "bucketPrefix" in inputs:
            yield Problem("bucketPrefix", "give either bucket or bucketPrefix")
        name, prefix = inputs.get("bucket"), inputs.get("bucketPrefix")
        if isinstance(name, str) and not is_unknown(name):
            yield from (Problem("bucket", reason) for reason in bucket_name_problems(name))
        elif isinstance(prefix, str) and not is_unknown(prefix):
            yield from (Problem("bucketPrefix", reason) for reason in bucket_name_problems(f"{prefix}{'0' * 26}"))
        yield from tag_problems(inputs)

    def planned(self, inputs: Properties, state: Properties | None, settings: Mapping[str, Any]) -> Properties:
        """What AWS computes is unknown until the bucket is there."""
        computed = dict.fromkeys(_COMPUTED, UNKNOWN) if state is None else {key: state.get(key) for key in _COMPUTED}
        return {
            "bucket": (state or {}).get("bucket", UNKNOWN),
            "objectLockEnabled": False,
            "forceDestroy": False,
            **computed,
            **inputs,
            "tagsAll": tags_all(inputs, settings),
        }

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Create the bucket as S3 does: one's own may be created again in us-east-1, and nowhere else."""
        # The real provider appends 26 digits of time and counter.
        name = inputs.get("bucket") or f"{inputs['bucketPrefix']}{secrets.token_hex(13)}"
        region = inputs["region"]
        options: dict[str, Any] = {}
        if region != "us-east-1":
            options["CreateBucketConfiguration"] = {"LocationConstraint": region}
        if inputs.get("objectLockEnabled"):
            options["ObjectLockEnabledForBucket"] = True
        with asking("create the bucket", name, _CREATE_REMEDIES):
            aws.s3(region).create_bucket(Bucket=name, **options)
        self._tag(aws, name, region, tags_all(inputs, aws.settings.default_tags))
        return name, self._outputs(aws, {**inputs, "bucket": name}, region)

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Ask for the bucket, its region and its tags."""
        region: str | None = None
        tags: dict[str, str] = {}
        with asking("read the bucket", identity):
            with unless_missing():
                answer = aws.s3().head_bucket(Bucket=identity)
                region = answer.get("BucketRegion") or _location(aws.s3().get_bucket_location(Bucket=identity))
            if region is None:
                return None
            with unless_missing():
                answer = aws.s3(region).get_bucket_tagging(Bucket=identity)
                tags = {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
        lock = bool(state.get("objectLockEnabled", False))
        own = {key: value for key, value in tags.items() if aws.settings.default_tags.get(key) != value}
        kept: Properties = {key: state[key] for key in ("bucketPrefix", "forceDestroy") if key in state}
        inputs: Properties = {**kept, "bucket": identity, "objectLockEnabled": lock, "region": region}
        if own:
            inputs["tags"] = own
        return self._outputs(aws, inputs, region)

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Change tags; everything else is in the state alone or replaces the bucket."""
        region = state.get("region") or inputs["region"]
        tags = tags_all(inputs, aws.settings.default_tags)
        if tags != state.get("tagsAll", {}):
            self._tag(aws, identity, region, tags)
        return self._outputs(aws, {**inputs, "bucket": identity}, region)

    def delete(self, aws: AwsClients, identity: str, state: Properties) -> None:
        """Delete the bucket; with `forceDestroy` what is in it first."""
        s3 = aws.s3(state.get("region"))
        with asking("delete what is in the bucket", identity), unless_missing():
            if state.get("forceDestroy"):
                _empty(s3, identity)
        remedy = (
            "Objects are in it: keep the bucket (the option `retain_on_delete`), empty it, "
            "or set force_destroy=True, run `up`, and destroy again"
        )
        with asking("delete the bucket", identity, {"BucketNotEmpty": remedy}), unless_missing():
            s3.delete_bucket(Bucket=identity)

    def made_by(self, aws: AwsClients, inputs: Properties) -> Iterator[Made]:
        """Look among all buckets: a prefix tells the beginning of the name alone."""
        with asking("list the buckets", "this account"):
            buckets = aws.s3().list_buckets()["Buckets"]
        for bucket in buckets:
            if made_from(bucket["Name"], inputs.get("bucket"), inputs.get("bucketPrefix")):
                yield bucket["Name"], bucket["CreationDate"]

    @staticmethod
    def _tag(aws: AwsClients, name: str, region: str, tags: Mapping[str, str]) -> None:
        with asking("tag the bucket", name):
            if tags:
                listed = [{"Key": key, "Value": value} for key, value in tags.items()]
                aws.s3(region).put_bucket_tagging(Bucket=name, Tagging={"TagSet": listed})
            else:
                with unless_missing():
                    aws.s3(region).delete_bucket_tagging(Bucket=name)

    @staticmethod
    def _outputs(aws: AwsClients, inputs: Properties, region: str) -> Properties:
        name = inputs["bucket"]
        return {
            "forceDestroy": False,
            "objectLockEnabled": False,
            **inputs,
            **bucket_addresses(name, region),
            "tagsAll": tags_all(inputs, aws.settings.default_tags),
        }


def bucket_addresses(name: str, region: str) -> Properties:
    """Return what follows from a bucket's name and region."""
    return {
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }


def _location(answer: Mapping[str, Any]) -> str:
    return str(answer.get("LocationConstraint") or "us-east-1")


def _empty(s3: Any, name: str) -> None:
    """Delete every version and every upload under way."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        if objects:
            failed = s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True}).get("Errors")
            if failed:
                first = failed[0]
                raise AwsRefused(
                    f"AWS did not delete {len(failed)} objects of the bucket",
                    on=f"{name}/{first['Key']}",
                    answer=f"{first['Code']}: {first['Message']}",
                    code=first["Code"],
                )
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
