"""What differs in a step, one entry a leaf."""

from __future__ import annotations

import json

from pulumi_modelstore_sandbox.display.difference import ABSENT, between, changes_of
from pulumi_modelstore_sandbox.engine.events import PropertyDiff, Step
from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Secret
from sandbox.display.steps import step


def shown(given: Step) -> list[tuple[str, str, object, object]]:
    return [(change.symbol, change.name, change.old, change.new) for change in changes_of(given)]


def test_leaves_are_found_at_every_depth() -> None:
    old = {"a": {"b": [1, 2], "gone": 1, "files.x": "1"}, "__provider": "one"}
    new = {"a": {"b": [1, 3, 4], "files.x": "2"}, "__provider": "two"}
    assert [(change.symbol, change.name, change.old, change.new) for change in between(old, new)] == [
        ("~", "a.b[1]", 2, 3),
        ("+", "a.b[2]", ABSENT, 4),
        ("~", 'a["files.x"]', "1", "2"),
        ("-", "a.gone", 1, ABSENT),
    ]


def test_texts_that_are_json_are_compared_inside() -> None:
    old, new = json.dumps({"Statement": [{"Effect": "Allow"}]}), json.dumps({"Statement": [{"Effect": "Deny"}]})
    (change,) = between({"policy": old}, {"policy": new})
    assert (change.name, change.old, change.new) == ("policy.Statement[0].Effect", "Allow", "Deny")


def test_a_secret_differs_as_a_whole() -> None:
    assert not list(between({"a": Secret("x")}, {"a": Secret("x")}))
    (change,) = between({"a": Secret({"p": 1})}, {"a": Secret({"p": 2})})
    assert change.name == "a"
    (change,) = between({"a": "x"}, {"a": Secret("x")})
    assert isinstance(change.new, Secret)


def test_the_provider_says_what_counts() -> None:
    given = step(
        "update",
        old={"size": 1, "tags": {"a": "1"}, "noise": 1},
        new={"size": 2, "tags": {"a": "2"}, "noise": 2},
        detailed={"tags.a": PropertyDiff("update"), "size": PropertyDiff("update-replace")},
    )
    assert shown(given) == [("~", "size", 1, 2), ("~", "tags.a", "1", "2")]
    assert [change.replaces for change in changes_of(given)] == [True, False]


def test_a_difference_from_outputs_and_one_within_a_secret() -> None:
    given = step(
        "update",
        old={"secret": Secret({"p": 1})},
        new={"secret": Secret({"p": 2})},
        detailed={"secret.p": PropertyDiff("update"), "status": PropertyDiff("update", input_diff=False)},
    )
    names = {name for _, name, _, _ in shown(given)}
    assert names == {"secret.p", "status"}
    assert all(not isinstance(change.old, dict) for change in changes_of(given))


def test_without_a_word_from_the_provider_inputs_are_compared() -> None:
    given = step("update", old={"a": 1, "b": 1}, new={"a": UNKNOWN, "b": 1})
    assert shown(given) == [("~", "a", 1, UNKNOWN)]
