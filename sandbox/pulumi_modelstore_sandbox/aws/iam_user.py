"""aws:iam/user:User."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking
from pulumi_modelstore_sandbox.aws.iam_principal import EXISTS_REMEDY, Principal, listed_tags
from pulumi_modelstore_sandbox.aws.properties import Properties
from pulumi_modelstore_sandbox.aws.resource_type import tags_all


class User(Principal):
    """aws:iam/user:User."""

    token: ClassVar[str] = "aws:iam/user:User"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.iam.user", "User")
    kind: ClassVar[str] = "user"
    defaults: ClassVar[Mapping[str, Any]] = {"path": "/", "forceDestroy": False}
    beyond: ClassVar[Mapping[str, str]] = {"permissionsBoundary": "leave it out: the sandbox evaluates no boundary"}

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Create the user."""
        name, tags = self.own_name(inputs), tags_all(inputs, aws.settings.default_tags)
        with asking("create the user", name, {"EntityAlreadyExists": EXISTS_REMEDY}):
            tagged = {"Tags": listed_tags(tags)} if tags else {}
            user = aws.iam().create_user(UserName=name, Path=inputs["path"], **tagged)["User"]
        return name, {**inputs, "name": name, "arn": user["Arn"], "uniqueId": user["UserId"], "tagsAll": tags}

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Get the user."""
        found = self.found(aws, state.get("name", identity))
        return None if found is None else {"forceDestroy": False, **self.common(aws, found, state)}

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Rename, move or tag the user: IAM keeps its keys and policies."""
        before: str = state.get("name", identity)
        path: str = inputs["path"]
        name: str = inputs.get("name", before)
        tags = tags_all(inputs, aws.settings.default_tags)
        with asking("update the user", before, {"EntityAlreadyExists": EXISTS_REMEDY}):
            if name != before or path != state.get("path"):
                aws.iam().update_user(UserName=before, NewUserName=name, NewPath=path)
            self.retag(aws.iam(), name, state.get("tagsAll", {}), tags)
        found = self.found(aws, name) or {}
        computed = {"arn": found.get("Arn", state.get("arn")), "uniqueId": state.get("uniqueId")}
        return {**inputs, "name": name, **computed, "tagsAll": tags}
