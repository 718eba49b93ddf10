"""Keys on stores that issue them by an interface of their own: a principal, and one resource a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    principal = Principal(
        f"{request.name}-principal",
        issuer=issuer,
        principal_name=principal_name(request.name),
        **_scope(request),
        opts=pulumi.ResourceOptions(parent=request.parent, depends_on=[*request.after_bucket, *request.after]),
    )
    return declare_keys(request, issuer, principal.principal, after=[principal])


def declare_keys(
    request: KeyRequest,
    issuer: pulumi.Input[Mapping[str, Any]],
    principal: pulumi.Input[str],
    *,
    after: Sequence[pulumi.Resource],
) -> Mapping[Role, IssuedKey]:
    """Declare the keys of a principal that is there once the resources in `after` are."""
    from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKey

    issued: dict[Role, IssuedKey] = {}
    for slot in request.slots:
        key = StoreAccessKey(
            f"{request.name}-{slot.role}",
            issuer=issuer,
            principal=principal,
            slot=slot.role,
            generation=slot.generation,
            **_scope(request),
            opts=pulumi.ResourceOptions(
                parent=request.parent,
                # The store may allow more than two: the stale key goes before its successor comes all the same.
                delete_before_replace=True,
                depends_on=[*after, *request.after],
            ),
        )
        issued[slot.role] = IssuedKey(key.access_key_id, key.secret_access_key)
    return issued


def _scope(request: KeyRequest) -> dict[str, Any]:
    return {
        "bucket": request.bucket,
        "prefix": request.prefix,
        "read_only": request.read_only,
        "namespace": request.namespace,
    }
