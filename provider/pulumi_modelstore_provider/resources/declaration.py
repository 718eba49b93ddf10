"""What the program's side of the dynamic resources shares: attribute names, and the URN that progress is told under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource


class DeclaredResource(Resource):
    """A dynamic resource whose outputs are attributes in Python's spelling."""

    attribute_names: ClassVar[Mapping[str, str]] = {}
    """Python's names of outputs by their names on the wire; keys inside of values stay as they are."""

    def translate_output_property(self, prop: str) -> str:
        """Return the attribute's name for an output."""
        return self.attribute_names.get(prop, prop)

    @classmethod
    def urn_of(cls, name: str, opts: pulumi.ResourceOptions | None) -> pulumi.Output[str]:
        """Return the URN that the engine will give this resource: a dynamic provider is not told it."""
        parent = opts.parent if opts is not None else None
        return pulumi.resource.create_urn(name, f"pulumi-python:{cls._resource_type_name}", parent)
