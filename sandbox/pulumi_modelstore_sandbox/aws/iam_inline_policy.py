"""aws:iam/userPolicy:UserPolicy and aws:iam/rolePolicy:RolePolicy: a policy inside its user or role."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking, unless_missing
from pulumi_modelstore_sandbox.aws.naming import automatic_name, iam_name_problems
from pulumi_modelstore_sandbox.aws.policy_document import (
    ROLE_INLINE_BYTES,
    USER_INLINE_BYTES,
    as_text,
    problems,
    same_meaning,
)
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, Properties, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Made, Naming, ResourceType

_NAME_LIMIT: Final = 128


class _InlinePolicy(ResourceType):
    """A policy whose id is `<owner>:<name>`."""

    kept: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})
    documents: ClassVar[frozenset[str]] = frozenset({"policy"})
    identifying: ClassVar[str] = "name"
    owner: ClassVar[str]
    """The argument that names the owner: `user` or `role`; IAM's calls are named after it."""
    limit: ClassVar[int]

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:  # noqa: ARG002 - overrides
        """Name the policy, and write one given as an object as text."""
        if "name" not in inputs and "namePrefix" not in inputs:
            previous = naming.previous.get("name")
            name = automatic_name(naming.logical_name, previous, naming.seed, limit=_NAME_LIMIT)
            inputs = {**inputs, "name": name}
        return {**inputs, "policy": as_text(inputs["policy"])} if "policy" in inputs else inputs

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check the name and the document."""
        for key in ("name", "namePrefix"):
            if isinstance(name := inputs.get(key), str) and not is_unknown(name):
                yield from (Problem(key, reason) for reason in iam_name_problems("a policy", name, _NAME_LIMIT))
        policy = inputs.get("policy")
        if isinstance(policy, str) and not is_unknown(policy):
            yield from (Problem("policy", reason) for reason in problems(policy, "identity", self.limit))

    def planned(self, inputs: Properties, state: Properties | None, settings: Mapping[str, Any]) -> Properties:  # noqa: ARG002 - overrides
        """Only a name made from a prefix is not known before."""
        return {"name": (state or {}).get("name", UNKNOWN), **inputs}

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Put the policy."""
        name = inputs.get("name") or f"{inputs['namePrefix']}{secrets.token_hex(13)}"
        return self._put(aws, {**inputs, "name": name})

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Get the policy."""
        owner, _, name = identity.partition(":")
        found: Any = None
        with asking(f"read the policy of the {self.owner}", identity), unless_missing():
            found = self._call(aws, "get", owner, name)["PolicyDocument"]
        if found is None:
            return None
        text = found if isinstance(found, str) else json.dumps(found)
        recorded = state.get("policy")
        kept = {"namePrefix": state["namePrefix"]} if "namePrefix" in state else {}
        return {**kept, self.owner: owner, "name": name, "policy": recorded if same_meaning(recorded, text) else text}

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:  # noqa: ARG002 - overrides
        """Put the policy anew."""
        _, outputs = self._put(aws, {**inputs, "name": state["name"]})
        return outputs

    def made_by(self, aws: AwsClients, inputs: Properties) -> Iterator[Made]:
        """List the owner's policies; IAM tells no time of theirs, and a name that is taken is written over anyway."""
        owner = inputs[self.owner]
        names: list[str] = []
        with asking(f"list the policies of the {self.owner}", owner), unless_missing():
            listed = getattr(aws.iam(), f"list_{self.owner}_policies")(**{f"{self.owner.capitalize()}Name": owner})
            names = listed["PolicyNames"]
        for name in names:
            if name == inputs.get("name"):
                yield f"{owner}:{name}", None

    def delete(self, aws: AwsClients, identity: str, state: Properties) -> None:  # noqa: ARG002 - overrides
        """Delete the policy."""
        owner, _, name = identity.partition(":")
        with asking(f"delete the policy of the {self.owner}", identity), unless_missing():
            self._call(aws, "delete", owner, name)

    def _put(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        owner, name = inputs[self.owner], inputs["name"]
        identity = f"{owner}:{name}"
        remedy = f"Give the {self.owner}'s own output (`{self.owner}.name`), so that it is made first"
        with asking(f"put the policy of the {self.owner}", identity, {"NoSuchEntity": remedy}):
            self._call(aws, "put", owner, name, PolicyDocument=inputs["policy"])
        return identity, inputs

    def _call(self, aws: AwsClients, verb: str, owner: str, name: str, **more: str) -> Any:
        call = getattr(aws.iam(), f"{verb}_{self.owner}_policy")
        return call(**{f"{self.owner.capitalize()}Name": owner, "PolicyName": name, **more})


class UserPolicy(_InlinePolicy):
    """A policy inside a user."""

    token: ClassVar[str] = "aws:iam/userPolicy:UserPolicy"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.iam.user_policy", "UserPolicy")
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "user"})
    owner: ClassVar[str] = "user"
    limit: ClassVar[int] = USER_INLINE_BYTES


class RolePolicy(_InlinePolicy):
    """A policy inside a role."""

    token: ClassVar[str] = "aws:iam/rolePolicy:RolePolicy"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.iam.role_policy", "RolePolicy")
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "role"})
    owner: ClassVar[str] = "role"
    limit: ClassVar[int] = ROLE_INLINE_BYTES
