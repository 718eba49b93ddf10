"""What principals and their keys have in common: who issues, and what is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.output import Unknown

from pulumi_modelstore_provider.keys.issuers import Issuer, issuer_settings
from pulumi_modelstore_provider.keys.protocol import KeyIssuer, Scope
from pulumi_modelstore_provider.resources.adapter import Inputs, differs, stack_configuration
from pulumi_modelstore_provider.resources.fields import BucketName


class IssuingInputs(Inputs):
    """What it takes to issue."""

    issuer: Issuer
    bucket: BucketName
    prefix: str = ""
    read_only: bool = False

    @property
    def scope(self) -> Scope:
        """What may be reached."""
        return Scope(self.bucket, self.prefix, self.read_only)

    def opened(self) -> KeyIssuer:
        """The store's administrative side."""
        return self.issuer.open(stack_configuration())


def issuer_address_differs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Tell whether another store issues the keys; it may when that is not known yet."""
    try:
        return issuer_settings(olds.get("issuer")).address != issuer_settings(news.get("issuer")).address
    except ValueError:
        return True


def issuer_differs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Tell whether the issuer's settings differ in meaning: a default that is spelled out is no difference."""
    try:
        return issuer_settings(olds.get("issuer")) != issuer_settings(news.get("issuer"))
    except ValueError:
        return True


def principal_differs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return `principal` where it is another one.

    A preview does not know it while the principal itself is to be updated. It stays the same one then, unless what its
    id is made of changes: a preview that replaced its keys would frighten for nothing.
    """
    if not isinstance(news.get("principal"), Unknown):
        return differs(olds, news, "principal")
    try:
        scoped = issuer_settings(news.get("issuer")).scope_makes_principal
    except ValueError:
        return ["principal"]
    made_of = ("bucket", "prefix", "readOnly") if scoped else ("bucket",)
    return ["principal"] if differs(olds, news, *made_of) else []
