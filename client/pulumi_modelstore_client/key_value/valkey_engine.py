"""The key-value store in Valkey or Redis.

What belongs to a namespace begins with the id that it got when it was created, of a fixed length: no name or key has to
be escaped to be told from another, and what a namespace of the same name held before is under another id.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_client.key_value.engine import Space, SpaceGone
from pulumi_modelstore_client.names import LONGEST_STORE, valid_name
from pulumi_modelstore_client.valkey import Script, asking, connect

if TYPE_CHECKING:
    from pulumi_modelstore_client.location import Location
    from pulumi_modelstore_client.time_limits import TimeLimits

_PAGE = 500

_CREATE = """
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[2])
return ARGV[2]
"""
_REMOVE = """
local id = redis.call('HGET', KEYS[1], ARGV[1])
if not id then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
redis.call('SADD', KEYS[3], id)
return 1
"""
# With the namespace's id in the same step no write comes after its deletion.
_PUT = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) else redis.call('SET', KEYS[2], ARGV[2]) end
return 1
"""


class ValkeyEngine:
    """A key-value store of that name in one database of a server."""

    def __init__(self, place: Location, limits: TimeLimits, *, store: str) -> None:
        self._place = place
        self._prefix = f"modelstore:kv:{valid_name(store, what='The store', longest=LONGEST_STORE)}:".encode()
        self._server = connect(place, limits)
        self._names, self._deleted = self._prefix + b"names", self._prefix + b"deleted"
        self._create, self._remove, self._put = (Script(self._server, text) for text in (_CREATE, _REMOVE, _PUT))

    def create(self, name: str) -> Space:
        """Create a namespace, or return the one that is there."""
        with asking("The namespace could not be created", self._place, on=name):
            made: bytes = self._create([self._names, self._marker(name)], [name.encode(), uuid.uuid4().hex])
            return Space(name, made.decode())

    def find(self, name: str) -> Space | None:
        """Look one up."""
        with asking("The namespace could not be looked up", self._place, on=name):
            found: Any = self._server.get(self._marker(name))
            return None if found is None else Space(name, found.decode())

    def names(self) -> list[str]:
        """All of them, sorted."""
        with asking("The namespaces could not be listed", self._place):
            found: Any = self._server.hkeys(self._names.decode())
            return sorted(name.decode() for name in found)

    def remove(self, name: str) -> bool:
        """Delete one with its data, and finish earlier deletions that broke off; False where there was none."""
        with asking("The namespace could not be deleted", self._place, on=name):
            was_there = self._remove([self._names, self._marker(name), self._deleted], [name.encode()])
            unfinished: Any = self._server.smembers(self._deleted.decode())
            for space in unfinished:
                self._purge(space)
                self._server.srem(self._deleted.decode(), space)
            return bool(was_there)

    def put(self, space: Space, key: bytes, value: bytes, seconds: float | None) -> None:
        """Write a key, which expires after so many seconds."""
        arguments: list[Any] = [space.id, value]
        if seconds is not None:
            arguments.append(max(round(seconds * 1000), 1))
        with asking("The value could not be written", self._place, on=space.name):
            written = self._put([self._marker(space.name), self._key(space, key)], arguments)
        if not written:
            raise SpaceGone

    def get(self, space: Space, key: bytes) -> bytes | None:
        """Read a key."""
        with asking("The value could not be read", self._place, on=space.name):
            value: Any = self._server.get(self._key(space, key))
        if value is None:
            self._check(space)
        found: bytes | None = value
        return found

    def delete(self, space: Space, key: bytes) -> bool:
        """Delete a key; False where there was none."""
        with asking("The key could not be deleted", self._place, on=space.name):
            deleted: Any = self._server.unlink(self._key(space, key))
        if not deleted:
            self._check(space)
        return bool(deleted)

    def keys(self, space: Space) -> Iterator[bytes]:
        """Each key once, in no order."""
        self._check(space)
        return self._listed(space)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _listed(self, space: Space) -> Iterator[bytes]:
        seen: set[bytes] = set()
        beginning = self._key(space, b"")
        with asking("The keys could not be listed", self._place, on=space.name):
            # A scan may return a key twice.
            for found in self._server.scan_iter(match=beginning + b"*", count=_PAGE):
                if found not in seen:
                    seen.add(found)
                    yield found[len(beginning) :]

    def _purge(self, space: bytes) -> None:
        page: list[bytes] = []
        for found in self._server.scan_iter(match=self._prefix + b"data:" + space + b":*", count=_PAGE):
            page.append(found)
            if len(page) >= _PAGE:
                self._server.unlink(*page)
                page = []
        if page:
            self._server.unlink(*page)

    def _marker(self, name: str) -> bytes:
        return self._prefix + b"name:" + name.encode()

    def _key(self, space: Space, key: bytes) -> bytes:
        return b"".join((self._prefix, b"data:", space.id.encode(), b":", key))

    def _check(self, space: Space) -> None:
        # What is found is the namespace's own, for its id is in the key; where nothing is, it may be another's by now.
        with asking("The namespace could not be looked up", self._place, on=space.name):
            marker: Any = self._server.get(self._marker(space.name))
        if marker != space.id.encode():
            raise SpaceGone
