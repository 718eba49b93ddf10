"""aws:s3/bucketLogging:BucketLogging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.properties import Properties, is_unknown
from pulumi_modelstore_sandbox.aws.s3_bucket_setting import BucketSetting


class Logging(BucketSetting):
    """Where the access log of a bucket goes; the sandbox's AWS keeps the setting and delivers no log."""

    token: ClassVar[str] = "aws:s3/bucketLogging:BucketLogging"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.s3.bucket_logging", "BucketLogging")
    called: ClassVar[str] = "the access log"
    beyond: ClassVar[Mapping[str, str]] = {
        "targetGrants": "let logging.s3.amazonaws.com put objects by the log bucket's policy",
        "targetObjectKeyFormat": "leave it out: the sandbox writes no log",
    }
    remedies: ClassVar[Mapping[str, str]] = {
        "InvalidTargetBucketForLogging": (
            "The log bucket must be there, and its policy let the service logging.s3.amazonaws.com do s3:PutObject on "
            "its objects: declare it as an aws.s3.BucketPolicy and pass that policy's `bucket` as the log's bucket"
        ),
        "CrossLocationLoggingProhibited": "Choose a log bucket in the bucket's own region",
    }

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check that the log is not its own."""
        target = inputs.get("targetBucket")
        if isinstance(target, str) and not is_unknown(target) and target == inputs.get("bucket"):
            yield Problem("targetBucket", "is the bucket whose log it is: each entry would make another one")

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Turn the log on."""
        target = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs.get("targetPrefix", "")}
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})

    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:  # noqa: ARG002 - overrides
        """Read where the log goes; a bucket without one has no such resource."""
        found = s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled")
        if found is None:
            return None
        return {"targetBucket": found["TargetBucket"], "targetPrefix": found.get("TargetPrefix", "")}

    def remove(self, s3: Any, bucket: str) -> None:
        """Turn the log off."""
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
