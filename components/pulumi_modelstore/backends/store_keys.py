"""Keys on stores that issue them by an interface of their own: a principal, and one resource a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modelstore.backends.protocol import IssuedKey, KeyRequest, Role
from pulumi_modelstore.identity.naming import principal_name


def declare_store_keys(request: KeyRequest, issuer: pulumi.Input[Mapping[str, Any]]) -> Mapping[Role, IssuedKey]:
    """Declare the principal and the keys that were asked for.

    Args:
        request: whose keys, how many, and what they open.
        issuer: settings of the store's administrative side, for `provider/keys/<kind>.py`; credentials by reference.
    """
    from pulumi_modelstore_provider.resources.principal import Principal
    from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKey

    name = request.name
    scope: dict[str, Any] = {
        "bucket": request.bucket,
        "prefix": request.prefix,
        "read_only": request.read_only,
        "namespace": request.namespace,
    }
    principal = Principal(
        f"{name}-principal",
        issuer=issuer,
        principal_name=principal_name(name),
        **scope,
        opts=pulumi.ResourceOptions(parent=request.parent, depends_on=[*request.after_bucket, *request.after]),
    )
    issued: dict[Role, IssuedKey] = {}
    for slot in request.slots:
        key = StoreAccessKey(
            f"{name}-{slot.role}",
            issuer=issuer,
            principal=principal.principal,
            slot=slot.role,
            generation=slot.generation,
            **scope,
            opts=pulumi.ResourceOptions(
                parent=request.parent,
                # The store may allow more than two: the stale key goes before its successor comes all the same.
                delete_before_replace=True,
                depends_on=[principal, *request.after],
            ),
        )
        issued[slot.role] = IssuedKey(key.access_key_id, key.secret_access_key)
    return issued
