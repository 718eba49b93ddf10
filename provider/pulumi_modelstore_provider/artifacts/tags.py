"""Tags: small text objects, each naming a version or another tag. The one kind of object here that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulumi_modelstore_provider.artifacts.layout import (
    manifest_key,
    tag_key,
    tags_prefix,
    validate_tag,
)
from pulumi_modelstore_provider.errors import InvalidTag, WriteConflict
from pulumi_modelstore_provider.stores.protocol import ObjectStore

_LONGEST_CHAIN = 32
_OWNER_METADATA = "owner"
"""`x-amz-meta-owner`: the URN of the resource that wrote the tag."""


@dataclass(frozen=True, slots=True)
class StoredTag:
    """A tag in the store: what it points to, and the ETag of its object for a conditional write."""

    target: str
    etag: str


@dataclass(frozen=True, slots=True)
class TagPlace:
    """Where a tag lies: the bucket's objects, the model's prefix and the tag's name."""

    objects: ObjectStore
    model_prefix: str
    tag: str

    @property
    def key(self) -> str:
        """The key of the tag's object."""
        return tag_key(self.model_prefix, self.tag)

    @property
    def url(self) -> str:
        """How messages name the tag's object."""
        return self.objects.url(self.key)

    def read(self) -> StoredTag | None:
        """Return what the tag points to; None if it is not there. Raises InvalidTag when the object is no tag."""
        found = self.objects.get(self.key)
        if found is None:
            return None
        target = found[0].decode("utf-8", "replace").strip()
        if validate_tag(target):
            raise InvalidTag(
                "The tag's object holds no name of a version or tag",
                on=self.url,
                remedy="Delete the object, or write the name of a version into it",
            )
        return StoredTag(target, found[1])


def follow(tag: str, target_of: Callable[[str], str | None], is_version: Callable[[str], bool]) -> str:
    """Return the version that `tag` means in the end.

    `target_of` gives what a tag points to, or None for no tag; `is_version` tells whether a version exists. Raises
    InvalidTag, with the chain, when it goes in a circle, points nowhere, or a name is both a tag and a version.
    """
    chain = [tag]
    while True:
        name = chain[-1]
        target = target_of(name)
        shown = " -> ".join(chain)
        if target is None:
            if len(chain) > 1 and is_version(name):
                return name
            what = "is no tag" if len(chain) == 1 else "points nowhere: its end is neither a version nor a tag"
            raise InvalidTag(f"The tag {shown} {what}", remedy="Point it to a version that is in the store")
        if is_version(name):
            raise InvalidTag(f"{name!r} is both a tag and a version ({shown})", remedy="Rename one of the two")
        if target in chain:
            raise InvalidTag(f"The tag goes in a circle: {shown} -> {target}", remedy="Point one of them to a version")
        if len(chain) == _LONGEST_CHAIN:
            raise InvalidTag(
                f"The tag {tag!r} leads through more than {_LONGEST_CHAIN} tags", remedy="Shorten the chain"
            )
        chain.append(target)


def resolve_tag(objects: ObjectStore, model_prefix: str, tag: str) -> str:
    """Return the version that a tag in the store means in the end. Raises InvalidTag as `follow` does."""
    return _follow_in_store(objects, model_prefix, tag, pending={})


def _follow_in_store(objects: ObjectStore, model_prefix: str, tag: str, *, pending: dict[str, str]) -> str:
    def target_of(name: str) -> str | None:
        if name in pending:
            return pending[name]
        stored = TagPlace(objects, model_prefix, name).read()
        return None if stored is None else stored.target

    def is_version(name: str) -> bool:
        return objects.head(manifest_key(model_prefix, name)) is not None

    return follow(tag, target_of, is_version)


def put_tag(place: TagPlace, target: str, *, expected: str | None, owner: str = "") -> None:
    """Point the tag to `target`, unless somebody else has changed it.

    `expected` is what it pointed to when it was last seen, None for a tag that was not there. `owner` is the URN of the
    resource: a tag that it left behind when its stack was destroyed is its own to move. A tag that points to `target`
    already is left alone. Raises InvalidTag when it points to something else than expected, when the target
    does not lead to a version, or when somebody else writes at the same moment.
    """
    current = place.read()
    if current is not None and current.target == target:
        return
    found = None if current is None else current.target
    if found != expected and found is not None and not (expected is None and _is_of(place, owner)):
        raise _moved(place, expected, found)
    _follow_in_store(place.objects, place.model_prefix, place.tag, pending={place.tag: target})
    try:
        place.objects.put(
            place.key,
            f"{target}\n".encode(),
            content_type="text/plain; charset=utf-8",
            metadata={_OWNER_METADATA: owner} if owner.isascii() and owner else None,
            if_absent=current is None,
            if_etag=None if current is None else current.etag,
        )
    except WriteConflict:
        now = place.read()
        if now is None or now.target != target:
            raise _moved(place, expected, "nothing" if now is None else now.target) from None


def _is_of(place: TagPlace, owner: str) -> bool:
    head = place.objects.head(place.key)
    return bool(owner) and head is not None and head.metadata.get(_OWNER_METADATA) == owner


def delete_tag(place: TagPlace, *, expected: str) -> str | None:
    """Delete the tag if it still points to `expected`; otherwise leave it and return what it points to."""
    current = place.read()
    if current is None:
        return None
    if current.target != expected:
        return current.target
    place.objects.delete([place.key])
    return None


def tags_of(objects: ObjectStore, model_prefix: str) -> Iterator[str]:
    """Return the names of a model's tags."""
    prefix = tags_prefix(model_prefix)
    for item in objects.list(prefix):
        name = item.key.removeprefix(prefix)
        if not validate_tag(name):
            yield name


def tags_to(objects: ObjectStore, model_prefix: str, version: str) -> list[str]:
    """Return the tags that mean `version` in the end; a tag that leads nowhere is not among them."""
    targets = {}
    for name in tags_of(objects, model_prefix):
        stored = TagPlace(objects, model_prefix, name).read()
        if stored is not None:
            targets[name] = stored.target
    found = []
    for name in targets:
        end, steps = name, 0
        while end in targets and steps <= len(targets):
            end, steps = targets[end], steps + 1
        if end == version:
            found.append(name)
    return found


def _moved(place: TagPlace, expected: str | None, found: str) -> InvalidTag:
    before = f"pointed to {expected!r}" if expected is not None else "did not exist"
    return InvalidTag(
        f"The tag {place.tag!r} was changed by somebody else: it {before} when this stack last saw it and points to "
        f"{found!r} now",
        on=place.url,
        remedy="Refresh the stack to see it, decide which target is right, then run again; a tag that no other stack "
        "uses may be deleted instead",
    )
