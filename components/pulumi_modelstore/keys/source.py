"""What consumers of a key need of the component that declares it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.backends.protocol import IssuedKey, KeySlot, Role
from pulumi_modelstore.namespace import StorageNamespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_modelstore.keys.existing_key import ExistingKey


class KeySource(CheckedComponent):
    """A component that ends in one current key, proven to work before anything downstream receives it.

    Attributes:
        namespace: what the key opens.
        read_only: whether it may only list and read.
    """

    namespace: StorageNamespace
    read_only: bool
    access_key_id: pulumi.Output[str]
    """Public part of the current key."""
    secret_access_key: pulumi.Output[str]
    """Secret part of the current key."""

    def _issue(
        self,
        name: str,
        slots: Sequence[KeySlot],
        *,
        prefix: str,
        read_only: bool,
        after: Sequence[pulumi.Resource] = (),
    ) -> Mapping[Role, IssuedKey]:
        from pulumi_modelstore.backends.protocol import KeyRequest

        request = KeyRequest(
            name=name,
            parent=self,
            bucket=self.namespace.bucket_input,
            prefix=prefix,
            read_only=read_only,
            slots=slots,
            after=[self.namespace.keys.limit(self.namespace), *after],
            after_bucket=self.namespace.guarded_by,
            namespace=self.namespace.given_name,
        )
        return self.namespace.backend.issue_keys(request)

    def _prove(self, name: str, current: IssuedKey, *, prefix: str) -> IssuedKey:
        """The current key, once the store has accepted it."""
        from pulumi_modelstore_provider.resources.access_key_ready import AccessKeyReady

        ready = AccessKeyReady(
            f"{name}-ready",
            connection=self.namespace.backend.key_connection(),
            bucket=self.namespace.bucket_input,
            prefix=prefix,
            access_key_id=current.access_key_id,
            secret_access_key=pulumi.Output.secret(current.secret_access_key),
            namespace=self.namespace.given_name,
            opts=self.child_options(depends_on=list(self.namespace.guarded_by)),
        )
        return IssuedKey(ready.access_key_id, ready.secret_access_key)

    def _publish(self, proven: IssuedKey) -> None:
        self.access_key_id = pulumi.Output.from_input(proven.access_key_id)
        self.secret_access_key = pulumi.Output.secret(proven.secret_access_key)
        self.register_outputs({"accessKeyId": self.access_key_id, "secretAccessKey": self.secret_access_key})


def check_key_arguments(
    check: ArgumentCheck, namespace: StorageNamespace, keys: Sequence[ExistingKey] | None, *, argument: str
) -> None:
    """Check what pairs and single keys have in common: a namespace, and keys brought along where none can be made."""
    from pulumi_modelstore.keys.existing_key import ExistingKey

    usable = check.uses("namespace", namespace, StorageNamespace)
    if keys is not None and (isinstance(keys, str) or not isinstance(keys, Sequence)):
        check.add(argument, f"{type(keys).__name__} is no list", "Pass [ExistingKey(id, secret)]")
        keys = ()
    for number, key in enumerate(keys or ()):
        where = f"{argument}[{number}]" if argument == "keys" else argument
        if not isinstance(key, ExistingKey):
            check.add(where, f"{type(key).__name__} is no ExistingKey", "Pass ExistingKey(id, secret)")
            continue
        for part in ("access_key_id", "secret_access_key"):
            value = getattr(key, part)
            if is_plain(value) and not (isinstance(value, str) and value):
                found = "is empty" if not value else f"{type(value).__name__} is no text"
                check.add(f"{where}.{part}", found, "Give the key as the store's console shows it")
    if not usable:
        return
    if keys is None:
        for problem in namespace.backend.key_problems(check.name):
            check.extend([replace(problem, argument=argument) if problem.argument == "keys" else problem])
    elif namespace.backend.issues_keys:
        remedy = f"Leave {argument} out"
        check.add(argument, f"are not needed: {namespace.backend.kind} issues keys to the stack", remedy)


def narrowed_prefix(check: ArgumentCheck, namespace: StorageNamespace, prefix: str | None) -> str:
    """The part of the bucket that a key opens: `prefix` inside the namespace's own, or all of the namespace."""
    from pulumi_modelstore.arguments.bucket_name import prefix_problems

    prefix = check.text("prefix", prefix)
    if prefix is not None:
        check.extend(prefix_problems(prefix))
    if not isinstance(namespace, StorageNamespace) or namespace.refused:
        return ""
    return namespace.key(prefix or "").strip("/")
