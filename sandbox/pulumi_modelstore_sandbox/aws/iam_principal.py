"""What users and roles have in common: names, paths, tags, and what hangs on them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from pulumi_modelstore_sandbox.aws.argument_types import Problem
from pulumi_modelstore_sandbox.aws.clients import AwsClients, asking, unless_missing
from pulumi_modelstore_sandbox.aws.naming import automatic_name, iam_name_problems, made_from, path_problems
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN, Properties, is_unknown
from pulumi_modelstore_sandbox.aws.resource_type import Made, Naming, ResourceType, tag_problems, tags_all

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_NAME_LIMIT: Final = 64
_CONFLICT_REMEDY: Final = (
    "It still has keys or policies that this stack does not know of: delete them, or set force_destroy=True on a user "
    "(force_detach_policies=True on a role), run `up`, and destroy again"
)
EXISTS_REMEDY: Final = "Choose another name, leave the name out, or take it into the stack with the option `import_`"


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

    def made_by(self, aws: AwsClients, inputs: Properties) -> Iterator[Made]:
        """Look among all principals of this kind."""
        kind = f"{self.kind.capitalize()}s"
        with asking(f"list the {self.kind}s", "this account"):
            pages = list(aws.iam().get_paginator(f"list_{self.kind}s").paginate())
        for found in (principal for page in pages for principal in page[kind]):
            name = found[f"{self.kind.capitalize()}Name"]
            if made_from(name, inputs.get("name"), inputs.get("namePrefix")):
                yield name, found["CreateDate"]

    def _named(self, name: str) -> dict[str, str]:
        return {f"{self.kind.capitalize()}Name": name}

    def own_name(self, inputs: Properties) -> str:
        """Return the name, or one made from the prefix."""
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

    def retag(self, iam: Any, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Bring its tags from `before` to `after`."""
        if gone := sorted(before.keys() - after.keys()):
            getattr(iam, f"untag_{self.kind}")(**self._named(name), TagKeys=gone)
        if after and dict(after) != dict(before):
            getattr(iam, f"tag_{self.kind}")(**self._named(name), Tags=listed_tags(after))

    def found(self, aws: AwsClients, name: str) -> Mapping[str, Any] | None:
        """Ask IAM for it; None where it is not there."""
        with asking(f"read the {self.kind}", name), unless_missing():
            found: Mapping[str, Any] = getattr(aws.iam(), f"get_{self.kind}")(**self._named(name))
            return dict(found[self.kind.capitalize()])
        return None

    def common(self, aws: AwsClients, found: Mapping[str, Any], state: Properties) -> Properties:
        """Return the outputs that users and roles share."""
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


def listed_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags in the form that IAM takes them in."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
