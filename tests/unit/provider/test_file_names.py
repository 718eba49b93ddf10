"""Names of files that can be an object's key and a file again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.artifacts.file_names import path_problems

plain = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=300)


@given(plain)
def test_plain_name_is_bad_for_its_segments_and_length_alone(path: str) -> None:
    segments = path.split("/")
    bad = any(segment in ("", ".", "..") or len(segment) > 255 for segment in segments)
    assert bool(path_problems(path)) == bad


@pytest.mark.parametrize(
    "path", ["config.json", ".hidden", "a/..b/c..", "...", "ü/模型.gguf", "a" * 255, "a/" * 511 + "b"]
)
def test_name_that_can_be_a_key(path: str) -> None:
    assert path_problems(path) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "empty"),
        ("a//b", "empty"),
        ("/a", "absolute"),
        ("a/", "empty"),
        ("./a", "'.' or '..'"),
        ("a/../b", "'.' or '..'"),
        ("a\tb", "control character"),
        ("a\x7f", "control character"),
        ("a\ud800", "not UTF-8"),
        ("a" * 256, "longer than 255 bytes"),
        ("ü" * 128, "longer than 255 bytes"),
        ("a/" * 512 + "b", "at most 1024"),
    ],
)
def test_name_that_cannot(path: str, problem: str) -> None:
    found = path_problems(path)
    assert len(found) == 1
    assert problem in found[0]
