"""What a managed identity may do with the blobs of one container, in Azure's own roles and conditions."""

from __future__ import annotations

from collections.abc import Callable

# Azure documentation, "Azure built-in roles for Storage".
_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_WRITING = ("write", "add/action", "delete", "move/action")


def role_definition(*, read_only: bool) -> Callable[[str], str]:
    """The id of "Storage Blob Data Reader", or "Storage Blob Data Contributor", in a storage account's subscription."""
    role = _READER if read_only else _CONTRIBUTOR

    def definition(storage_account_id: str) -> str:
        subscription = "/".join(storage_account_id.split("/")[:3])
        return f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"

    return definition


def blob_condition(prefix: str, *, read_only: bool) -> str | None:
    """Narrow such a role to the blobs under a prefix; None for the whole container.

    Listing is not narrowed: as on other stores, the names of other blobs can be seen, their contents cannot.
    Source: Azure documentation, "Actions and attributes for Azure role assignment conditions for Azure Blob Storage".
    """
    prefix = prefix.strip("/")
    if not prefix:
        return None
    actions = [f"!(ActionMatches{{'{_BLOBS}/read'}} AND NOT SubOperationMatches{{'Blob.List'}})"]
    if not read_only:
        actions += [f"!(ActionMatches{{'{_BLOBS}/{action}'}})" for action in _WRITING]
    return f"(({' AND '.join(actions)}) OR (@Resource[{_BLOBS}:path] StringStartsWith '{prefix}/'))"
