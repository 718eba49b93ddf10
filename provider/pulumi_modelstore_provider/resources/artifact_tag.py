"""A tag: a name that points to a version or to another tag of the same model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field, field_validator

from pulumi_modelstore_provider import progress
from pulumi_modelstore_provider.artifacts.layout import validate_tag
from pulumi_modelstore_provider.artifacts.tags import TagPlace, delete_tag, put_tag
from pulumi_modelstore_provider.errors import NotInStore
from pulumi_modelstore_provider.resources.adapter import (
    Adapter,
    Inputs,
    address_differs,
    bucket_of,
    checked,
    connection_differs,
    differs,
    plainly,
)
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.fields import BucketName, ModelPrefix, one_line
from pulumi_modelstore_provider.stores.connection import Connection


class ArtifactTagInputs(Inputs):
    """What a tag needs to know."""

    connection: Connection
    bucket: BucketName
    model_prefix: ModelPrefix
    tag: str
    target: str
    urn: str = Field(default="", repr=False)

    @field_validator("tag", "target")
    @classmethod
    def _name(cls, value: str) -> str:
        return one_line(value, validate_tag(value))

    def place(self) -> TagPlace:
        """Return where the tag lies; nothing is sent yet."""
        return TagPlace(bucket_of(self.connection, self.bucket), self.model_prefix, self.tag)


class ArtifactTagProvider(Adapter):
    """Writes tags so that two deployments cannot overwrite each other unseen."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection."""
        return checked(news, ArtifactTagInputs, _points_elsewhere)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare place and target."""
        replaces = differs(_olds, _news, "bucket", "modelPrefix", "tag")
        same_names = not replaces
        if address_differs(_olds, _news):
            replaces.append("connection")
        changes = bool(replaces) or bool(differs(_olds, _news, "target")) or connection_differs(_olds, _news)
        # Two addresses may be one store: deleting the old after the new would delete the new.
        return DiffResult(changes=changes, replaces=replaces, delete_before_replace=bool(replaces) and same_names)

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write the tag; one that is there is adopted when it has the same target or this resource left it."""
        inputs = ArtifactTagInputs.model_validate(props)
        place = inputs.place()
        put_tag(place, inputs.target, expected=None, owner=inputs.urn)
        return CreateResult(f"{inputs.connection.scheme}://{inputs.bucket}/{place.key}", inputs.recorded())

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Move the tag, unless somebody else has moved it since."""
        inputs = ArtifactTagInputs.model_validate(_news)
        put_tag(inputs.place(), inputs.target, expected=str(_olds["target"]), owner=inputs.urn)
        return UpdateResult(inputs.recorded())

    @plainly
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look at what the tag points to now."""
        inputs = ArtifactTagInputs.model_validate(props)
        try:
            stored = inputs.place().read()
        except NotInStore:
            # With its bucket.
            stored = None
        if stored is None:
            return ReadResult("", {})
        outs = inputs.recorded() | {"target": stored.target}
        return ReadResult(id_, outs, dict(outs))

    @plainly
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the tag and nothing else; a tag that somebody else has moved is theirs and stays."""
        inputs = ArtifactTagInputs.model_validate(_props)
        left = delete_tag(inputs.place(), expected=inputs.target)
        if left is not None:
            progress.warn(inputs.urn, f"the tag {inputs.tag} stays: somebody else has pointed it to {left}")


class ArtifactTag(DeclaredResource, module="modelstore", name="ArtifactTag"):
    """A tag of a model."""

    target: pulumi.Output[str]
    """The version, or the tag, that it points to."""

    def __init__(
        self,
        name: str,
        *,
        connection: pulumi.Input[Mapping[str, Any]],
        bucket: pulumi.Input[str],
        model_prefix: pulumi.Input[str],
        tag: pulumi.Input[str],
        target: pulumi.Input[str],
        namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the tag; it must depend on what it points to, for that has to be in the store first.

        `namespace` is for messages.
        """
        props = {
            "connection": connection,
            "bucket": bucket,
            "modelPrefix": model_prefix,
            "tag": tag,
            "target": target,
            "namespace": namespace,
            "urn": self.urn_of(name, opts),
        }
        super().__init__(ArtifactTagProvider(), name, props, opts)


def _points_elsewhere(inputs: Inputs) -> list[CheckFailure]:
    if isinstance(inputs, ArtifactTagInputs) and inputs.tag == inputs.target:
        return [CheckFailure("target", f"the tag {inputs.tag!r} points to itself; give a version or another tag")]
    return []
