"""Files behind URLs as sources: with and without ranges, changed, cut off, redirected; what is secret stays so."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provider.stores import MIB, PREFIX, Store
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.sources import one_pass
from pulumi_modelstore_provider.artifacts.sources import web as web_requests
from pulumi_modelstore_provider.artifacts.sources.reading import Reading, read_sources
from pulumi_modelstore_provider.artifacts.sources.settings import LocalFiles, SourceSettings, Url
from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version
from pulumi_modelstore_provider.errors import InvalidSource, SourceChanged, SourceUnavailable, StoreUnreachable
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from standins.files import Answer, Request, WebServer, serving

BODY = bytes(range(256)) * 100
LARGE = hashlib.sha256(b"large").digest() * (33 * MIB // 32)
TOKEN = "onlyForTheFirstHost"


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer(files={"/models/model.bin": BODY, "/large.bin": LARGE})) as running:
        yield running


def url(web: WebServer, place: str = "/models/model.bin", body: bytes = BODY, **settings: object) -> Url:
    return Url.model_validate({"url": f"{web.endpoint}{place}", "sha256": sha256(body), **settings})


def read(*sources: SourceSettings, **more: object) -> Reading:
    return read_sources(sources, base=Path(), **more)  # type: ignore[arg-type]


def problems(*sources: SourceSettings) -> str:
    with pytest.raises(InvalidSource) as refusal:
        read(*sources)
    return " ".join(refusal.value.problems)


def bytes_of(reading: Reading) -> bytes:
    entry = reading.content.files[0]
    buffer = bytearray(entry.size)
    with reading.files[entry.path].open(entry) as opened:
        for start in range(0, entry.size, 10_000):
            opened.read_into(start, memoryview(buffer)[start : start + 10_000])
        opened.check()
    return bytes(buffer)


def uploaded(store: Store, reading: Reading) -> str:
    """Upload it as version v1; return the prefix of its files."""
    upload_version(store.objects, UploadRequest(PREFIX, "v1", reading.content.as_inputs(), reading.pinned))
    return version_prefix(PREFIX, "v1")


def test_preview_reads_one_byte_and_the_digest_is_the_given_one(web: WebServer) -> None:
    reading = read(url(web))
    assert reading.content.digests == {"model.bin": f"sha256:{sha256(BODY)}"}
    assert [request.headers["range"] for request in web.requests] == ["bytes=0-0"]
    assert read(*reading.pinned).content == reading.content
    assert bytes_of(reading) == BODY


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no-ranges"])
def test_file_of_several_parts_arrives(web: WebServer, gateway_store: Store, ranges: bool) -> None:
    web.ranges = ranges
    reading = read(url(web, "/large.bin", LARGE, path="weights/w.bin"))
    prefix = uploaded(gateway_store, reading)
    assert gateway_store.body(f"{prefix}weights/w.bin") == LARGE
    if not ranges:
        # For the size here, for the size and all of it in the upload.
        assert len(web.requests) == 3


def test_without_ranges_readers_are_served_in_order_whenever_they_come(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.ranges = False
    reading = read(url(web))
    entry = reading.content.files[0]
    buffer = memoryview(bytearray(entry.size))
    second_waits = threading.Event()
    with reading.files["model.bin"].open(entry) as opened, ThreadPoolExecutor(1) as pool:

        def second() -> None:
            second_waits.set()
            opened.read_into(20_000, buffer[20_000:])

        later = pool.submit(second)
        second_waits.wait()
        opened.read_into(0, buffer[:20_000])
        later.result()
        assert bytes(buffer) == BODY
        # What nobody asks for is passed over, and what has gone by is read again.
        monkeypatch.setattr(one_pass, "_PATIENCE_SECONDS", 0.01)
        for start in (15_000, 100):
            piece = bytearray(50)
            opened.read_into(start, memoryview(piece))
            assert bytes(piece) == BODY[start : start + 50]


def test_without_ranges_a_break_means_to_begin_again_and_not_for_ever(web: WebServer) -> None:
    web.ranges = False
    reading = read(url(web))
    cuts = [5_000, 15_000]

    def cut(request: Request) -> Answer | None:
        whole = web.served(request, BODY)
        return Answer(200, BODY, whole.headers, cut=cuts.pop()) if cuts else None

    web.before = cut
    assert bytes_of(reading) == BODY
    web.before = lambda request: Answer(200, BODY, cut=7)
    with limited(TimeLimits(attempts=2)), pytest.raises(StoreUnreachable, match="knows no ranges"):
        bytes_of(read(url(web)))


def test_wrong_sha256_is_refused_and_nothing_is_committed(web: WebServer, gateway_store: Store) -> None:
    reading = read(url(web, body=b"something else"))
    with pytest.raises(SourceChanged, match="another digest"):
        uploaded(gateway_store, reading)
    assert not [key for key in gateway_store.listed() if "manifests" in key]


def test_file_that_changes_between_two_ranges_is_noticed(web: WebServer) -> None:
    reading = read(url(web))
    entry = reading.content.files[0]
    buffer = memoryview(bytearray(entry.size))
    with reading.files["model.bin"].open(entry) as opened:
        opened.read_into(0, buffer[:100])
        web.files["/models/model.bin"] = BODY[::-1]
        with pytest.raises(SourceChanged, match="its ETag is"):
            opened.read_into(100, buffer[100:])
        web.files["/models/model.bin"] = BODY[:-1]
        with pytest.raises(SourceChanged, match=f"it has {len(BODY) - 1} bytes"):
            opened.read_into(100, buffer[100:])


def test_token_goes_to_its_host_alone(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_TOKEN", TOKEN)
    with serving(WebServer()) as first:
        first.before = lambda request: Answer(307, headers={"Location": f"{web.endpoint}{request.path}"})
        reading = read(url(first, token="env:WEB_TOKEN"))
        assert bytes_of(reading) == BODY
        assert {request.headers.get("authorization") for request in first.requests} == {f"Bearer {TOKEN}"}
        assert {request.headers.get("authorization") for request in web.requests} == {None}
        # Where it led is kept: the first server is asked once for it, and not for each range.
        assert len(first.requests) == 1


def test_signed_url_by_reference_is_in_no_setting_and_no_text(
    web: WebServer, gateway_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNED", f"{web.endpoint}/models/model.bin?X-Amz-Signature=verysecret")
    reading = read(Url(url="env:SIGNED", sha256=sha256(BODY)))
    assert gateway_store.body(f"{uploaded(gateway_store, reading)}model.bin") == BODY
    assert web.requests[0].query == {"X-Amz-Signature": "verysecret"}
    web.before = lambda _: Answer(403)
    told = problems(Url(url="env:SIGNED", sha256=sha256(BODY)))
    assert "HTTP 403" in told
    assert "expired" in told
    assert "verysecret" not in told + str(reading.pinned)
    monkeypatch.setenv("SIGNED", "model.bin")
    assert "is no URL to read from" in problems(Url(url="env:SIGNED", sha256=sha256(BODY)))


def test_servers_that_will_not_do(web: WebServer) -> None:
    assert "Check the URL" in problems(url(web, "/none"))
    assert "give it with 'path'" in problems(url(web, "/models/"))
    web.before = lambda _: Answer(302, headers={"Location": "file:///etc/passwd"})
    assert "not safe to follow" in problems(url(web))
    web.before = lambda request: Answer(302, headers={"Location": request.path})
    assert "redirects more than" in problems(url(web))
    web.before, web.ranges, web.tells_size = (lambda _: None), False, False
    assert "does not tell the file's size" in problems(url(web))
    web.before = lambda _: Answer(200, headers={"Content-Length": str(200 << 30)})
    assert "sent in parts that are read twice" in problems(url(web))
    with limited(TimeLimits(attempts=1)), pytest.raises(SourceUnavailable, match="Cannot read the file"):
        read(Url(url="http://127.0.0.1:9/model.bin", sha256=sha256(BODY)))


def test_busy_server_is_asked_again(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_requests, "_BACKOFF_SECONDS", 0.01)
    busy = [Answer(503, headers={"Retry-After": "0"}), Answer(429)]
    web.before = lambda _: busy.pop() if busy else None
    assert read(url(web)).content.total_bytes == len(BODY)


def test_sources_combine_and_two_that_give_one_path_are_refused(
    web: WebServer, gateway_store: Store, tmp_path: Path
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.bin").write_bytes(b"local")
    local = LocalFiles(path=str(tmp_path / "m"))
    clash = problems(local, url(web))
    assert f"'model.bin' comes from both {local} and {web.endpoint}/models/model.bin" in clash
    assert "is a file and the folder of" in problems(local, url(web, path="model.bin/x"))
    reading = read(local, url(web, into="web"))
    prefix = uploaded(gateway_store, reading)
    assert gateway_store.body(f"{prefix}model.bin") == b"local"
    assert gateway_store.body(f"{prefix}web/model.bin") == BODY
