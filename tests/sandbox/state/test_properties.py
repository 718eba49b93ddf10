"""Property values to JSON and back."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_sandbox.engine.values import SECRET_SIGNATURE, SIGNATURE, UNKNOWN, Secret, Value
from pulumi_modelstore_sandbox.state.properties import decode, encode, encode_nested, seal_in_clear
from pulumi_modelstore_sandbox.state.vault import nested_secret

scalars = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text() | st.just(UNKNOWN)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | inner.map(Secret)
    ),
    max_leaves=12,
)


@given(values)
def test_a_value_survives(value: Value) -> None:
    text = json.dumps(encode(value, seal_in_clear))
    assert decode(json.loads(text), nested_secret) == value


def test_not_a_number_survives() -> None:
    read = decode(json.loads(json.dumps(encode({"x": [math.nan]}, seal_in_clear))), nested_secret)
    assert isinstance(read, dict)
    assert math.isnan(read["x"][0])


def test_whole_numbers_are_written_without_a_fraction() -> None:
    assert json.dumps(encode([3.0, 2.5, -0.0], seal_in_clear)) == "[3, 2.5, 0]"


def test_a_large_number_is_the_same_however_its_digits_are_written() -> None:
    # The CLI writes the shortest digits that give the same double.
    assert decode(12345678901234567000, nested_secret) == 12345678901234567168


def test_a_secret_within_a_secret_keeps_its_mark_and_is_encrypted_once() -> None:
    nested = encode_nested({"inner": Secret("x")})
    assert nested == {"inner": {SIGNATURE: SECRET_SIGNATURE, "ciphertext": '"x"'}}
    assert decode(nested, nested_secret) == {"inner": Secret("x")}


def test_a_secret_needs_one_of_its_texts() -> None:
    for tagged in ({}, {"ciphertext": "a", "plaintext": "b"}):
        with pytest.raises(ValueError, match="either a ciphertext or a plaintext"):
            decode({SIGNATURE: SECRET_SIGNATURE, **tagged}, nested_secret)
