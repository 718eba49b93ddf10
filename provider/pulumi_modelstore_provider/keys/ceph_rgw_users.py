"""What Ceph tells of a user: whether it was made here, whether it may work, and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError


def display_name(principal: str) -> str:
    """Return what tells a user that was made here from others; without spaces, which are signed in two ways."""
    return f"pulumi-modelstore:{principal.rpartition('$')[2]}"


def keys_of(principal: str, user: Mapping[str, Any], *, on: str) -> list[str]:
    """Return the ids of its keys. Raises ModelstoreError where Ceph does not tell them."""
    keys = user.get("keys")
    if isinstance(keys, list):
        return sorted(str(key["access_key"]) for key in keys)
    raise ModelstoreError(
        f"Ceph does not tell the keys of the user {principal}",
        on=on,
        remedy="Let the user that admin_credentials refer to see them: radosgw-admin caps add --caps='users=*'",
    )


def require_own(principal: str, user: Mapping[str, Any], *, on: str) -> None:
    """Raise ModelstoreError for a user that was made elsewhere."""
    if user.get("display_name") != display_name(principal):
        raise ModelstoreError(
            f"The user {principal} was not made here: its name is taken",
            on=on,
            answer=f"the display name {str(user.get('display_name'))!r}",
            remedy="Give the component another name, or delete that user if nobody needs it",
        )


def require_usable(principal: str, user: Mapping[str, Any], *, on: str) -> None:
    """Raise ModelstoreError for a user that was made elsewhere, or is suspended."""
    require_own(principal, user, on=on)
    if str(user.get("suspended", 0)).lower() not in ("0", "false"):
        raise ModelstoreError(
            f"The user {principal} is suspended: none of its keys works",
            on=on,
            remedy=f"Enable it if that is right: radosgw-admin user enable --uid='{principal}'",
        )
