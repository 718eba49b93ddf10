"""A secret as the state holds it: a ciphertext that is opened when somebody asks for the value, and not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import Secret, Value
from pulumi_modelstore_sandbox.state.properties import Place


class SealedSecret(Secret):
    """A recorded secret; equal to any secret of the same value."""

    __slots__ = ("_known", "_open", "ciphertext", "salt")

    ciphertext: str
    """What the state file holds."""
    salt: str
    """The recorded salt of the key that it is sealed under."""
    _open: Callable[[], Value]
    _known: list[Value]

    def __init__(self, ciphertext: str, salt: str, open_: Callable[[], Value]) -> None:
        """Take the ciphertext and what opens it."""
        for name, value in (("ciphertext", ciphertext), ("salt", salt), ("_open", open_), ("_known", [])):
            object.__setattr__(self, name, value)  # the parent is frozen

    @property
    def value(self) -> Value:
        """The value in clear; raises StateError when it cannot be opened."""
        if not self._known:
            self._known.append(self._open())
        return self._known[0]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SealedSecret) and other.ciphertext == self.ciphertext:
            return True
        return isinstance(other, Secret) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]  # the values are dictionaries and lists: no secret is a key

    def __copy__(self) -> SealedSecret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> SealedSecret:
        return self


def sealed_places(resources: Sequence[ResourceState]) -> Iterator[tuple[Place, SealedSecret]]:
    """Return every sealed secret of the resources with the place where it stands."""
    for resource in resources:
        for section, value in (
            ("inputs", resource.inputs),
            ("outputs", resource.outputs),
            ("replacementTrigger", resource.replacement_trigger),
        ):
            yield from _places(value, (resource.urn, section))


def _places(value: Value, place: Place) -> Iterator[tuple[Place, SealedSecret]]:
    match value:
        case SealedSecret():
            yield place, value
        case list():
            for index, item in enumerate(value):
                yield from _places(item, (*place, index))
        case dict():
            for key, item in value.items():
                yield from _places(item, (*place, key))
