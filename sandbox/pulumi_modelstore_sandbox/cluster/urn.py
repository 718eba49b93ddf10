"""The parts of a resource's URN that say whose object it is."""

from __future__ import annotations

from typing import NamedTuple


class Urn(NamedTuple):
    """`urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`."""

    stack: str
    project: str
    token: str
    name: str


def parse(urn: str) -> Urn:
    """Split a URN; a part that is missing is empty."""
    stack, project, types, *name = [*urn.removeprefix("urn:pulumi:").split("::", 3), "", "", ""][:4]
    return Urn(stack, project, types.rpartition("$")[2], name[0])
