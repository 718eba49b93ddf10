"""Stores with an S3 endpoint that issue keys by an administrative interface of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.protocol import IssuedKey, KeyRequest, Role
from pulumi_modelstore.backends.s3_endpoint import S3Endpoint
from pulumi_modelstore.backends.store_keys import declare_store_keys
from pulumi_modelstore_provider.credentials import parse_reference


class IssuingEndpoint(S3Endpoint):
    """A bucket on a store whose keys the package issues; one subclass a store."""

    @property
    def issues_keys(self) -> bool:
        """The store issues them."""
        return True

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare the principal and its keys."""
        return declare_store_keys(request, self._issuer())

    @abstractmethod
    def _issuer(self) -> pulumi.Input[dict[str, Any]]:
        """Settings of the administrative side, for `provider/keys/<kind>.py`."""


def administrator_problems(reference: str | None, *, example: str) -> list[Problem]:
    """Return what is wrong with `admin_credentials`; `example` is a reference that would be right."""
    if reference is None:
        return []
    try:
        parse_reference(reference)
    except ValueError as error:
        # The value itself is not repeated: it may be a key.
        return [Problem("admin_credentials", f"are no reference: {error}", f"Write it like {example}")]
    return []
