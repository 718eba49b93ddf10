"""The record of a claim's size, by which a preview refuses another one that Kubernetes would not give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from pulumi_modelstore.volumes.class_choice import ClassChoice

if TYPE_CHECKING:
    from pulumi_modelstore.volumes.model_volume import ModelVolume


def declare_size(volume: ModelVolume, choice: ClassChoice, claim: pulumi.Resource) -> None:
    """Record the size once the claim has it: one that the cluster did not give is none to be held to."""
    from pulumi_modelstore_provider.resources.claim_size import ClaimSize

    settings = choice.settings
    ClaimSize(
        f"{volume.given_name}-claim-size",
        claim=pulumi.Output.concat(volume.kubernetes_namespace_input, "/", volume.claim_name),
        storage_class=choice.name or "",
        size=volume.size,
        bytes=volume.size_bytes or 0,
        fixed_by=settings.title if settings is not None and not settings.expandable else None,
        opts=volume.child_options(depends_on=[claim]),
    )
