"""Tags in a store: written by one, seen by the other, never overwritten unseen."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from provider.recording_proxy import Exchange, RecordingProxy
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts.layout import tag_key
from pulumi_modelstore_provider.artifacts.purge import purge_version
from pulumi_modelstore_provider.artifacts.tags import (
    TagPlace,
    delete_tag,
    put_tag,
    resolve_tag,
    tags_of,
    tags_to,
)
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import InvalidTag
from pulumi_modelstore_provider.s3.multipart import open_uploads


@pytest.fixture
def versions(model: Path) -> tuple[str, ...]:
    return ("2024-03-20", "2024-04-01", "2024-05-01")


@pytest.fixture
def tagged(store: Store, model: Path, versions: tuple[str, ...]) -> Store:
    """A store with three versions of the model."""
    for version in versions:
        (model / "config.json").write_text(version)
        upload_version(store.objects, request_for(model, version))
    return store


def place(store: Store, tag: str) -> TagPlace:
    return TagPlace(store.objects, PREFIX, tag)


def test_chain_resolves_and_moves(tagged: Store) -> None:
    put_tag(place(tagged, "v2"), "2024-03-20", expected=None)
    put_tag(place(tagged, "latest"), "v2", expected=None)
    assert tagged.body(tag_key(PREFIX, "latest")) == b"v2\n"
    assert resolve_tag(tagged.objects, PREFIX, "latest") == "2024-03-20"
    put_tag(place(tagged, "v2"), "2024-04-01", expected="2024-03-20")
    assert resolve_tag(tagged.objects, PREFIX, "latest") == "2024-04-01"
    assert sorted(tags_of(tagged.objects, PREFIX)) == ["latest", "v2"]
    assert sorted(tags_to(tagged.objects, PREFIX, "2024-04-01")) == ["latest", "v2"]
    assert tags_to(tagged.objects, PREFIX, "2024-03-20") == []


def test_writing_twice_is_writing_once(tagged: Store) -> None:
    for _ in range(2):
        put_tag(place(tagged, "latest"), "2024-03-20", expected=None)
    assert resolve_tag(tagged.objects, PREFIX, "latest") == "2024-03-20"


@pytest.mark.parametrize(
    ("tag", "target", "reason"),
    [
        ("latest", "nowhere", "points nowhere"),
        ("2024-03-20", "2024-04-01", "both a tag and a version"),
        ("b", "a", "circle: b -> a -> b"),
    ],
)
def test_tag_that_leads_to_no_version_is_not_written(tagged: Store, tag: str, target: str, reason: str) -> None:
    tagged.client.put_object(Bucket=tagged.bucket, Key=tag_key(PREFIX, "a"), Body=b"b\n")
    with pytest.raises(InvalidTag, match=reason):
        put_tag(place(tagged, tag), target, expected=None)
    assert tag_key(PREFIX, tag) not in tagged.listed()


def test_tag_of_somebody_else_is_not_overwritten(tagged: Store) -> None:
    put_tag(place(tagged, "latest"), "2024-03-20", expected=None)
    with pytest.raises(InvalidTag, match=r"did not exist.*points to '2024-03-20' now.*Refresh"):
        put_tag(place(tagged, "latest"), "2024-04-01", expected=None)
    with pytest.raises(InvalidTag, match=r"pointed to '2024-05-01'"):
        put_tag(place(tagged, "latest"), "2024-04-01", expected="2024-05-01")
    assert resolve_tag(tagged.objects, PREFIX, "latest") == "2024-03-20"


def test_deleted_tag_may_be_written_again(tagged: Store) -> None:
    put_tag(place(tagged, "latest"), "2024-03-20", expected="2024-04-01")
    assert resolve_tag(tagged.objects, PREFIX, "latest") == "2024-03-20"


@pytest.mark.parametrize("first", [None, "2024-03-20"])
def test_two_writers_at_the_same_moment(
    gateway_store: Store, proxy: RecordingProxy, model: Path, versions: tuple[str, ...], first: str | None
) -> None:
    """Both have read before either writes: one wins, the other is told."""
    for version in versions:
        (model / "config.json").write_text(version)
        upload_version(gateway_store.objects, request_for(model, version))
    if first is not None:
        put_tag(place(gateway_store, "latest"), first, expected=None)
    meeting = threading.Barrier(2, timeout=30)

    def meet(exchange: Exchange) -> None:
        if exchange.method == "PUT":
            meeting.wait()

    proxy.before = meet
    refused: list[InvalidTag] = []

    def write(target: str) -> None:
        try:
            put_tag(place(gateway_store.via(proxy.endpoint), "latest"), target, expected=first)
        except InvalidTag as error:
            refused.append(error)

    writers = [threading.Thread(target=write, args=(target,)) for target in versions[1:]]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    (loser,) = refused
    winner = resolve_tag(gateway_store.objects, PREFIX, "latest")
    assert winner in versions[1:]
    assert f"points to '{winner}' now" in str(loser)


def test_delete_removes_only_its_own_tag(tagged: Store) -> None:
    put_tag(place(tagged, "latest"), "2024-03-20", expected=None)
    before = tagged.listed()
    assert delete_tag(place(tagged, "latest"), expected="2024-04-01") == "2024-03-20"
    assert tagged.listed() == before
    assert delete_tag(place(tagged, "latest"), expected="2024-03-20") is None
    assert delete_tag(place(tagged, "latest"), expected="2024-03-20") is None
    assert tagged.listed() == [key for key in before if not key.endswith("/tags/latest")]


def test_object_that_is_no_tag(tagged: Store) -> None:
    tagged.client.put_object(Bucket=tagged.bucket, Key=tag_key(PREFIX, "latest"), Body=b"\xff not a name")
    with pytest.raises(InvalidTag, match="no name of a version"):
        resolve_tag(tagged.objects, PREFIX, "latest")


def test_purge_takes_one_version_and_nothing_else(tagged: Store) -> None:
    tagged.client.put_object(Bucket=tagged.bucket, Key=f"{PREFIX}2024-03-20-b/x", Body=b"x")
    before = set(tagged.listed())
    assert purge_version(tagged.objects, PREFIX, "2024-03-20") == 2
    gone = before.difference(tagged.listed())
    assert gone == {
        f"{PREFIX}2024-03-20/config.json",
        f"{PREFIX}2024-03-20/model.safetensors",
        f"{PREFIX}manifests/2024-03-20.json",
    }
    assert purge_version(tagged.objects, PREFIX, "2024-03-20") == 0


def test_purge_aborts_what_was_begun_for_its_files(store: Store, model: Path) -> None:
    write_parts(model / "weights.safetensors", [16 * MIB, 7])
    upload_version(store.objects, request_for(model, "v1"))
    key = f"{PREFIX}v1/weights.safetensors"
    store.client.create_multipart_upload(Bucket=store.bucket, Key=key)
    assert len(list(open_uploads(store.objects, key))) == 1
    assert purge_version(store.objects, PREFIX, "v1") == 3
    assert list(open_uploads(store.objects, key)) == []


def test_purge_of_a_tagged_version_is_refused(tagged: Store) -> None:
    put_tag(place(tagged, "v2"), "2024-03-20", expected=None)
    put_tag(place(tagged, "latest"), "v2", expected=None)
    before = tagged.listed()
    with pytest.raises(InvalidTag, match=r"latest, v2.*on_delete='retain'"):
        purge_version(tagged.objects, PREFIX, "2024-03-20")
    assert tagged.listed() == before


def test_interrupted_purge_is_finished(tagged: Store) -> None:
    tagged.objects.delete([f"{PREFIX}manifests/2024-03-20.json"])
    tagged.client.put_object(Bucket=tagged.bucket, Key=f"{PREFIX}2024-03-20/notes", Body=b"not of this package")
    assert purge_version(tagged.objects, PREFIX, "2024-03-20") == 2
    assert [key for key in tagged.listed() if "2024-03-20" in key] == [f"{PREFIX}2024-03-20/notes"]
