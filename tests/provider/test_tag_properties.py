"""Tags of a real store, step by step beside a model of them: what is refused, what is written, where each leads."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from provider.stores import Store
from pulumi_modelstore_provider.artifacts.layout import manifest_key
from pulumi_modelstore_provider.artifacts.tags import TagPlace, delete_tag, put_tag, resolve_tag, tags_to
from pulumi_modelstore_provider.errors import InvalidTag

TAGS = [f"tag{number}" for number in range(4)]
VERSIONS = ["v0", "v1"]
tags = st.sampled_from(TAGS)
targets = st.sampled_from([*TAGS, *VERSIONS, "nowhere"])

pytestmark = pytest.mark.timeout(120)


def end_of(graph: dict[str, str], versions: set[str], tag: str) -> str | None:
    """The version that a tag leads to; None where it goes in a circle, ends nowhere or meets a name of both kinds."""
    passed: set[str] = set()
    while tag in graph:
        if tag in passed or tag in versions:
            return None
        passed.add(tag)
        tag = graph[tag]
    return tag if passed and tag in versions else None


class Tags(RuleBasedStateMachine):
    """The store is set by the test that runs it; each run has a model of its own there."""

    store: Store
    runs = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.prefix = f"models/run-{next(self.runs)}/"
        self.graph: dict[str, str] = {}
        self.versions: set[str] = set()
        self.touched: set[str] = set()

    def place(self, tag: str) -> TagPlace:
        return TagPlace(self.store.objects, self.prefix, tag)

    @rule(version=st.sampled_from([*VERSIONS, *VERSIONS, TAGS[0]]))
    def commit(self, version: str) -> None:
        self.store.objects.put(manifest_key(self.prefix, version), b"{}", content_type="application/json")
        self.versions.add(version)
        self.touched = set(self.graph)

    @rule(tag=tags, aim=targets, knows=st.booleans())
    def put(self, tag: str, aim: str, knows: bool) -> None:
        """`knows`: whoever writes has seen what the tag points to; otherwise takes it for one that is not there."""
        before = self.graph.get(tag)
        allowed = before == aim or (
            (knows or before is None) and end_of(self.graph | {tag: aim}, self.versions, tag) is not None
        )
        try:
            put_tag(self.place(tag), aim, expected=before if knows else None)
        except InvalidTag:
            assert not allowed
        else:
            assert allowed
            self.graph[tag] = aim
        self.touched = {tag}

    @rule(tag=tags, knows=st.booleans())
    def delete(self, tag: str, knows: bool) -> None:
        before = self.graph.get(tag)
        left = delete_tag(self.place(tag), expected=before if knows and before else "another")
        assert left == (None if knows else before)
        if knows:
            self.graph.pop(tag, None)
        self.touched = {tag}

    @invariant()
    def each_leads_where_the_model_says(self) -> None:
        for tag in self.touched:
            stored = self.place(tag).read()
            assert (None if stored is None else stored.target) == self.graph.get(tag)
            end = end_of(self.graph, self.versions, tag)
            try:
                assert resolve_tag(self.store.objects, self.prefix, tag) == end
            except InvalidTag:
                assert end is None

    def teardown(self) -> None:
        for version in VERSIONS:
            leading = {tag for tag in self.graph if _walk(self.graph, tag) == version}
            assert set(tags_to(self.store.objects, self.prefix, version)) == leading


def _walk(graph: dict[str, str], tag: str) -> str:
    for _ in range(len(graph) + 1):
        tag = graph.get(tag, tag)
    return tag


def test_tags_are_what_a_model_of_them_says(gateway_store: Store) -> None:
    class OnGateway(Tags):
        store = gateway_store

    run_state_machine_as_test(
        OnGateway,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
