"""Remembers the size of a claim, and refuses another one that Kubernetes would not give it."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider.resources.adapter import Inputs, checked, differs
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.record import Record


class ClaimSizeInputs(Inputs):
    """The size that a claim asks for, and whether it may grow."""

    claim: str
    """Namespace and name."""
    storage_class: str
    """Name of its class, or the empty name of the cluster's own."""
    size: str
    """As a quantity."""
    bytes: int = Field(ge=0)
    fixed_by: str | None = None
    """What its class is called in messages, where that is known to expand no claim."""


class ClaimSizeProvider(Record):
    """Holds the size that the claim was given last."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse a size that the claim cannot change to."""
        result = checked(news, ClaimSizeInputs)
        if not result.failures:
            result.failures += _size_failures(_olds, news)
        return result

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare every input."""
        names = ("claim", "storageClass", "bytes", "fixedBy")
        return DiffResult(changes=bool(differs(_olds, _news, *names)), replaces=[])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Record the size."""
        return CreateResult("size", _outs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Record the new size."""
        return UpdateResult(_outs(_news))


class ClaimSize(DeclaredResource, module="modelstore", name="ClaimSize"):
    """The recorded size of a claim."""

    def __init__(
        self,
        name: str,
        *,
        claim: pulumi.Input[str],
        storage_class: str,
        size: str,
        bytes: int,  # noqa: A002 - the unit
        fixed_by: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the size of the claim `namespace/name`; `fixed_by` is its class where that expands no claim."""
        props = {
            "claim": claim,
            "storageClass": storage_class,
            "size": size,
            "bytes": bytes,
            "fixedBy": fixed_by,
        }
        super().__init__(ClaimSizeProvider(), name, props, opts)


def _size_failures(olds: dict[str, Any], news: dict[str, Any]) -> list[CheckFailure]:
    recorded, wanted = olds.get("bytes"), news.get("bytes")
    if not isinstance(recorded, int | float) or not isinstance(wanted, int | float):
        return []
    if differs(olds, news, "claim", "storageClass"):
        # A claim of another name or class is another claim, and begins with any size.
        return []
    had, claim, fixed_by = olds.get("size"), news["claim"], news.get("fixedBy")
    if wanted < recorded:
        found = f"is less than the {had} of claim {claim}, and Kubernetes makes no claim smaller"
        keep = f'Keep size="{had}"'
    elif wanted > recorded and fixed_by is not None:
        found = f"is more than the {had} of claim {claim}, and {fixed_by} expands no claim"
        keep = f'Keep size="{had}" if the model fits'
    else:
        return []
    remedy = f"{keep}, or give the volume another claim_name: a new claim is made, and filled anew"
    return [CheckFailure("size", f"{news['size']} {found}. {remedy}")]


def _outs(props: dict[str, Any]) -> dict[str, Any]:
    return ClaimSizeInputs.model_validate(props).recorded()
