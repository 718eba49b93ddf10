"""`AccessKey`: a single key."""

from __future__ import annotations

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.backends.protocol import IssuedKey, KeySlot
from pulumi_modelstore.keys.existing_key import ExistingKey
from pulumi_modelstore.keys.source import KeySource, check_key_arguments, narrowed_prefix
from pulumi_modelstore.namespace import StorageNamespace


class AccessKey(KeySource):
    """A principal with one key, for what cannot run with an overlap of two; deleting it makes the key stop working.

    Args:
        name: of the key; the principal is named after it.
        namespace: what the key opens.
        read_only: list and read only.
        prefix: the part of the namespace that the key opens; unset for all of it.
        key: a key brought along, for backends where the stack cannot make any.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program; a third key of a namespace is one.
    """

    access_key_id: pulumi.Output[str]
    """Public part of the key, once it works."""
    secret_access_key: pulumi.Output[str]
    """Secret part of the key, as a secret."""

    def __init__(
        self,
        name: str,
        *,
        namespace: StorageNamespace,
        read_only: bool = False,
        prefix: str | None = None,
        key: ExistingKey | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("AccessKey", name)
        read_only = check.flag("read_only", read_only)
        check_key_arguments(check, namespace, None if key is None else [key], argument="key")
        scope = narrowed_prefix(check, namespace, prefix)
        if isinstance(namespace, StorageNamespace):
            check.extend(namespace.keys.claim(check.name, [""], opts=opts))
        super().__init__(check, opts)
        self.namespace, self.read_only = namespace, read_only
        if self.refused:
            return
        if key is None:
            current = self._issue(check.name, [KeySlot("key", 0)], prefix=scope, read_only=read_only)["key"]
        else:
            current = IssuedKey(key.access_key_id, key.secret_access_key)
        self._publish(self._prove(check.name, current, prefix=scope))
