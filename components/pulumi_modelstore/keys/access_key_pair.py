"""`AccessKeyPair`: two slots for keys, so that one can be replaced while the other keeps running pods alive."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.backends.protocol import IssuedKey, KeySlot, Role
from pulumi_modelstore.keys.existing_key import ExistingKey
from pulumi_modelstore.keys.source import KeySource, check_key_arguments, narrowed_prefix
from pulumi_modelstore.namespace import StorageNamespace
from pulumi_modelstore_provider.resources.key_limit import MOST_KEYS


def slots_of(rotation: int, *, overlap: bool) -> list[KeySlot]:
    """The slots that exist at a generation, the current one first.

    Generation `rotation` is in slot `rotation % 2`, so raising it by one touches only the slot of `rotation - 2`: the
    key that nothing uses any more.
    """
    generations = [rotation, rotation - 1] if overlap and rotation > 0 else [rotation]
    return [KeySlot(_role(generation), generation) for generation in generations]


def _role(generation: int) -> Role:
    return "odd" if generation % 2 else "even"


class AccessKeyPair(KeySource):
    """A principal with a current key and, after the first rotation, the previous one.

    Its policy allows to list, read and (unless `read_only`) write that bucket or prefix and nothing else. Raise
    `rotation` by one to rotate: the stale key goes, a new one comes, is polled until it works and then reaches
    consumers; the key that was current stays valid for pods that still run with it.

    Args:
        name: of the pair; the principal is named after it.
        namespace: what the keys open.
        rotation: the current generation, from 0. Raising it by more than one, or lowering it, would cut off running
            pods and is refused at preview, unless `overlap` is false.
        overlap: keep the previous key. False ends an overlap early: one key is left.
        read_only: list and read only.
        prefix: the part of the namespace that the keys open; unset for all of it.
        keys: keys brought along, the current one first, for backends where the stack cannot make any.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program; a third key of a namespace is one.
    """

    # Repeated here: a class's own annotations are what documentation tools show.
    access_key_id: pulumi.Output[str]
    """Public part of the current key, once it works."""
    secret_access_key: pulumi.Output[str]
    """Secret part of the current key, as a secret."""
    previous_access_key_id: pulumi.Output[str]
    """Public part of the previous key; empty where there is none."""

    def __init__(
        self,
        name: str,
        *,
        namespace: StorageNamespace,
        rotation: int = 0,
        overlap: bool = True,
        read_only: bool = False,
        prefix: str | None = None,
        keys: Sequence[ExistingKey] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("AccessKeyPair", name)
        overlap, read_only = check.flag("overlap", overlap), check.flag("read_only", read_only)
        check_key_arguments(check, namespace, keys, argument="keys")
        slots = _checked_slots(check, rotation, overlap=overlap, keys=keys)
        scope = narrowed_prefix(check, namespace, prefix)
        if isinstance(namespace, StorageNamespace):
            check.extend(namespace.keys.claim(check.name, [slot.role for slot in slots], opts=opts))
        super().__init__(check, opts)
        self.namespace, self.read_only = namespace, read_only
        if self.refused:
            return
        if keys is None:
            issued = self._issue(
                check.name, slots, prefix=scope, read_only=read_only, after=[self._guard(check.name, rotation, overlap)]
            )
            current = issued[slots[0].role]
            previous = issued[slots[1].role] if len(slots) > 1 else None
        else:
            current, previous = _brought(keys)
        # Consumers must not depend on the stale slot: its replacement would take them down first.
        self.previous_access_key_id = pulumi.Output.from_input(previous.access_key_id if previous else "")
        self._publish(self._prove(check.name, current, prefix=scope))

    def _guard(self, name: str, rotation: int, overlap: bool) -> pulumi.Resource:
        from pulumi_modelstore_provider.resources.rotation_guard import RotationGuard

        return RotationGuard(f"{name}-guard", rotation=rotation, overlap=overlap, opts=self.child_options())


def _checked_slots(
    check: ArgumentCheck, rotation: int, *, overlap: bool, keys: Sequence[ExistingKey] | None
) -> list[KeySlot]:
    if isinstance(rotation, bool) or not isinstance(rotation, int) or rotation < 0:
        found = f"{rotation!r} is no generation" if is_plain(rotation) else "is an output, and a preview has to know it"
        check.add("rotation", found, "Begin with 0 and raise it by one to rotate")
        return []
    if keys is None:
        return slots_of(rotation, overlap=overlap)
    if isinstance(keys, str) or not isinstance(keys, Sequence):
        return []
    if rotation or not overlap:
        remedy = "Rotate by putting the new key first in keys; leave rotation and overlap out"
        check.add("rotation", "has no effect on keys that are brought along", remedy)
    if not keys:
        check.add("keys", "are empty", "Give one key, or two with the current one first")
    elif len(keys) > MOST_KEYS:
        check.add("keys", f"are {len(keys)}, a namespace has at most {MOST_KEYS}", "Leave out the ones not in use")
    return [KeySlot(_role(number), number) for number in range(min(len(keys), MOST_KEYS))]


def _brought(keys: Sequence[ExistingKey]) -> tuple[IssuedKey, IssuedKey | None]:
    issued = [IssuedKey(key.access_key_id, key.secret_access_key) for key in keys]
    return issued[0], issued[1] if len(issued) > 1 else None
