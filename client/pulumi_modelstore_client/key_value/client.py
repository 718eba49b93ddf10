"""`KeyValueStoreClient`: what a program in a pod uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import ClassVar, Self, TypeVar

from pulumi_modelstore_client import valkey
from pulumi_modelstore_client.errors import NotInStore
from pulumi_modelstore_client.key_value.engine import KeyValueEngine, Space, SpaceGone
from pulumi_modelstore_client.key_value.limits import checked_value, encoded_key, encoded_name, seconds_to_live
from pulumi_modelstore_client.location import Location, unknown_engine
from pulumi_modelstore_client.store_client import StoreClient
from pulumi_modelstore_client.time_limits import USUAL, TimeLimits

STORE = "main"
"""Name of the store where the URL has no `store=`."""

T = TypeVar("T")


class KeyValueStoreClient(StoreClient):
    """Namespaces of keys and values, safe to share between threads.

    Every method raises a StoreError for what went wrong with the store: StoreUnreachable, AccessRefused, StoreFull.
    """

    PREFIX: ClassVar[str] = "MODELSTORE_KV"

    def __init__(self, engine: KeyValueEngine) -> None:
        self._engine = engine

    @classmethod
    def at(cls, place: Location, *, limits: TimeLimits = USUAL) -> Self:
        """Return a client of the store at a location: `valkey[s]://`, `redis[s]://` or `dynamodb://table`."""
        if place.engine in valkey.SCHEMES:
            from pulumi_modelstore_client.key_value.valkey_engine import ValkeyEngine

            return cls(ValkeyEngine(place, limits, store=place.option("store") or STORE))
        if place.engine == "dynamodb":
            from pulumi_modelstore_client.key_value.dynamodb_engine import DynamoDbEngine

            return cls(DynamoDbEngine(place, limits, store=place.option("store") or STORE))
        raise unknown_engine(place, "valkey, valkeys, redis, rediss and dynamodb")

    def create_namespace(self, name: str) -> KeyValueNamespace:
        """Create a namespace, or take the one that is there.

        Args:
            name: any text of 1 to 255 bytes of UTF-8.
        """
        encoded_name(name)
        return KeyValueNamespace(self._engine, self._engine.create(name))

    def namespace(self, name: str) -> KeyValueNamespace:
        """Return a namespace. Raises NotInStore where there is none of that name."""
        encoded_name(name)
        return KeyValueNamespace(self._engine, _found(self._engine, name))

    def namespaces(self) -> list[str]:
        """Names of all namespaces, sorted."""
        return self._engine.names()

    def delete_namespace(self, name: str) -> bool:
        """Delete a namespace with all of its data; False where there is none.

        Its name is free at once. What others write with a namespace that they hold is refused from then on: at once on
        Valkey, within five seconds on DynamoDB, where what they wrote until then is never seen, and removed later. They
        may still read what this has not come to yet; whoever looks the name up does not.
        """
        encoded_name(name)
        return self._engine.remove(name)

    def close(self) -> None:
        """Close the connections."""
        self._engine.close()


class KeyValueNamespace:
    """Keys and values of one namespace; no other namespace sees them.

    A key is text of 1 to 32,768 bytes of UTF-8, a value 0 to 262,144 bytes. Every method raises NotInStore where the
    namespace is gone.
    """

    def __init__(self, engine: KeyValueEngine, space: Space) -> None:
        self._engine = engine
        self._space = space

    @property
    def name(self) -> str:
        """The namespace's name."""
        return self._space.name

    def put(self, key: str, value: bytes, *, expires_after: float | timedelta | None = None) -> None:
        """Write a value in the place of what is there.

        Args:
            key: 1 to 32,768 bytes of UTF-8.
            value: at most 262,144 bytes.
            expires_after: seconds until the key is gone; None keeps it. DynamoDB goes by this machine's clock.

        Raises:
            TooLarge: where key or value is above its limit; nothing was sent.
        """
        seconds = seconds_to_live(expires_after)
        encoded, taken = encoded_key(key), checked_value(value)
        self._do(lambda space: self._engine.put(space, encoded, taken, seconds))

    def get(self, key: str) -> bytes | None:
        """Read a value; None where there is none, or it expired."""
        encoded = encoded_key(key)
        return self._do(lambda space: self._engine.get(space, encoded))

    def delete(self, key: str) -> bool:
        """Delete a key; False where there was none."""
        encoded = encoded_key(key)
        return self._do(lambda space: self._engine.delete(space, encoded))

    def keys(self) -> Iterator[str]:
        """Each key once, in no order. Keys that are written or deleted meanwhile may or may not be among them."""
        for key in self._do(self._engine.keys):
            yield key.decode()

    def _do(self, work: Callable[[Space], T]) -> T:
        while True:
            try:
                return work(self._space)
            except SpaceGone:
                # Somebody may have created it anew: then it is that one that is meant.
                self._space = _found(self._engine, self._space.name)


def _found(engine: KeyValueEngine, name: str) -> Space:
    space = engine.find(name)
    if space is None:
        raise NotInStore(
            "There is no such namespace in the key-value store",
            on=name,
            remedy="Create it with create_namespace, or look at namespaces()",
        )
    return space
