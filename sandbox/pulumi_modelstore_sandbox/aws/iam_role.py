"""aws:iam/role:Role."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking
from pulumi_modelstore_sandbox.aws.iam_principal import EXISTS_REMEDY, Principal, listed_tags
from pulumi_modelstore_sandbox.aws.policy_document import TRUST_BYTES, as_text, problems, same_meaning
from pulumi_modelstore_sandbox.aws.properties import Properties, contains_unknown, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Naming, tags_all


class Role(Principal):
    """aws:iam/role:Role."""

    token: ClassVar[str] = "aws:iam/role:Role"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.iam.role", "Role")
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "path"})
    documents: ClassVar[frozenset[str]] = frozenset({"assumeRolePolicy"})
    kind: ClassVar[str] = "role"
    computed: ClassVar[tuple[str, ...]] = ("arn", "createDate", "uniqueId")
    defaults: ClassVar[Mapping[str, Any]] = {"path": "/", "forceDetachPolicies": False, "maxSessionDuration": 3600}
    beyond: ClassVar[Mapping[str, str]] = {
        "inlinePolicies": "declare each as an aws.iam.RolePolicy",
        "managedPolicyArns": "declare what the role may do as an aws.iam.RolePolicy",
        "permissionsBoundary": "leave it out: the sandbox evaluates no boundary",
    }

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:
        """Write a policy given as an object as text."""
        inputs = super().completed(inputs, naming, region)
        policy = inputs.get("assumeRolePolicy")
        return inputs if policy is None or contains_unknown(policy) else {**inputs, "assumeRolePolicy": as_text(policy)}

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check who may assume the role, and for how long."""
        yield from super().problems(inputs)
        policy, seconds = inputs.get("assumeRolePolicy"), inputs.get("maxSessionDuration")
        if isinstance(policy, str) and not is_unknown(policy):
            yield from (Problem("assumeRolePolicy", reason) for reason in problems(policy, "trust", TRUST_BYTES))
        if isinstance(seconds, int) and not 3600 <= seconds <= 43200:
            yield Problem("maxSessionDuration", f"must be 3,600 to 43,200 seconds, not {seconds:,}")

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Create the role."""
        name, tags = self.own_name(inputs), tags_all(inputs, aws.settings.default_tags)
        options: dict[str, Any] = {"Tags": listed_tags(tags)} if tags else {}
        if "description" in inputs:
            options["Description"] = inputs["description"]
        with asking("create the role", name, {"EntityAlreadyExists": EXISTS_REMEDY}):
            found = aws.iam().create_role(
                RoleName=name,
                Path=inputs["path"],
                AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
                MaxSessionDuration=inputs["maxSessionDuration"],
                **options,
            )["Role"]
        return name, {**inputs, **self._computed(found), "name": name, "tagsAll": tags}

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Get the role."""
        found = self.found(aws, identity)
        if found is None:
            return None
        policy = found["AssumeRolePolicyDocument"]
        text, recorded = policy if isinstance(policy, str) else json.dumps(policy), state.get("assumeRolePolicy")
        described = {"description": found["Description"]} if found.get("Description") else {}
        return {
            **self.common(aws, found, state),
            **self._computed(found),
            **described,
            "assumeRolePolicy": recorded if same_meaning(recorded, text) else text,
            "maxSessionDuration": found.get("MaxSessionDuration", 3600),
        }

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Change who may assume the role, its description, its longest session and its tags."""
        tags = tags_all(inputs, aws.settings.default_tags)
        with asking("update the role", identity):
            iam, policy = aws.iam(), inputs["assumeRolePolicy"]
            if not same_meaning(policy, state.get("assumeRolePolicy")):
                iam.update_assume_role_policy(RoleName=identity, PolicyDocument=policy)
            seconds = inputs["maxSessionDuration"]
            iam.update_role(RoleName=identity, Description=inputs.get("description", ""), MaxSessionDuration=seconds)
            self.retag(iam, identity, state.get("tagsAll", {}), tags)
        computed = {key: state[key] for key in self.computed if key in state}
        return {**inputs, **computed, "name": identity, "tagsAll": tags}

    @staticmethod
    def _computed(found: Mapping[str, Any]) -> Properties:
        created = found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"arn": found["Arn"], "uniqueId": found["RoleId"], "createDate": created}
