"""What every resource type of the sandbox's AWS provides; one subclass for each, in the files `s3_*` and `iam_*`."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, Properties

Made: TypeAlias = tuple[str, datetime.datetime | None]
"""The id of something that AWS has and when it was made; None where AWS does not say."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What an automatic name is made from: the resource's logical name, its recorded inputs, the engine's seed."""

    logical_name: str
    previous: Mapping[str, Any]
    seed: bytes


class ResourceType(ABC):
    """One `aws:*` type: how its inputs are completed and checked, and what happens to it in AWS.

    Values are plain; an unknown is `UNKNOWN`. `create` and its like get inputs without unknowns.
    """

    token: ClassVar[str]
    arguments: ClassVar[tuple[str, str]]
    """pulumi_aws's module and class that say which arguments there are."""
    replaces: ClassVar[frozenset[str]] = frozenset()
    """Arguments that AWS cannot change on what exists."""
    kept: ClassVar[frozenset[str]] = frozenset()
    """Arguments that AWS fills in: leaving them out is no change."""
    documents: ClassVar[frozenset[str]] = frozenset()
    """Arguments that hold a JSON document."""
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are secret whatever the inputs are."""
    identifying: ClassVar[str] = ""
    """The argument that no two can have in common: with the same value the old one goes before the new one comes."""
    beyond: ClassVar[Mapping[str, str]] = {}
    """Arguments that the sandbox does not have, with what to do instead."""

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:  # noqa: ARG002 - for subclasses
        """Fill in names and defaults that are known before anything is created."""
        return inputs

    def problems(self, inputs: Properties) -> Iterator[Problem]:  # noqa: ARG002 - for subclasses
        """Yield what AWS itself would refuse."""
        yield from ()

    @abstractmethod
    def planned(self, inputs: Properties, state: Properties | None, settings: Mapping[str, Any]) -> Properties:
        """Return the outputs as a preview knows them; `state` is None before the creation."""

    @abstractmethod
    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Create it; return its id and outputs."""

    @abstractmethod
    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Return the outputs as AWS has them now; None where it is gone. `state` is empty for an import."""

    @abstractmethod
    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Change it; return its outputs. Its id stays: the protocol has no way to change one."""

    def made_by(self, aws: AwsClients, inputs: Properties) -> Iterator[Made]:  # noqa: ARG002 - for subclasses
        """Yield id and time of creation of all that a creation with these inputs can have made.

        Nothing, where creating twice is as good as creating once and the resource goes with another one.
        """
        yield from ()

    @abstractmethod
    def delete(self, aws: AwsClients, identity: str, state: Properties) -> None:
        """Delete it; what is gone already is no error."""


def tags_all(inputs: Properties, default_tags: Mapping[str, str]) -> Any:
    """Return the tags that AWS will hold: the provider's default tags under the resource's own."""
    tags = inputs.get("tags", {})
    return tags if tags == UNKNOWN else {**default_tags, **tags}


def tag_problems(inputs: Properties) -> Iterator[Problem]:
    """Yield what AWS refuses in tags: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""
    tags = inputs.get("tags")
    if not isinstance(tags, Mapping):
        return
    if len(tags) > 50:
        yield Problem("tags", f"AWS takes at most 50 tags, there are {len(tags)}")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            yield Problem(f"tags.{key}", "a tag's key has 1 to 128 characters and does not start with aws:")
        if isinstance(value, str) and len(value) > 256:
            yield Problem(f"tags.{key}", "a tag's value has at most 256 characters")
