"""aws:s3/bucketPolicy:BucketPolicy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.policy_document import BUCKET_BYTES, as_text, problems, same_meaning
from pulumi_modelstore_sandbox.aws.properties import Properties, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Naming
from pulumi_modelstore_sandbox.aws.s3_bucket_setting import BucketSetting


class BucketPolicy(BucketSetting):
    """The one policy of a bucket."""

    token: ClassVar[str] = "aws:s3/bucketPolicy:BucketPolicy"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.s3.bucket_policy", "BucketPolicy")
    documents: ClassVar[frozenset[str]] = frozenset({"policy"})
    called: ClassVar[str] = "the policy"

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:
        """Write a policy given as an object as text."""
        inputs = super().completed(inputs, naming, region)
        return {**inputs, "policy": as_text(inputs["policy"])} if "policy" in inputs else inputs

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check the document."""
        policy = inputs.get("policy")
        if isinstance(policy, str) and not is_unknown(policy):
            yield from (Problem("policy", reason) for reason in problems(policy, "bucket", BUCKET_BYTES))

    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Write the policy."""
        s3.put_bucket_policy(Bucket=bucket, Policy=inputs["policy"])

    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:
        """Read the policy."""
        found = s3.get_bucket_policy(Bucket=bucket)["Policy"]
        recorded = state.get("policy")
        return {"policy": recorded if same_meaning(recorded, found) else found}

    def remove(self, s3: Any, bucket: str) -> None:
        """Take the policy away."""
        s3.delete_bucket_policy(Bucket=bucket)
