"""Hugging Face repositories as sources, on a stand-in of the hub: pinning, digests, tokens, refusals, and uploads."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils._paths import filter_repo_objects
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from provider.stores import PREFIX, Store
from pulumi_modelstore_provider.artifacts.file_names import nesting_problems, path_problems
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.sources.patterns import chosen
from pulumi_modelstore_provider.artifacts.sources.reading import Reading, read_sources
from pulumi_modelstore_provider.artifacts.sources.settings import HuggingFace, SourceSettings, parse_sources
from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version
from pulumi_modelstore_provider.errors import InvalidSource, SourceChanged, SourceUnavailable
from standins.files import Answer, Request
from standins.huggingface import Hub, Repository
from standins.huggingface import huggingface_hub as running_hub

TOKEN = "hf_onlyForTheHub"
FILES = {
    "config.json": b'{"layers": 1}',
    "empty.txt": b"",
    "model.safetensors": b"\x01weights" * 4000,
    "original/params 1.bin": b"other" * 4000,
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    for name in ("HF_TOKEN", "HF_ENDPOINT", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    with running_hub() as hub:
        hub.repositories["owner/name"] = Repository()
        hub.repositories["owner/name"].push(FILES)
        yield hub


def source(hub: Hub, **given: object) -> HuggingFace:
    return HuggingFace.model_validate({"repo": "owner/name", "endpoint": hub.endpoint, **given})


def read(*sources: SourceSettings, **more: object) -> Reading:
    return read_sources(sources, base=Path(), **more)  # type: ignore[arg-type]


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: f"sha256:{hashlib.sha256(body).hexdigest()}" for path, body in files.items()}


def problems(*sources: SourceSettings) -> str:
    with pytest.raises(InvalidSource) as refusal:
        read(*sources)
    assert TOKEN not in str(refusal.value)
    return " ".join(refusal.value.problems)


def resolved(requests: list[Request]) -> list[str]:
    paths = [request.path.partition("/resolve/")[2] for request in requests]
    return [path.partition("/")[2] for path in paths if path]


def test_revision_is_pinned_and_digests_of_the_hub_are_taken_over(hub: Hub) -> None:
    reading = read(source(hub))
    repository = hub.repositories["owner/name"]
    assert reading.content.digests == digests(FILES)
    assert {entry.path: entry.size for entry in reading.content.files} == {p: len(b) for p, b in FILES.items()}
    pinned = reading.pinned[0]
    assert isinstance(pinned, HuggingFace)
    assert pinned.revision == repository.branches["main"]
    # Weights are not read before they are uploaded, and small files once.
    assert resolved(hub.requests) == ["config.json"]
    assert not hub.storage.requests
    hub.requests.clear()
    again = read(*parse_sources(json.loads(json.dumps([pinned.to_inputs()]))))
    assert again.content == reading.content
    assert resolved(hub.requests) == []


def test_branch_that_moves_leaves_the_pinned_source_alone(hub: Hub) -> None:
    first = read(source(hub))
    hub.repositories["owner/name"].push({**FILES, "config.json": b"{}"})
    assert read(*first.pinned).content == first.content
    assert read(source(hub), pinned=first.pinned).content == first.content
    assert read(source(hub)).content.digests["config.json"] == digests({"": b"{}"})[""]
    assert read(source(hub, allow=["config.json"]), pinned=first.pinned).content.total_bytes == 2


def test_every_byte_arrives_and_the_token_stays_with_the_hub(
    hub: Hub, gateway_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repositories["owner/name"].readers = frozenset({TOKEN})
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    reading = read(source(hub, token="env:MY_TOKEN", into="hf"))
    request = UploadRequest(PREFIX, "v1", reading.content.as_inputs(), reading.pinned)
    outcome = upload_version(gateway_store.objects, request)
    assert outcome.manifest.content == reading.content
    for path, body in FILES.items():
        assert gateway_store.body(f"{version_prefix(PREFIX, 'v1')}hf/{path}") == body
    assert hub.storage.requests
    assert not any("authorization" in request.headers for request in hub.storage.requests)
    assert all(request.headers.get("authorization") == f"Bearer {TOKEN}" for request in hub.requests)


def test_signed_address_that_expires_is_asked_for_anew(hub: Hub) -> None:
    reading = read(source(hub, allow=["*.safetensors"]))
    entry = reading.content.files[0]
    body = FILES[entry.path]
    buffer = bytearray(len(body))
    with reading.files[entry.path].open(entry) as opened:
        opened.read_into(0, memoryview(buffer)[:1000])
        hub.signature = "second"
        opened.read_into(1000, memoryview(buffer)[1000:])
    assert bytes(buffer) == body
    assert len(resolved(hub.requests)) == 2


def test_answers_that_break_off_are_taken_up_where_they_ended(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = read(source(hub, allow=["*.safetensors"]))
    entry = reading.content.files[0]
    body = FILES[entry.path]
    passed = hub.storage.before

    def cut(request: Request) -> Answer | None:
        refusal = passed(request)
        whole = hub.storage.served(request, body)
        return refusal or Answer(whole.status, whole.body, whole.headers, cut=10_000)

    hub.storage.before = cut
    buffer = bytearray(len(body))
    with reading.files[entry.path].open(entry) as opened:
        opened.read_into(0, memoryview(buffer))
    assert bytes(buffer) == body
    assert [request.headers["range"].partition("-")[0] for request in hub.storage.requests] == [
        f"bytes={start}" for start in range(0, len(body), 10_000)
    ]


@pytest.mark.parametrize(
    ("allow", "ignore", "kept"),
    [
        (["*.json"], [], {"config.json"}),
        (["*"], ["original/"], {"config.json", "empty.txt", "model.safetensors"}),
        (["*.bin", "*.json"], ["config*"], {"original/params 1.bin"}),
    ],
)
def test_patterns_choose_files(hub: Hub, allow: list[str], ignore: list[str], kept: set[str]) -> None:
    assert set(read(source(hub, allow=allow, ignore=ignore)).content.digests) == kept
    assert "allow and ignore leave" in problems(source(hub, allow=["nothing"]))


NAMES = st.text("ab./", min_size=1, max_size=5).map(lambda name: f"f{name.replace('/', '/x')}")
CONTENTS = st.dictionaries(NAMES, st.binary(max_size=20) | st.just(b"w" * 1500), min_size=1, max_size=4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=CONTENTS, second=CONTENTS)
def test_pinned_settings_give_the_same_content_whatever_is_pushed(
    hub: Hub, first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    assume(not nesting_problems(list(first)) and not any(path_problems(path) for path in first))
    repository = hub.repositories["owner/name"] = Repository()
    repository.push(first)
    reading = read(source(hub))
    assert reading.content.digests == digests(first)
    repository.push(second)
    assert read(*reading.pinned).content == reading.content


PATHS = st.lists(st.text("ab/.*", min_size=1, max_size=6), max_size=6, unique=True)
PATTERNS = st.lists(st.text("ab/.*?[]!", min_size=1, max_size=5), max_size=3)


@given(paths=PATHS, allow=PATTERNS, ignore=PATTERNS)
def test_patterns_mean_what_the_hub_takes_them_for(paths: list[str], allow: list[str], ignore: list[str]) -> None:
    theirs = filter_repo_objects(paths, allow_patterns=allow or None, ignore_patterns=ignore or None)
    assert chosen(paths, allow=allow, ignore=ignore) == list(theirs)


def test_refusals_name_the_remedy(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repositories["owner/gated"] = Repository(gated=True, readers=frozenset({"hf_somebodyElse"}))
    hub.repositories["owner/gated"].push(FILES)
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    gated = problems(source(hub, repo="owner/gated"))
    assert f"Accept its terms at {hub.endpoint}/owner/gated and give a token" in gated
    assert "with the account of the token 'env:MY_TOKEN'" in problems(
        source(hub, repo="owner/gated", token="env:MY_TOKEN")
    )
    assert "there is no such repository, or it is private" in problems(source(hub, repo="owner/none"))
    assert "there is no revision 'v9'" in problems(source(hub, revision="v9"))
    assert "MY_OTHER" in problems(source(hub, token="env:MY_OTHER"))
    hub.before = lambda _: Answer(401, headers={"X-Error-Message": "Invalid credentials in Authorization header"})
    assert "HTTP 401" in problems(source(hub, token="env:MY_TOKEN"))
    hub.before = lambda _: Answer(500)
    assert "HTTP 500" in problems(source(hub))
    hub.before = lambda _: Answer(200, b"<html>Log in</html>", {"Content-Type": "text/html"})
    assert "is no hub" in problems(source(hub))


def test_all_problems_of_all_sources_at_once(hub: Hub, tmp_path: Path) -> None:
    from pulumi_modelstore_provider.artifacts.sources.settings import LocalFiles

    told = problems(source(hub, revision="v9"), source(hub, repo="owner/none"), LocalFiles(path=str(tmp_path / "none")))
    assert "v9" in told
    assert "owner/none" in told
    assert "no such file or folder" in told


def test_without_a_connection_the_source_is_not_at_hand(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceUnavailable, match="HF_HUB_OFFLINE"):
        read(source(hub))
    monkeypatch.undo()
    with pytest.raises(SourceUnavailable, match="gave no answer"):
        read(source(hub, endpoint="http://127.0.0.1:9"))


def test_bytes_that_are_not_those_of_the_listing_are_refused(hub: Hub) -> None:
    def forged(request: Request) -> Answer | None:
        return hub.served(request, b'{"layers": 2}') if "/resolve/" in request.path else None

    hub.before = forged
    assert "other bytes than its own listing tells of" in problems(source(hub))


def test_file_that_is_another_one_by_now_is_noticed(hub: Hub, gateway_store: Store) -> None:
    reading = read(source(hub))
    passed = hub.storage.before
    hub.storage.before = lambda request: passed(request) or hub.storage.served(request, b"x" * 28000)
    request = UploadRequest(PREFIX, "v1", reading.content.as_inputs(), reading.pinned)
    with pytest.raises(SourceChanged):
        upload_version(gateway_store.objects, request)
    assert not [key for key in gateway_store.listed() if key.endswith("model.safetensors")]


def test_missing_package_names_the_extra(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(SourceUnavailable, match=r"pip install 'pulumi-modelstore\[huggingface\]'"):
        read(source(hub))
