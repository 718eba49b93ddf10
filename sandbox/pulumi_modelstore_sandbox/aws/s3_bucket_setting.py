"""What the resources that are one setting of a bucket have in common: the bucket's name is their id."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking, unless_missing
from pulumi_modelstore_sandbox.aws.properties import Properties
from pulumi_modelstore_sandbox.aws.resource_type import Naming, ResourceType

_REMEDIES: Final = {
    "NoSuchBucket": "Give the bucket's own output (`bucket.bucket` or `bucket.id`), so that the bucket is made first",
    "OperationAborted": "Another change of the bucket was under way: run `up` again",
}


class BucketSetting(ResourceType):
    """A setting of a bucket: put as a whole, read as a whole."""

    replaces: ClassVar[frozenset[str]] = frozenset({"bucket", "region", "expectedBucketOwner"})
    kept: ClassVar[frozenset[str]] = frozenset({"region"})
    identifying: ClassVar[str] = "bucket"
    called: ClassVar[str]
    """The setting's name in messages."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Outputs that are there although no input gives them."""
    remedies: ClassVar[Mapping[str, str]] = {}
    """What to do about an error that only this setting meets, by AWS's code of it."""

    @abstractmethod
    def put(self, s3: Any, bucket: str, inputs: Properties) -> None:
        """Write the setting."""

    @abstractmethod
    def get(self, s3: Any, bucket: str, state: Properties) -> Properties | None:
        """Return the setting's own outputs; None where the bucket has none. May raise what is missing."""

    @abstractmethod
    def remove(self, s3: Any, bucket: str) -> None:
        """Take the setting away."""

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:  # noqa: ARG002 - overrides
        """Fill in the region."""
        return {**inputs, "region": inputs.get("region", region)}

    def planned(self, inputs: Properties, state: Properties | None, settings: Mapping[str, Any]) -> Properties:  # noqa: ARG002 - overrides
        """Return all there is: nothing is computed."""
        return {**self.defaults, **inputs}

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Put the setting."""
        bucket = inputs["bucket"]
        with asking(f"set {self.called} of the bucket", bucket, {**_REMEDIES, **self.remedies}):
            self.put(aws.s3(inputs["region"]), bucket, inputs)
        return bucket, self.planned(inputs, None, {})

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Get the setting; one that means the same as the recorded one is that one."""
        # An id may carry the owner that the bucket was expected to have.
        bucket = identity.partition(",")[0]
        found: Properties | None = None
        with asking(f"read {self.called} of the bucket", bucket), unless_missing():
            found = self.get(aws.s3(state.get("region")), bucket, state)
        if found is None:
            return None
        region = state.get("region") or aws.settings.region
        return {**self.defaults, **found, "bucket": bucket, "region": region}

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:  # noqa: ARG002 - overrides
        """Put the setting anew."""
        _, outputs = self.create(aws, inputs)
        return outputs

    def delete(self, aws: AwsClients, identity: str, state: Properties) -> None:
        """Take the setting away, where it and its bucket are there."""
        bucket = identity.partition(",")[0]
        with asking(f"delete {self.called} of the bucket", bucket, _REMEDIES), unless_missing():
            self.remove(aws.s3(state.get("region")), bucket)
