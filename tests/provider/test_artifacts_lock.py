"""`modelstore artifacts push` and `lock`: what a program consists of, recorded and uploaded without deploying it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from huggingface_hub import constants

from provider.recording_proxy import Answer, Exchange, RecordingProxy
from provider.stores import MIB, Store, write_parts
from pulumi_modelstore.cli.artifacts import artifacts
from pulumi_modelstore_provider.artifacts.layout import manifest_key
from pulumi_modelstore_provider.artifacts.lock_entries import LockedRevision, LockedSource, LockEntry
from pulumi_modelstore_provider.artifacts.lock_file import LOCK_FILE, read_lock, update_lock, update_revision
from pulumi_modelstore_provider.artifacts.sources.reading import read_sources
from pulumi_modelstore_provider.artifacts.sources.settings import HuggingFace, LocalFiles, SourceSettings
from sandbox_command import MODELSTORE, STACK, sandbox
from standins.huggingface import Repository
from standins.huggingface import huggingface_hub as running_hub

PREFIX = "team/models/llama/"
Run = Callable[..., Result]
PROGRAM = """
import pulumi
from pulumi_modelstore import ModelArtifact, S3Compatible, StorageNamespace
config = pulumi.Config()
models = StorageNamespace("models", backend=S3Compatible(
    endpoint=config.require("endpoint"), bucket=config.require("bucket"), prefix="team", credentials="env:STORE",
))
llama = ModelArtifact("llama", namespace=models, source="weights")
pulumi.export("version", llama.version)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "weights").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: models\nruntime: python\n")
    (folder / "weights" / "config.json").write_text('{"v": 1}')
    (folder / "weights" / "notes.txt").write_text("notes")
    return folder


def record(project: Path, *sources: SourceSettings, version: str | None = None, name: str = "llama") -> None:
    """Write an entry as the program does."""
    locked = []
    for source in sources:
        reading = read_sources([source], base=project)
        locked.append(LockedSource(source.to_inputs(), reading.pinned[0].to_inputs(), reading.content))
    update_lock(project / LOCK_FILE, LockEntry("models", name, name, version, tuple(locked)))


def state_of(store: Store) -> str:
    """The state of a stack with the namespace `models` in that bucket."""
    kind = "modelstore:index:StorageNamespace"
    outputs = {
        "name": "models",
        "backend": "s3-compatible",
        "bucket": store.bucket,
        "prefix": "team",
        "connection": store.connection.to_inputs(),
    }
    resource = {"urn": f"urn:pulumi:dev::models::{kind}::models", "type": kind, "custom": False, "outputs": outputs}
    return json.dumps({"version": 3, "deployment": {"resources": [resource]}})


@pytest.fixture
def run(project: Path) -> Run:
    def invoke(*arguments: str, store: Store | None = None, code: int = 0) -> Result:
        command = [*arguments, "--cwd", str(project)]
        if store is not None:
            (project / "state.json").write_text(state_of(store))
            command += ["--state", str(project / "state.json")]
        result = CliRunner().invoke(artifacts, command, catch_exceptions=False)
        assert result.exit_code == code, f"{arguments}:\n{result.output}"
        return result

    return invoke


def short(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()[:12]}"


def change(project: Path) -> list[str]:
    """Change a file, add one and remove one; returns what is said of it."""
    weights, before, after = project / "weights", b'{"v": 1}', b'{"v": 22}'
    (weights / "config.json").write_text('{"v": 22}')
    (weights / "notes.txt").unlink()
    (weights / "added.txt").write_text("new")
    return [
        f"  + added.txt  {short(b'new')} (3 B)",
        f"  ~ config.json  {short(before)} (8 B) -> {short(after)} (9 B)",
        f"  - notes.txt  {short(b'notes')} (5 B)",
    ]


def test_from_a_preview_to_a_deployment_without_the_files(gateway_store: Store, project: Path, run: Run) -> None:
    (project / "__main__.py").write_text(PROGRAM)
    settings = {"endpoint": gateway_store.endpoint, "bucket": gateway_store.bucket}
    lines = [f"  models:{name}: {value}" for name, value in settings.items()]
    (project / f"Pulumi.{STACK}.yaml").write_text("\n".join(["config:", *lines, ""]))
    sandbox(project, "up", environment={})
    assert run("lock").output == "models/llama is unchanged.\n"

    changed = change(project)
    assert run("lock").output.splitlines() == ["models/llama has changed:", *changed]
    version = read_lock(project / LOCK_FILE).entries["models/llama"].content.default_version
    (project / "weights").rename(project / "elsewhere")
    refused = sandbox(project, "up", environment={}, check=False)
    assert refused.returncode == 1
    assert "run where the files are: modelstore artifacts push llama" in refused.stdout + refused.stderr
    (project / "elsewhere").rename(project / "weights")
    told = run("push", "llama").stdout
    assert told == f"llama {version} (12 B) is in the store: sent 12 B; verified by CRC32 (2 files).\n"
    (project / "weights").rename(project / "elsewhere")
    sandbox(project, "up", environment={})
    outputs = sandbox(project, "outputs", "--json", environment={}).stdout
    assert json.loads(outputs)["version"] == version
    assert "is in the store already" in run("push", "models/llama").stdout
    gateway_store.objects.delete([manifest_key(PREFIX, version)])
    refused = run("push", "llama", code=1).output
    assert "is not in the store, and its source 'weights' is not at hand here" in refused
    assert f"looked for {project / 'weights'}" in refused


