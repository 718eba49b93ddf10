"""The administrative side of a store when it answers, refuses, is throttled, hangs, or is something else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from provider.fault_server import answering, fault_server, silent
from pulumi_modelstore_provider import http_api
from pulumi_modelstore_provider.errors import (
    ModelstoreError,
    NotInStore,
    StoreRefused,
    StoreUnreachable,
    keep_out_of_texts,
)
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.time_limits import TimeLimits
from servers.certificates import self_signed

SECRET = "admin-token-of-the-tests"
PROXY_PASSWORD = "proxy-password-of-the-tests"


class Recorder:
    """A server that gives the queued answers in turn and writes down what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = ""


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    kept = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept.asked.append((self.command, self.path, dict(self.headers.items()), body))
            status, content = kept.answers.pop(0)
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "_BACKOFF_SECONDS", 0.001)


def api(url: str, **settings: Any) -> HttpApi:
    return HttpApi(url, name="the store's API", headers={"Authorization": SECRET}, **settings)


def test_a_request_carries_its_parts_and_gets_json_back(recorder: Recorder) -> None:
    recorder.answers = [(201, b'{"id": 7}'), (204, b"")]
    opened = api(recorder.url)
    assert opened.request("POST", "/users/", query={"tenant": "a b"}, body={"name": "reader"}) == {"id": 7}
    assert opened.request("DELETE", "/users/7") is None
    (method, path, headers, body), (other, *_) = recorder.asked
    assert (method, path, json.loads(body)) == ("POST", "/users/?tenant=a+b", {"name": "reader"})
    assert headers["Authorization"] == SECRET
    assert headers["Content-Type"] == "application/json"
    assert other == "DELETE"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_throttling_is_waited_out(recorder: Recorder, status: int) -> None:
    recorder.answers = [(status, b""), (status, b""), (200, b"[]")]
    assert api(recorder.url).request("POST", "/keys") == []
    assert len(recorder.asked) == 3


def test_throttling_without_end_is_an_error_with_its_remedy(recorder: Recorder) -> None:
    recorder.answers = [(429, b"slow down")] * 4
    with pytest.raises(StoreRefused, match=r"HTTP 429: slow down.*Run again later"):
        api(recorder.url).request("GET", "/keys")
    assert len(recorder.asked) == 4


def test_each_try_is_signed_anew(recorder: Recorder) -> None:
    recorder.answers = [(503, b""), (200, b"{}")]
    signed: list[str] = []

    def signer(method: str, url: str, headers: Any, body: bytes) -> dict[str, str]:
        signed.append(f"{method} {len(signed)}")
        return {"X-Signature": signed[-1]}

    api(recorder.url, signer=signer).request("GET", "/keys")
    assert [headers["X-Signature"] for _, _, headers, _ in recorder.asked] == ["GET 0", "GET 1"]


@pytest.mark.parametrize(
    ("status", "kind", "remedy"),
    [(401, StoreRefused, "credentials"), (403, StoreRefused, "may do this"), (404, NotInStore, "address")],
)
def test_a_refusal_says_what_failed_where_and_why_and_no_secret(
    recorder: Recorder, status: int, kind: type[StoreRefused], remedy: str
) -> None:
    keep_out_of_texts(SECRET)
    recorder.answers = [(status, json.dumps({"code": "Nope", "detail": f"token {SECRET} is bad"}).encode())]
    with pytest.raises(kind) as refused:
        api(recorder.url).request("GET", "/keys", query={"token": SECRET}, failed="Cannot list the keys")
    text = str(refused.value)
    assert text.startswith(f"Cannot list the keys ({recorder.url}/keys). The answer was: HTTP {status}")
    assert remedy in text
    assert SECRET not in text
    assert (refused.value.code, refused.value.status) == ("Nope", status)


def test_a_web_page_is_no_answer(recorder: Recorder) -> None:
    recorder.answers = [(200, b"<html>sign in</html>")]
    with pytest.raises(StoreRefused, match=r"no JSON.*something else answers there"):
        api(recorder.url).request("GET", "/keys")


def test_nobody_there_is_told_as_such() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(StoreUnreachable, match=r"refused.*Check the address and the network"):
            api(url).request("GET", "/keys")


def test_a_store_that_hangs_is_given_up_on() -> None:
    with fault_server(silent) as server:
        opened = api(server.endpoint, limits=TimeLimits(read=0.2, attempts=2))
        with pytest.raises(StoreUnreachable, match=r"timed out"):
            opened.request("GET", "/keys")
        assert len(server.requests) == 2


def test_a_request_that_may_have_worked_is_not_sent_twice() -> None:
    with fault_server(silent) as server:
        with pytest.raises(StoreUnreachable):
            api(server.endpoint, limits=TimeLimits(read=0.2)).request("POST", "/keys")
        assert len(server.requests) == 1


@pytest.mark.parametrize("proxied", [True, False])
def test_proxy_of_the_environment_is_for_services_on_the_internet(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, proxied: bool
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with fault_server(answering("200 OK", b"[]")) as proxy:
        login = f"http://deployer:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}"
        monkeypatch.setenv("http_proxy", login)
        recorder.answers = [(200, b"[]"), (200, b"[]")]
        assert api(recorder.url, proxied=proxied).request("GET", "/keys") == []
        assert len(recorder.asked) == (0 if proxied else 1)
        if proxied:
            assert proxy.requests[0].startswith(f"GET {recorder.url}/keys ".encode())
            assert b"Proxy-Authorization: Basic" in proxy.requests[0].title()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        api(recorder.url, proxied=proxied).request("GET", "/keys")
        assert len(proxy.requests) == (1 if proxied else 0)


def test_password_of_a_proxy_is_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", f"http://deployer:{PROXY_PASSWORD}@127.0.0.1:9")
    with pytest.raises(StoreUnreachable) as unreachable:
        api("http://127.0.0.1:9", proxied=True, limits=TimeLimits(attempts=1)).request("GET", "/keys")
    assert PROXY_PASSWORD not in str(unreachable.value)


def test_tls_is_verified_unless_told_otherwise(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with fault_server(answering("200 OK", b"[]"), tls=certificate.context()) as server:
        with pytest.raises(StoreUnreachable, match=r"certificate.*ca_bundle"):
            api(server.endpoint).request("GET", "/keys")
        assert api(server.endpoint, ca_bundle=str(certificate.ca_bundle)).request("GET", "/keys") == []
        assert api(server.endpoint, verify_tls=False).request("GET", "/keys") == []


def test_a_missing_ca_bundle_is_named() -> None:
    with pytest.raises(ModelstoreError, match=r"'/nowhere/ca.pem' is not there"):
        api("https://127.0.0.1:9", ca_bundle="/nowhere/ca.pem").request("GET", "/keys")
