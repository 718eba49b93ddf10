"""Chains of tags: the version at their end, or why there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.artifacts.tags import follow
from pulumi_modelstore_provider.errors import InvalidTag

names = st.sampled_from([f"t{number}" for number in range(8)])
graphs = st.dictionaries(names, st.one_of(names, st.sampled_from(["v1", "v2", "nowhere"])), min_size=1)
VERSIONS = {"v1", "v2"}


def end_of(graph: dict[str, str], start: str) -> str | None:
    """Where a walk of as many steps as there are tags comes to, if it gets out of the tags at all."""
    name = start
    for _ in range(len(graph) + 1):
        if name not in graph:
            return name
        name = graph[name]
    return None


@given(graphs, names)
def test_every_chain_ends_in_a_version_or_is_refused(graph: dict[str, str], start: str) -> None:
    end = end_of(graph, start)
    if end in VERSIONS:
        assert follow(start, graph.get, VERSIONS.__contains__) == end
    else:
        with pytest.raises(InvalidTag, match=start):
            follow(start, graph.get, VERSIONS.__contains__)


def test_chain_of_two_tags() -> None:
    assert follow("latest", {"latest": "v2", "v2": "2024-03-20"}.get, {"2024-03-20"}.__contains__) == "2024-03-20"


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        ({}, "a is no tag"),
        ({"a": "b"}, "a -> b points nowhere"),
        ({"a": "a"}, "circle: a -> a"),
        ({"a": "b", "b": "c", "c": "b"}, "circle: a -> b -> c -> b"),
        ({"a": "v1", "v1": "v2"}, "both a tag and a version"),
    ],
)
def test_refused_chains(graph: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidTag, match=reason):
        follow("a", graph.get, VERSIONS.__contains__)


def test_endless_chain_is_cut() -> None:
    with pytest.raises(InvalidTag, match="more than 32 tags"):
        follow("0", lambda name: str(int(name) + 1), lambda _: False)
