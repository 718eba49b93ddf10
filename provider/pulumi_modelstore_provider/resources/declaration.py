"""What the program's side of the dynamic resources shares: the URN that progress is told under."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

import pulumi
from pulumi.dynamic import Resource


class DeclaredResource(Resource):
    """A dynamic resource of this package."""

    @classmethod
    def urn_of(cls, name: str, opts: pulumi.ResourceOptions | None) -> pulumi.Output[str]:
        """Return the URN that the engine will give this resource: a dynamic provider is not told it."""
        above: pulumi.Output[str] | None = None
        if opts is not None and opts.parent is not None:
            # The bare value: an output of a component depends on all of its children, this resource among them.
            above = pulumi.Output.from_input(cast("Awaitable[str]", opts.parent.urn.future()))
        return pulumi.resource.create_urn(name, f"pulumi-python:{cls._resource_type_name}", above)

    def output(self, name: str) -> pulumi.Output[str]:
        """Return an output by its name on the wire, which is how it is kept: keys within values stay untouched so."""
        return cast("pulumi.Output[str]", self.__dict__[name])
