"""A principal on a store that issues keys: whom keys are issued to, and what they open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider.resources.adapter import Adapter, checked, differs, plainly
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.issuing import IssuingInputs, issuer_address_differs, issuer_differs


class PrincipalInputs(IssuingInputs):
    """What a principal needs to know."""

    principal_name: str = Field(min_length=1)


class PrincipalProvider(Adapter):
    """Makes the principal, keeps its scope, and takes it away with the keys it still has."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection."""
        return checked(news, PrincipalInputs)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare who it is and what it may reach."""
        replaces = differs(_olds, _news, "principalName", "bucket")
        if issuer_address_differs(_olds, _news):
            replaces.append("issuer")
        changes = bool(replaces or differs(_olds, _news, "prefix", "readOnly")) or issuer_differs(_olds, _news)
        # The stale one goes first: under another name of the same store it has its successor's id, keys and all.
        return DiffResult(changes=changes, replaces=replaces, delete_before_replace=True)

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the principal, or bring the one that an interrupted run left to the scope."""
        inputs = PrincipalInputs.model_validate(props)
        principal = inputs.opened().ensure_principal(inputs.principal_name, inputs.scope)
        return CreateResult(principal, _outs(inputs, principal))

    @plainly
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Bring the principal to the new scope; its keys stay."""
        inputs = PrincipalInputs.model_validate(_news)
        return UpdateResult(_outs(inputs, inputs.opened().ensure_principal(inputs.principal_name, inputs.scope)))

    @plainly
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look whether the principal is there."""
        inputs = PrincipalInputs.model_validate(props)
        return ReadResult(id_, _outs(inputs, id_)) if inputs.opened().principal_exists(id_) else ReadResult("", {})

    @plainly
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the principal; bucket and objects stay."""
        inputs = PrincipalInputs.model_validate(_props)
        inputs.opened().delete_principal(_id, inputs.scope)


class Principal(DeclaredResource, module="modelstore", name="Principal"):
    """Whom keys are issued to."""

    def __init__(
        self,
        name: str,
        *,
        issuer: pulumi.Input[Mapping[str, Any]],
        principal_name: str,
        bucket: pulumi.Input[str],
        prefix: str = "",
        read_only: bool = False,
        namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the principal; `issuer` is `IssuerSettings` as plain JSON, `principal_name` the consumer's name.

        `namespace` is for messages.
        """
        props = {
            "issuer": issuer,
            "principalName": principal_name,
            "bucket": bucket,
            "prefix": prefix,
            "readOnly": read_only,
            "namespace": namespace,
            "principal": None,
        }
        super().__init__(PrincipalProvider(), name, props, opts)

    @property
    def principal(self) -> pulumi.Output[str]:
        """Its id in the store."""
        return self.output("principal")


def _outs(inputs: PrincipalInputs, principal: str) -> dict[str, Any]:
    return inputs.recorded() | {"principal": principal}
