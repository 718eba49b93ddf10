"""aws:iam/user:User and aws:iam/role:Role: what is common to both, and each."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking, unless_missing
from pulumi_modelstore_sandbox.aws.naming import automatic_name, iam_name_problems, path_problems
from pulumi_modelstore_sandbox.aws.policy_document import TRUST_BYTES, as_text, problems, same_meaning
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, Properties, contains_unknown, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Naming, ResourceType, tag_problems, tags_all

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_NAME_LIMIT: Final = 64
_CONFLICT_REMEDY: Final = (
    "It still has keys or policies that this stack does not know of: delete them, or set force_destroy=True on a user "
    "(force_detach_policies=True on a role), run `up`, and destroy again"
)
_EXISTS_REMEDY: Final = "Choose another name, leave the name out, or take it into the stack with the option `import_`"


class Principal(ResourceType):
    """A user or a role; its name is its id."""

    kept: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})
    identifying: ClassVar[str] = "name"
    kind: ClassVar[str]
    """`user` or `role`; IAM's calls are named after it."""
    computed: ClassVar[tuple[str, ...]] = ("arn", "uniqueId")
    defaults: ClassVar[Mapping[str, Any]] = {"path": "/"}

    def completed(self, inputs: Properties, naming: Naming, region: str) -> Properties:  # noqa: ARG002 - overrides
        """Name the principal."""
        if "name" not in inputs and "namePrefix" not in inputs:
            previous = naming.previous.get("name")
            name = automatic_name(naming.logical_name, previous, naming.seed, limit=_NAME_LIMIT)
            inputs = {**inputs, "name": name}
        return {**self.defaults, **inputs}

    def problems(self, inputs: Properties) -> Iterator[Problem]:
        """Check name, path and tags."""
        for key in ("name", "namePrefix"):
            if isinstance(name := inputs.get(key), str) and not is_unknown(name):
                yield from (Problem(key, reason) for reason in iam_name_problems(f"a {self.kind}", name, _NAME_LIMIT))
        if isinstance(path := inputs.get("path"), str) and not is_unknown(path):
            yield from (Problem("path", reason) for reason in path_problems(path))
        yield from tag_problems(inputs)

    def planned(self, inputs: Properties, state: Properties | None, settings: Mapping[str, Any]) -> Properties:
        """Another name or path makes another ARN; the rest of what is computed stays."""
        computed: Properties = {key: (state or {}).get(key, UNKNOWN) for key in self.computed}
        if state is not None and any(state.get(key) != inputs.get(key) for key in ("name", "path") if key in inputs):
            computed["arn"] = UNKNOWN
        name = (state or {}).get("name", UNKNOWN)
        return {"name": name, **computed, **inputs, "tagsAll": tags_all(inputs, settings)}

    def delete(self, aws: AwsClients, identity: str, state: Properties) -> None:
        """Delete it, with what hangs on it where the stack says so."""
        # A user may have been renamed since it got its id.
        name = state.get("name", identity)
        with asking(f"delete the {self.kind}", name, {"DeleteConflict": _CONFLICT_REMEDY}), unless_missing():
            if state.get("forceDestroy") or state.get("forceDetachPolicies"):
                self._strip(aws.iam(), name)
            getattr(aws.iam(), f"delete_{self.kind}")(**self._named(name))

    def _named(self, name: str) -> dict[str, str]:
        return {f"{self.kind.capitalize()}Name": name}

    def _own_name(self, inputs: Properties) -> str:
        return str(inputs.get("name") or f"{inputs['namePrefix']}{secrets.token_hex(13)}")

    def _strip(self, iam: Any, name: str) -> None:
        named = self._named(name)
        for policy in getattr(iam, f"list_{self.kind}_policies")(**named)["PolicyNames"]:
            getattr(iam, f"delete_{self.kind}_policy")(**named, PolicyName=policy)
        for attached in getattr(iam, f"list_attached_{self.kind}_policies")(**named)["AttachedPolicies"]:
            getattr(iam, f"detach_{self.kind}_policy")(**named, PolicyArn=attached["PolicyArn"])
        if self.kind == "user":
            for key in iam.list_access_keys(**named)["AccessKeyMetadata"]:
                iam.delete_access_key(**named, AccessKeyId=key["AccessKeyId"])

    def _retag(self, iam: Any, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        if gone := sorted(before.keys() - after.keys()):
            getattr(iam, f"untag_{self.kind}")(**self._named(name), TagKeys=gone)
        if after and dict(after) != dict(before):
            getattr(iam, f"tag_{self.kind}")(**self._named(name), Tags=_listed(after))

    def _found(self, aws: AwsClients, name: str) -> Mapping[str, Any] | None:
        with asking(f"read the {self.kind}", name), unless_missing():
            found: Mapping[str, Any] = getattr(aws.iam(), f"get_{self.kind}")(**self._named(name))
            return dict(found[self.kind.capitalize()])
        return None

    def _common(self, aws: AwsClients, found: Mapping[str, Any], state: Properties) -> Properties:
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
        own = {key: value for key, value in tags.items() if aws.settings.default_tags.get(key) != value}
        kept = ("namePrefix", "forceDestroy", "forceDetachPolicies")
        return {
            **{key: state[key] for key in kept if key in state},
            "name": found[f"{self.kind.capitalize()}Name"],
            "path": found["Path"],
            "arn": found["Arn"],
            "uniqueId": found[f"{self.kind.capitalize()}Id"],
            **({"tags": own} if own else {}),
            "tagsAll": tags,
        }


class User(Principal):
    """aws:iam/user:User."""

    token: ClassVar[str] = "aws:iam/user:User"
    arguments: ClassVar[tuple[str, str]] = ("pulumi_aws.iam.user", "User")
    kind: ClassVar[str] = "user"
    defaults: ClassVar[Mapping[str, Any]] = {"path": "/", "forceDestroy": False}
    beyond: ClassVar[Mapping[str, str]] = {"permissionsBoundary": "leave it out: the sandbox evaluates no boundary"}

    def create(self, aws: AwsClients, inputs: Properties) -> tuple[str, Properties]:
        """Create the user."""
        name, tags = self._own_name(inputs), tags_all(inputs, aws.settings.default_tags)
        with asking("create the user", name, {"EntityAlreadyExists": _EXISTS_REMEDY}):
            tagged = {"Tags": _listed(tags)} if tags else {}
            user = aws.iam().create_user(UserName=name, Path=inputs["path"], **tagged)["User"]
        return name, {**inputs, "name": name, "arn": user["Arn"], "uniqueId": user["UserId"], "tagsAll": tags}

    def read(self, aws: AwsClients, identity: str, state: Properties) -> Properties | None:
        """Get the user."""
        found = self._found(aws, state.get("name", identity))
        return None if found is None else {"forceDestroy": False, **self._common(aws, found, state)}

    def update(self, aws: AwsClients, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Rename, move or tag the user: IAM keeps its keys and policies."""
        before: str = state.get("name", identity)
        path: str = inputs["path"]
        name: str = inputs.get("name", before)
        tags = tags_all(inputs, aws.settings.default_tags)
        with asking("update the user", before, {"EntityAlreadyExists": _EXISTS_REMEDY}):
            if name != before or path != state.get("path"):
                aws.iam().update_user(UserName=before, NewUserName=name, NewPath=path)
            self._retag(aws.iam(), name, state.get("tagsAll", {}), tags)
        found = self._found(aws, name) or {}
        computed = {"arn": found.get("Arn", state.get("arn")), "uniqueId": state.get("uniqueId")}
        return {**inputs, "name": name, **computed, "tagsAll": tags}


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
        name, tags = self._own_name(inputs), tags_all(inputs, aws.settings.default_tags)
        options: dict[str, Any] = {"Tags": _listed(tags)} if tags else {}
        if "description" in inputs:
            options["Description"] = inputs["description"]
        with asking("create the role", name, {"EntityAlreadyExists": _EXISTS_REMEDY}):
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
        found = self._found(aws, identity)
        if found is None:
            return None
        policy = found["AssumeRolePolicyDocument"]
        text, recorded = policy if isinstance(policy, str) else json.dumps(policy), state.get("assumeRolePolicy")
        described = {"description": found["Description"]} if found.get("Description") else {}
        return {
            **self._common(aws, found, state),
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
            self._retag(iam, identity, state.get("tagsAll", {}), tags)
        computed = {key: state[key] for key in self.computed if key in state}
        return {**inputs, **computed, "name": identity, "tagsAll": tags}

    @staticmethod
    def _computed(found: Mapping[str, Any]) -> Properties:
        created = found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"arn": found["Arn"], "uniqueId": found["RoleId"], "createDate": created}


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
