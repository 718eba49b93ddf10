"""What the program's side of the dynamic resources shares: the URN that progress is told under."""

from __future__ import annotations

import pickle
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

_CHANGED = "_batch_setitems"


@contextmanager
def pickler_kept() -> Iterator[None]:
    """Leave Python's pickler as it was.

    Pulumi's SDK (3.272) wraps a method of it at each dynamic resource and never unwraps it: a program with some nine
    hundred of them would end with a RecursionError.
    """
    pickler: Any = vars(pickle)["_Pickler"]
    before = getattr(pickler, _CHANGED)
    try:
        yield
    finally:
        setattr(pickler, _CHANGED, before)


class DeclaredResource(Resource):
    """A dynamic resource of this package."""

    def __init__(
        self,
        provider: ResourceProvider,
        name: str,
        props: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare it, as Pulumi's class does."""
        with pickler_kept():
            super().__init__(provider, name, dict(props), opts)

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
