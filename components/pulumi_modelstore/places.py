"""Each part of a bucket belongs to one namespace of a program: two would not know of each other's keys and models."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pulumi

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.protocol import Backend

_taken: WeakKeyDictionary[pulumi.Resource, dict[tuple[str, str, str], str]] = WeakKeyDictionary()


def claim_place(backend: Backend, namespace: str) -> list[Problem]:
    """Take the backend's bucket and prefix for a namespace; a problem where another one of the program has them."""
    stack, endpoint, bucket = pulumi.runtime.get_root_resource(), backend.endpoint_url(), backend.bucket
    if stack is None or not is_plain(endpoint) or not is_plain(bucket):
        return []
    place = (endpoint.lower(), bucket, backend.prefix.strip("/"))
    holder = _taken.setdefault(stack, {}).setdefault(place, namespace)
    if holder == namespace:
        return []
    found = f'of namespace "{holder}" are the same bucket and prefix'
    return [Problem("backend", found, f'Use "{holder}", or give one of them a prefix of its own')]
