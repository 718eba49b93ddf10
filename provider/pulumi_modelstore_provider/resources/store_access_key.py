"""One access key of a principal, on a store that issues keys. At most two exist, also where the store allows more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.keys.protocol import Slot
from pulumi_modelstore_provider.resources.adapter import Adapter, checked, differs, plainly
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.issuing import (
    IssuingInputs,
    issuer_address_differs,
    issuer_differs,
    principal_differs,
)
from pulumi_modelstore_provider.resources.key_limit import MOST_KEYS


class StoreAccessKeyInputs(IssuingInputs):
    """What a key needs to know."""

    principal: str = Field(min_length=1)
    slot: Slot
    generation: int = Field(ge=0)


class StoreAccessKeyProvider(Adapter):
    """Issues a key once and deletes it; nothing about a key is ever changed."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input; opens no connection."""
        return checked(news, StoreAccessKeyInputs)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare whose key it is and which generation. What it opens is the principal's."""
        replaces = [*principal_differs(_olds, _news), *differs(_olds, _news, "slot", "generation")]
        if issuer_address_differs(_olds, _news):
            replaces.append("issuer")
        # The stale key goes before its successor comes: with the other slot's there would be three.
        return DiffResult(
            changes=bool(replaces) or issuer_differs(_olds, _news), replaces=replaces, delete_before_replace=True
        )

    @plainly
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Issue the key, unless the principal has two others."""
        inputs = StoreAccessKeyInputs.model_validate(props)
        issuer = inputs.opened()
        place = {"slot": inputs.slot, "generation": inputs.generation}
        replaced = set(issuer.left_over(inputs.principal, slot=inputs.slot, generation=inputs.generation))
        others = [key for key in issuer.keys(inputs.principal) if key not in replaced]
        if len(others) >= MOST_KEYS:
            raise ModelstoreError(
                f"A third key of {inputs.principal} is refused: it has {' and '.join(others)}",
                on=f"{place['slot']}, generation {place['generation']}",
                remedy="Delete one of them first: a key that no stack knows of is left from elsewhere",
            )
        key = issuer.create_key(inputs.principal, inputs.scope, slot=inputs.slot, generation=inputs.generation)
        issued = {"accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key}
        return CreateResult(key.access_key_id, inputs.recorded() | issued)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Take over how the store is reached; the key stays."""
        issued = {name: _olds[name] for name in ("accessKeyId", "secretAccessKey")}
        return UpdateResult(StoreAccessKeyInputs.model_validate(_news).recorded() | issued)

    @plainly
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look whether the key is there."""
        inputs = StoreAccessKeyInputs.model_validate(props)
        return ReadResult(id_, props) if id_ in inputs.opened().keys(inputs.principal) else ReadResult("", {})

    @plainly
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the key; it has stopped working by the end."""
        inputs = StoreAccessKeyInputs.model_validate(_props)
        inputs.opened().delete_key(inputs.principal, _id)


class StoreAccessKey(DeclaredResource, module="modelstore", name="StoreAccessKey"):
    """One key of a principal."""

    def __init__(
        self,
        name: str,
        *,
        issuer: pulumi.Input[Mapping[str, Any]],
        principal: pulumi.Input[str],
        bucket: pulumi.Input[str],
        slot: Slot,
        generation: int,
        prefix: str = "",
        read_only: bool = False,
        namespace: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the key; raising `generation` replaces it. `namespace` is for messages."""
        props = {
            "issuer": issuer,
            "principal": principal,
            "bucket": bucket,
            "prefix": prefix,
            "readOnly": read_only,
            "slot": slot,
            "generation": generation,
            "namespace": namespace,
            "accessKeyId": None,
            "secretAccessKey": None,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["secretAccessKey"])
        super().__init__(StoreAccessKeyProvider(), name, props, pulumi.ResourceOptions.merge(opts, secret))

    @property
    def access_key_id(self) -> pulumi.Output[str]:
        """The key's id."""
        return self.output("accessKeyId")

    @property
    def secret_access_key(self) -> pulumi.Output[str]:
        """The key's secret part; a secret."""
        return self.output("secretAccessKey")
