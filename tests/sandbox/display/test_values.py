"""Values as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_sandbox.display.values import inline, lines, plain, properties
from pulumi_modelstore_sandbox.engine.values import SIGNATURE, UNKNOWN, Secret, Value

ASSET = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "model.bin", "hash": "0123456789abcdef"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ("é\n\x1b[31m\u2028", '"é\\n\\u001b[31m\\u2028"'),
        (UNKNOWN, "[unknown]"),
        (Secret("x"), "[secret]"),
        ([1, {"a": Secret(1)}], "[1, {a: [secret]}]"),
        ({"__provider": "pickle", "a": 1}, "{a: 1}"),
        (ASSET, "asset(model.bin, 0123456789ab)"),
    ],
)
def test_one_line(value: Value, shown: str) -> None:
    assert inline(value) == shown


def test_a_long_text_is_shortened_unless_all_is_asked_for() -> None:
    assert inline("x" * 1000).endswith('x"... (1,000 characters)')
    assert len(inline("x" * 1000, full=True)) == 1002


def test_names_are_padded_and_bookkeeping_is_left_out() -> None:
    assert list(properties({"longer": {"a": [1]}, "b": 2, "__defaults": []})) == [
        "b     : 2",
        "longer: {",
        "    a: [",
        "        [0]: 1",
        "    ]",
        "}",
    ]


values = st.recursive(
    st.just(Secret("hush-hush")) | st.just(Secret({"k": ["hush-hush"]})) | st.integers() | st.just("plain"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner, max_size=3),
)


@given(values)
def test_no_secret_is_ever_shown(value: Value) -> None:
    assert "hush" not in inline(value, full=True)
    assert "hush" not in "\n".join(lines("key", value, full=True))
    assert "hush" not in repr(plain(value))
