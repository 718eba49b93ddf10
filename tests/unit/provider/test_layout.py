"""Keys, and the names that may stand in them."""

from __future__ import annotations

import pytest

from pulumi_modelstore_provider.artifacts import layout


def test_keys_of_a_model() -> None:
    prefix = layout.model_prefix("/team/a/", "llama")
    assert prefix == "team/a/models/llama/"
    assert layout.model_prefix("", "llama") == "models/llama/"
    assert layout.version_prefix(prefix, "v1") == "team/a/models/llama/v1/"
    assert layout.manifest_key(prefix, "v1") == "team/a/models/llama/manifests/v1.json"
    assert layout.tag_key(prefix, "latest") == "team/a/models/llama/tags/latest"


def test_a_prefix_without_its_slash_gives_the_same_keys() -> None:
    assert layout.version_prefix("models/m", "v") == layout.version_prefix("models/m/", "v")


@pytest.mark.parametrize("name", ["llama-3.1_8B", "2024-03-20", "v1", "a", "a" * 128])
def test_good_names(name: str) -> None:
    assert layout.validate_name(name) == layout.validate_version(name) == layout.validate_tag(name) == []


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "cannot be empty"),
        ("meta-llama/Llama", "'meta-llama--Llama'"),
        (".hidden", "letter or digit first"),
        ("..", "letter or digit first"),
        ("with space", "letters, digits"),
        ("umläut", "letters, digits"),
        ("a" * 129, "at most 128"),
    ],
)
def test_bad_names(name: str, part: str) -> None:
    for validate in (layout.validate_name, layout.validate_version, layout.validate_tag):
        assert any(part in problem for problem in validate(name))


@pytest.mark.parametrize("version", ["manifests", "tags"])
def test_versions_keep_clear_of_the_repository(version: str) -> None:
    assert layout.validate_version(version)
    assert layout.validate_tag(version) == []


@pytest.mark.parametrize("bucket", ["abc", "models.example.org", "1-2", "a" * 63])
def test_good_buckets(bucket: str) -> None:
    assert layout.validate_bucket(bucket) == []


@pytest.mark.parametrize(
    "bucket", ["", "ab", "a" * 64, "Models", "a_b", "-ab", "ab-", "a..b", "10.0.0.1", "xn--abc", "abc-s3alias"]
)
def test_bad_buckets(bucket: str) -> None:
    assert layout.validate_bucket(bucket)


def test_prefix_problems_are_all_told() -> None:
    assert layout.validate_prefix("") == layout.validate_prefix("team/a") == []
    assert len(layout.validate_prefix("a b/ok/c%d")) == 2
