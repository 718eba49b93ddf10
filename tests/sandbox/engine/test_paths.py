"""Property paths and the diffs that follow from inputs alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_sandbox.engine import diffing, paths
from pulumi_modelstore_sandbox.engine.program.requests import seconds_of
from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Secret


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("root", ("root",)),
        ("root.nested", ("root", "nested")),
        ('root["nested"]', ("root", "nested")),
        ("root.array[0].x", ("root", "array", 0, "x")),
        ('data["a.b"]', ("data", "a.b")),
        ('["a \\"quoted\\" name"]', ('a "quoted" name',)),
        ("rules[*].id", ("rules", "*", "id")),
        ("root.[1]", ("root", 1)),
        ("*", ("*",)),
    ],
)
def test_paths_are_read(text: str, path: paths.Path) -> None:
    assert paths.parse(text) == path


@pytest.mark.parametrize("text", [".x", "a.", "a[", "a[x]", 'a["b'])
def test_malformed_paths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a property path"):
        paths.parse(text)


@given(st.lists(st.one_of(st.integers(0, 99), st.text(min_size=1).filter(lambda name: "\\" not in name)), min_size=1))
def test_a_written_path_reads_as_itself(elements: list[Any]) -> None:
    assert paths.parse(paths.text_of(tuple(elements))) == tuple(elements)


def test_a_path_covers_what_is_within() -> None:
    assert paths.covers(paths.parse("a[*]"), paths.parse("a[3].b"))
    assert not paths.covers(paths.parse("a.b"), paths.parse("a"))
    assert not paths.covers(paths.parse("a[0]"), paths.parse("a[1]"))


@pytest.mark.parametrize(
    ("path", "old", "new", "expected", "followed"),
    [
        ("a", {"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}, True),
        ("a", {}, {"a": 2}, {}, True),
        ("a", {"a": 1}, {}, {"a": 1}, True),
        ("a.b", {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": {"b": 1, "c": 3}}, True),
        ("a.b", {"a": {"b": 1}}, {}, {}, False),
        ("a[1]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 2]}, True),
        ("a[1]", {"a": [1, 2]}, {"a": [3]}, {"a": [3]}, False),
        ("a[*].id", {"a": [{"id": 1}]}, {"a": [{"id": 2, "x": 3}]}, {"a": [{"id": 1, "x": 3}]}, True),
        ("*", {"a": 1, "c": 2}, {"a": 2, "b": 3}, {"a": 1, "c": 2}, True),
        ("a.b", {"a": Secret({"b": 1})}, {"a": {"b": 2}}, {"a": {"b": Secret(1)}}, True),
    ],
)
def test_reset(path: str, old: Any, new: Any, expected: Any, followed: bool) -> None:
    given_new = paths.copy_of(new)
    assert paths.reset(paths.parse(path), old, new) == (expected, followed)
    assert new == given_new, "what is given is not changed"


def test_a_diff_of_inputs_names_every_path() -> None:
    old = {"same": 1, "gone": 1, "list": [1, 2], "deep": {"a": 1, "b": [{"c": 1}]}, "secret": Secret("x"), "null": None}
    new = {"same": 1, "list": [1, 3, 4], "deep": {"a": 1, "b": [{"c": UNKNOWN}]}, "secret": "x", "added": True}
    diff = diffing.of_inputs(old, new)
    assert {path: item.kind for path, item in diff.detailed.items()} == {
        "gone": "delete",
        "list[1]": "update",
        "list[2]": "add",
        "deep.b[0].c": "update",
        "added": "add",
    }
    assert sorted(diff.keys) == ["added", "deep", "gone", "list"]
    assert {path: item.kind for path, item in diff.inverted().detailed.items()}["gone"] == "add"


def test_true_is_not_one() -> None:
    assert diffing.of_inputs({"a": True}, {"a": 1}).changed
    assert not diffing.of_inputs({"a": 1.0}, {"a": 1}).changed


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.dictionaries(st.text(), v)))
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert not diffing.of_inputs({"value": value}, {"value": Secret(value)}).changed


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("1.5h", 5400), ("20ms", 0.02)]
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["5", "m5", "5 minutes", "-5m"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds_of(text)
