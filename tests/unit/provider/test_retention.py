"""Which versions may be pruned: rules in a table."""

from __future__ import annotations

import datetime

import pytest

from pulumi_modelstore_provider.artifacts.catalog import StoredModel, StoredVersion, chain_of
from pulumi_modelstore_provider.artifacts.content import Content
from pulumi_modelstore_provider.artifacts.manifest import Manifest
from pulumi_modelstore_provider.artifacts.retention import judge
from pulumi_modelstore_provider.errors import ModelstoreError

BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def model(tags: dict[str, str]) -> StoredModel:
    """Versions v5 to v1, a day apart, the newest first, and v0 without a manifest."""
    names = ["v5", "v4", "v3", "v2", "v1"]
    chains = tuple(chain_of(tag, tags, names) for tag in sorted(tags))
    versions = [
        StoredVersion(
            name,
            Manifest("m", name, Content(())),
            True,
            1,
            1,
            BEGIN + datetime.timedelta(days=int(name[1])),
            tuple(chain.tag for chain in chains if chain.version == name),
        )
        for name in names
    ]
    unfinished = StoredVersion("v0", None, False, 1, 1, None, problem="without a manifest")
    return StoredModel("m", "models/m/", (*versions, unfinished), chains)


CASES = {
    "nothing said": ({}, None, {}, (), []),
    "newest two": ({}, 2, {}, (), ["v3", "v2", "v1"]),
    "more than there are": ({}, 9, {}, (), []),
    "tagged": ({"stable": "v1"}, 1, {}, (), ["v4", "v3", "v2"]),
    "tagged through a tag": ({"latest": "stable", "stable": "v2"}, 1, {}, (), ["v4", "v3", "v1"]),
    "tag that leads nowhere": ({"old": "gone"}, 4, {}, (), ["v1"]),
    "used": ({}, 1, {"v3": ["Job/a"], "v1": ["ModelArtifact/m"]}, (), ["v4", "v2"]),
    "kept ones count, used or not": ({"stable": "v5"}, 2, {"v4": ["Job/a"]}, (), ["v3", "v2", "v1"]),
    "named": ({}, None, {}, ("v5", "v2"), ["v5", "v2"]),
    "named beside used": ({"stable": "v1"}, None, {"v3": ["Job/a"]}, ("v2",), ["v2"]),
}


@pytest.mark.parametrize(("tags", "keep", "users", "named", "going"), CASES.values(), ids=CASES)
def test_what_may_go(
    tags: dict[str, str], keep: int | None, users: dict[str, list[str]], named: tuple[str, ...], going: list[str]
) -> None:
    verdicts = judge(model(tags), keep=keep, users=users, named=named)
    assert [verdict.version.version for verdict in verdicts] == ["v5", "v4", "v3", "v2", "v1"]
    assert [verdict.version.version for verdict in verdicts if verdict.goes] == going


def test_reasons_to_stay() -> None:
    verdicts = judge(model({"a": "b", "b": "v4"}), keep=2, users={"v4": ["Job/x"], "v2": ["Job/y"]})
    assert {verdict.version.version: verdict.reasons for verdict in verdicts} == {
        "v5": ("one of the newest 2",),
        "v4": ("tag a", "tag b", "Job/x", "one of the newest 2"),
        "v3": (),
        "v2": ("Job/y",),
        "v1": (),
    }


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (("v9",), "has no version 'v9'. Its versions are: v5, v4, v3, v2, v1, v0"),
        (("v1", "v4"), "'v4' of 'm' cannot be pruned: it is used by tag stable, Job/x"),
    ],
)
def test_named_versions_that_stay(named: tuple[str, ...], said: str) -> None:
    with pytest.raises(ModelstoreError) as refused:
        judge(model({"stable": "v4"}), keep=None, users={"v4": ["Job/x"]}, named=named)
    assert said in str(refused.value)


def test_versions_without_a_whole_manifest() -> None:
    stored = model({})
    damaged = StoredVersion("v-damaged", None, True, 1, 1, BEGIN, problem="The manifest is damaged")
    stored = StoredModel("m", stored.prefix, (*stored.versions[:-1], damaged, stored.versions[-1]), ())
    verdicts = judge(stored, keep=1, users={})
    assert [verdict.version.version for verdict in verdicts if verdict.goes] == ["v4", "v3", "v2", "v1"]
    assert verdicts[-1].reasons == ("The manifest is damaged",)
    verdicts = judge(stored, keep=None, users={}, named=("v0",))
    assert [verdict.version.version for verdict in verdicts if verdict.goes] == ["v0"], "what a cut-off upload has left"
