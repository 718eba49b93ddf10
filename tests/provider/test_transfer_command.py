"""What an import Job runs: ends well, ends for now or ends for good, and goes on where a killed run was."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, refusal
from provider.stores import MIB, PREFIX, Store, write_parts
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.s3.multipart import open_uploads
from pulumi_modelstore_provider.transfer.command import DONE, FAILED, TRY_AGAIN, main
from pulumi_modelstore_provider.transfer.request import request_text
from pulumi_modelstore_provider.transfer.termination import MOST_BYTES, termination_message, write_termination_message

SIZES = [16 * MIB] * 2 + [7]
REQUESTS = 16
"""Requests of a run up to which it is killed at each; a run after a kill asks for more, so that it would never end."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_parts(tmp_path / "model" / "weights.bin", SIZES)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / "model" / name).write_text("{}")
    return tmp_path / "model"


def written(store: Store, model: Path, **changes: Any) -> Path:
    """The request for the model as it is now."""
    content = read_source(model, base=model)
    document = {
        "schemaVersion": 1,
        "namespace": "models",
        "connection": store.connection.to_inputs(),
        "bucket": store.bucket,
        "modelPrefix": PREFIX,
        "version": content.default_version,
        "files": content.as_inputs(),
        "sources": [{"kind": "local", "path": str(model)}],
        "transfer": {"concurrency": 2},
    }
    path = model.parent / "request.json"
    path.write_text(request_text(document | changes))
    return path


def run(request: Path) -> tuple[int, dict[str, Any]]:
    """Run the command in this process; its exit code and last word."""
    before, last_word = signal.getsignal(signal.SIGTERM), request.with_name("last-word")
    try:
        code = main([str(request), "--termination-log", str(last_word)])
    finally:
        signal.signal(signal.SIGTERM, before)
    return code, json.loads(last_word.read_text())


def test_killed_at_twenty_points_it_ends_well(gateway_store: Store, proxy: RecordingProxy, model: Path) -> None:
    """One run after another is killed: at its first request, its second and so on, then at each of its writes."""
    request = written(gateway_store.via(proxy.endpoint), model)
    context = multiprocessing.get_context("fork")
    killed = 0
    while True:
        proxy.exchanges.clear()
        process = context.Process(target=main, args=([str(request)],))
        due, lock = threading.Event(), threading.Lock()

        of_all, point = killed < REQUESTS, killed if killed < REQUESTS else killed - REQUESTS

        def before(_: Exchange, process: Any = process, due: Any = due, lock: Any = lock, rule: Any = None) -> None:
            of_all, point = rule
            with lock:
                counted = [one for one in proxy.exchanges if of_all or one.method not in ("GET", "HEAD")]
                if len(counted) > point and not due.is_set():
                    due.set()
                    os.kill(process.pid, signal.SIGKILL)
                if due.is_set():
                    raise Cut

        proxy.before = functools.partial(before, rule=(of_all, point))
        process.start()
        process.join()
        if process.exitcode == DONE:
            break
        assert process.exitcode == -signal.SIGKILL
        killed += 1
        assert killed < 60
    assert killed >= 20, killed
    version = read_source(model, base=model).default_version
    body = (model / "weights.bin").read_bytes()
    assert gateway_store.body(f"{version_prefix(PREFIX, version)}weights.bin") == body
    assert json.loads(gateway_store.body(manifest_key(PREFIX, version)))["bytes"] == len(body) + 6
    assert list(open_uploads(gateway_store.objects, PREFIX)) == []


def test_stopped_it_says_that_it_goes_on(gateway_store: Store, proxy: RecordingProxy, model: Path) -> None:
    request = written(gateway_store.via(proxy.endpoint), model)
    last_word = request.with_name("last-word")
    command = [sys.executable, "-m", "pulumi_modelstore_provider.transfer", str(request)]
    process = subprocess.Popen([*command, "--termination-log", str(last_word)], stdout=subprocess.PIPE, text=True)

    def stop(exchange: Exchange, answer: Answer) -> Answer:
        if exchange.is_part:
            process.send_signal(signal.SIGTERM)
        return answer

    proxy.after = stop
    log, _ = process.communicate(timeout=60)
    assert process.returncode == TRY_AGAIN, log
    assert json.loads(last_word.read_text())["status"] == "interrupted"
    assert "the next run continues there" in log
    proxy.after = lambda _, answer: answer
    code, word = run(request)
    assert code == DONE
    assert word["kept"] >= SIZES[0]
    assert word["kept"] + word["sent"] == word["bytes"]


def test_no_answer_is_tried_again_and_a_refusal_is_not(
    gateway_store: Store, proxy: RecordingProxy, model: Path
) -> None:
    request = written(gateway_store.via(proxy.endpoint), model)
    proxy.before = lambda _: refusal(403, "AccessDenied", "no such right")
    code, word = run(request)
    assert (code, word["status"], word["retry"]) == (FAILED, "failed", False)
    assert "AccessDenied" in word["message"]
    assert "namespace models" in word["message"]

    nowhere = written(gateway_store.via("http://127.0.0.1:9"), model)
    code, word = run(nowhere)
    assert (code, word["status"], word["retry"]) == (TRY_AGAIN, "failed", True)


def test_other_content_than_declared_ends_for_good(gateway_store: Store, model: Path) -> None:
    request = written(gateway_store, model)
    (model / "config.json").write_text('{"changed": 1}')
    code, word = run(request)
    assert code == FAILED
    assert "no longer what was declared" in word["message"]
    assert gateway_store.listed() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schemaVersion": 2}, "schemaVersion"),
        ({"files": {}}, "at least one file"),
        ({"version": "a/b"}, "slash"),
        ({"surprise": 1}, "surprise"),
        ({"connection": {"credentials": "AKIA-a-pasted-key"}}, "given by reference"),
    ],
)
def test_requests_that_are_none_end_for_good(
    gateway_store: Store, model: Path, changes: dict[str, Any], reason: str
) -> None:
    code, word = run(written(gateway_store, model, **changes))
    assert code == FAILED
    assert reason in word["message"]
    assert "pasted" not in word["message"]


def test_missing_request_and_credentials(gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(model / "nothing.json")[0] == FAILED
    request = written(gateway_store, model)
    monkeypatch.delenv("STORE_SECRET_ACCESS_KEY")
    code, word = run(request)
    assert code == FAILED
    assert "STORE_SECRET_ACCESS_KEY not set" in word["message"]


@pytest.mark.parametrize("letter", ["x", "é", "\N{SNOWMAN}", '"', "\n"])
def test_last_word_fits_into_what_kubernetes_keeps(letter: str, tmp_path: Path) -> None:
    text = termination_message("failed", letter * 5000, retry=True)
    assert MOST_BYTES - 20 <= len(text.encode()) <= MOST_BYTES
    word = json.loads(text)
    assert word["message"].startswith(letter * 300)
    assert word["message"].endswith("...")
    write_termination_message(tmp_path / "no-folder" / "log", text)
    write_termination_message(tmp_path / "log", text)
    assert (tmp_path / "log").read_text() == text
