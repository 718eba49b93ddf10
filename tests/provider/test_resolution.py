"""Which version a name means in a live store, and what is said where it means none."""

from __future__ import annotations

import pytest

from provider.stores import PREFIX, Store
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.layout import manifest_key, tag_key
from pulumi_modelstore_provider.artifacts.resolution import NoSuchVersion, resolve
from pulumi_modelstore_provider.errors import InvalidTag, ModelstoreError

DIGEST = f"sha256:{'ab' * 32}"


@pytest.fixture
def model(gateway_store: Store) -> Store:
    """Versions `v1` and `2024-03-20`, and tags of every sort."""
    for version, size in (("v1", 10), ("2024-03-20", 20)):
        text = Content((FileEntry("a", size, DIGEST),)).manifest_json(model="llama", version=version)
        put(gateway_store, manifest_key(PREFIX, version), text)
    targets = {"latest": "v2", "v2": "2024-03-20", "lost": "v0", "a": "b", "b": "a", "v1-clash": "v1"}
    for tag, target in targets.items():
        put(gateway_store, tag_key(PREFIX, tag), f"{target}\n")
    return gateway_store


def put(store: Store, key: str, text: str) -> None:
    store.client.put_object(Bucket=store.bucket, Key=key, Body=text.encode())


@pytest.mark.parametrize(("name", "version"), [("v1", "v1"), ("v2", "2024-03-20"), ("latest", "2024-03-20")])
def test_versions_tags_and_chains(model: Store, name: str, version: str) -> None:
    found = resolve(model.objects, PREFIX, name)
    assert (found.version, found.content.total_bytes) == (version, 10 if version == "v1" else 20)


def test_unknown_name_is_told_with_those_that_there_are(model: Store) -> None:
    with pytest.raises(NoSuchVersion, match=r"versions are 2024-03-20, v1, tags are a, b, latest, lost, v1-clash, v2"):
        resolve(model.objects, PREFIX, "v9")
    with pytest.raises(NoSuchVersion, match="no model of that name"):
        resolve(model.objects, PREFIX.replace("llama", "mistral"), "v1")


@pytest.mark.parametrize(("name", "reason"), [("lost", "points nowhere"), ("a", "in a circle: a -> b -> a")])
def test_tags_that_lead_nowhere(model: Store, name: str, reason: str) -> None:
    with pytest.raises(InvalidTag, match=reason):
        resolve(model.objects, PREFIX, name)


def test_a_tag_and_a_version_of_one_name(model: Store) -> None:
    put(model, tag_key(PREFIX, "v1"), "2024-03-20\n")
    with pytest.raises(InvalidTag, match="both a tag and a version"):
        resolve(model.objects, PREFIX, "v1")
    with pytest.raises(InvalidTag, match="both a tag and a version"):
        resolve(model.objects, PREFIX, "v1-clash")


def test_damaged_manifest(model: Store) -> None:
    put(model, manifest_key(PREFIX, "v1"), "{")
    with pytest.raises(ModelstoreError, match="damaged"):
        resolve(model.objects, PREFIX, "v1")