def test_push_records_what_it_sent(gateway_store: Store, project: Path, run: Run) -> None:
    record(project, LocalFiles(path="weights"))
    before = (project / LOCK_FILE).read_text()
    assert "sent 13 B" in run("push", "llama", store=gateway_store).stdout
    assert (project / LOCK_FILE).read_text() == before
    assert "is in the store already" in run("push", "llama", store=gateway_store).stdout
    changed = change(project)
    told = run("push", "llama", store=gateway_store).stdout.splitlines()
    assert told[1:] == [f"{LOCK_FILE} has changed; commit it:", *changed]
    entry = read_lock(project / LOCK_FILE).entries["models/llama"]
    assert manifest_key(PREFIX, entry.content.default_version) in gateway_store.listed()
    document = json.loads(run("push", "llama", "--json", store=gateway_store).stdout)
    assert (document["version"], document["lockChanged"]) == (entry.content.default_version, False)


def test_version_that_is_there_with_other_content(gateway_store: Store, project: Path, run: Run) -> None:
    record(project, LocalFiles(path="weights"), version="v1")
    run("push", "llama", store=gateway_store)
    before = (project / LOCK_FILE).read_text()
    change(project)
    refused = run("push", "llama", store=gateway_store, code=1).output
    assert "The version 'v1' is already in the store with other content" in refused
    assert (project / LOCK_FILE).read_text() == before, "what was not sent is not recorded"


def test_interrupted_push_goes_on(gateway_store: Store, proxy: RecordingProxy, project: Path, run: Run) -> None:
    write_parts(project / "weights" / "w.bin", [16 * MIB] * 3)
    record(project, LocalFiles(path="weights"))
    store = gateway_store.via(proxy.endpoint)
    (project / "state.json").write_text(state_of(store))
    command = [MODELSTORE[0], "artifacts", "push", "llama", "--state", "state.json"]
    begun: list[Exchange] = []

    def interrupt(exchange: Exchange) -> Answer | None:
        if exchange.is_part and not begun:
            begun.append(exchange)
            process.send_signal(signal.SIGINT)
        return None

    proxy.before = interrupt
    process = subprocess.Popen(
        command, cwd=project, env=dict(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert "Stopped. What has arrived is kept; run the same command again to go on from there." in err
    assert "Traceback" not in err
    assert not any("manifests" in key for key in gateway_store.listed())
    document = json.loads(run("push", "llama", "--json", store=gateway_store).stdout)
    assert document["sentBytes"] + document["keptBytes"] == 48 * MIB + 13
    assert document["keptBytes"] >= 16 * MIB


def test_hub_that_moved(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HF_ENDPOINT", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    with running_hub() as hub:
        repository = hub.repositories["owner/name"] = Repository()
        first = repository.push({"config.json": b"{}"})
        record(project, HuggingFace(repo="owner/name", endpoint=hub.endpoint))
        second = repository.push({"config.json": b"{1}"})
        assert run("lock", "llama").stdout == "models/llama is unchanged.\n"
        assert run("lock", "llama", "--refresh-lock").stdout == (
            "models/llama has changed:\n"
            f"  ~ revision: {first} -> {second}\n"
            f"  ~ config.json  {short(b'{}')} (2 B) -> {short(b'{1}')} (3 B)\n"
        )
    entry = read_lock(project / LOCK_FILE).entries["models/llama"]
    assert entry.sources[0].pinned["revision"] == second
    assert entry.sources[0].declared["revision"] == "main"


def test_revisions_of_fills_stay_as_they_are(project: Path, run: Run) -> None:
    record(project, LocalFiles(path="weights"))
    record(project, LocalFiles(path="weights"), name="old")
    update_revision(project / LOCK_FILE, LockedRevision("http://127.0.0.1:9/org/llama@main", "c" * 40))
    change(project)
    assert "org/llama" not in run("lock", "--refresh-lock").output
    run("lock", "--drop", "old")
    assert read_lock(project / LOCK_FILE).revisions == {"http://127.0.0.1:9/org/llama@main": "c" * 40}
    assert "says nothing of an artifact 'org/llama@main'" in run("lock", "org/llama@main", code=1).output


def test_source_that_is_not_at_hand_stays(project: Path, run: Run) -> None:
    record(project, LocalFiles(path="weights"))
    before = (project / LOCK_FILE).read_text()
    (project / "weights").rename(project / "elsewhere")
    told = run("lock", code=1).output
    assert told.startswith("models/llama is not at hand here, and stays as it is: there is no such file or folder")
    assert (project / LOCK_FILE).read_text() == before


def test_lock_file_that_the_stack_names(project: Path, run: Run) -> None:
    (project / "Pulumi.prod.yaml").write_text("config:\n  modelstore:lockFile: prod.lock\n")
    record(project, LocalFiles(path="weights"))
    (project / LOCK_FILE).rename(project / "prod.lock")
    assert run("lock", "--stack", "prod").output == "models/llama is unchanged.\n"
    assert "it has none, or is not there" in run("lock", "llama", code=1).output


def test_artifacts_that_are_dropped_or_unknown(project: Path, run: Run) -> None:
    record(project, LocalFiles(path="weights"))
    record(project, LocalFiles(path="weights"), name="old")
    assert run("lock", "--drop", "old").output == "Dropped: models/old.\n"
    assert list(read_lock(project / LOCK_FILE).entries) == ["models/llama"]
    refused = run("lock", "old", code=1).output
    assert "says nothing of an artifact 'old': it has models/llama" in refused
    (project / LOCK_FILE).write_text("<<<<<<< ours\n")
    assert "marks of an unresolved merge" in run("lock", code=1).output
