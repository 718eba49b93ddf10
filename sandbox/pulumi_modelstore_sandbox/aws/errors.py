"""What the sandbox's AWS provider raises."""

from __future__ import annotations

from pulumi_modelstore_provider.errors import ModelstoreError


class AwsRefused(ModelstoreError):
    """AWS answered with an error; `code` is its own name of it, such as BucketNotEmpty."""

    def __init__(self, failed: str, *, on: str = "", answer: str = "", remedy: str = "", code: str = "") -> None:
        super().__init__(failed, on=on, answer=answer, remedy=remedy)
        self.code = code


class AwsUnreachable(ModelstoreError):
    """No answer came from the sandbox's AWS."""


class NotInSandbox(ModelstoreError):
    """A resource type, argument or function that only the real AWS provider has."""
