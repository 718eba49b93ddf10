"""`ModelReference`: one version of a model, as a service refers to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from pulumi_modelstore.namespace import StorageNamespace


@dataclass(frozen=True)
class ModelReference:
    """Where one version of a model lies.

    Args:
        uri: storage URI of its folder, with the slash at the end.
        namespace: what holds it; None for a place that no namespace of the program knows.
        total_bytes: size of all its files; None where only the store knows.
        after: resources that put it there; a service waits for them.
        version: name of the version; None where only the engine knows.
        model_prefix: key prefix of its model in the bucket, with the slash at the end; None where it is in none.
        refused: whether the artifact, or the tag that was asked for, was refused; nothing is deployed from there.
    """

    uri: pulumi.Input[str]
    namespace: StorageNamespace | None = None
    total_bytes: int | None = None
    after: Sequence[pulumi.Resource] = ()
    version: str | None = None
    model_prefix: str | None = None
    refused: bool = False
