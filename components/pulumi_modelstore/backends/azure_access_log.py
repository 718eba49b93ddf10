"""The access log of a storage account's blobs: a diagnostic setting of Azure Monitor.

Azure logs accounts, not containers: the log holds the requests to every container of the account, each with its path.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.access_log import AccessLog

if TYPE_CHECKING:
    import pulumi
    import pulumi_azure_native as azure

CATEGORIES = ("StorageRead", "StorageWrite", "StorageDelete")
"""All that there is of blobs (Azure Monitor, resource log categories of storage accounts)."""

_ID = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers"
_TAKES_LOGS = {
    "storage_account_id": re.compile(rf"{_ID}/Microsoft\.Storage/storageAccounts/(?P<name>[^/]+)", re.IGNORECASE),
    "workspace_id": re.compile(rf"{_ID}/Microsoft\.OperationalInsights/workspaces/(?P<name>[^/]+)", re.IGNORECASE),
}


def access_log_problems(audit: AccessLog, *, account: str, resource_group: Any) -> list[Problem]:
    """What stands against the log of an account's blobs."""
    found = []
    if resource_group is None:
        remedy = "Give AzureBlob the resource_group of its storage account, or declare the diagnostic setting elsewhere"
        found.append(Problem("audit", "is a diagnostic setting of a storage account whose group is not known", remedy))
    if isinstance(audit.bucket, str):
        taker = _taker(audit.bucket)
        if taker is None:
            remedy = "Give the resource id of another storage account, or of a Log Analytics workspace"
            found.append(
                Problem("audit.bucket", f'"{audit.bucket}" is no resource id that takes logs on Azure', remedy)
            )
        elif taker == ("storage_account_id", account):
            remedy = "Name another account: a log in the account itself would log its own writing"
            found.append(Problem("audit.bucket", f'"{account}" is the account whose log it is', remedy))
    if audit.prefix:
        remedy = "Leave it out: Azure writes to containers named insights-logs-storageread and the like"
        found.append(Problem("audit.prefix", f'"{audit.prefix}" cannot be had', remedy))
    return found


def declare_access_log(
    name: str, audit: AccessLog, container: azure.storage.BlobContainer, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Declare the log of the blobs of the container's account, for the namespace `name`."""
    import pulumi_azure_native as azure

    return azure.monitor.DiagnosticSetting(
        f"{name}-access-log",
        # The blob service's resource id is where the container's own begins.
        resource_uri=container.id.apply(lambda id_: id_.partition("/containers/")[0]),
        storage_account_id=derive(lambda place: _place(place, "storage_account_id"), audit.bucket),
        workspace_id=derive(lambda place: _place(place, "workspace_id"), audit.bucket),
        logs=[{"category": category, "enabled": True} for category in CATEGORIES],
        opts=opts,
    )


def _taker(place: str) -> tuple[str, str] | None:
    for argument, form in _TAKES_LOGS.items():
        if match := form.fullmatch(place):
            return argument, match["name"]
    return None


def _place(place: str, argument: str) -> str | None:
    taker = _taker(place)
    if taker is None:
        raise ValueError(f"{place!r} is no resource id of a storage account or a Log Analytics workspace")
    return place if taker[0] == argument else None
