"""`modelstore artifacts` as a user runs it, on a stack that the sandbox deployed to versitygw."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pty
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provider.recording_proxy import Answer, Exchange, RecordingProxy, recording_proxy
from provider.stores import MIB, Store, write_parts
from pulumi_modelstore.cli.artifacts import artifacts
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.manifest import Manifest
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.artifacts.upload import UploadRequest, upload_version
from sandbox.artifacts.checkout import store_key
from sandbox_command import MODELSTORE, STACK, sandbox
from servers.versitygw import VersityGateway

PREFIX = "team/models/llama/"
PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s
from pulumi_modelstore import AccessKeyPair, Gpu, GpuInferenceService, ModelArtifact, S3Compatible, StorageNamespace
config = pulumi.Config()
bucket = config.require("bucket")
models, archive = (
    StorageNamespace(name, backend=S3Compatible(
        endpoint=config.require("endpoint"), bucket=name_of, prefix="team", credentials="env:DEPLOYER",
    ))
    for name, name_of in (("models", bucket), ("archive", f"{bucket}-archive"))
)
tags = {"latest": "stable", "stable": None}
llama = ModelArtifact("llama", namespace=models, source="weights", version="v3", tags=tags, keep_versions=1)
k8s.core.v1.ConfigMap("chat", data={"STORAGE_URI": llama.uri}, opts=pulumi.ResourceOptions(depends_on=[llama]))
k8s.batch.v1.Job("scoring", spec={"template": {"spec": {"restartPolicy": "Never", "containers": [
    {"name": "c", "image": "i", "args": [f"--model=s3://{bucket}/team/models/llama/v1"]},
]}}})
"""


@dataclass(frozen=True)
class Deployed:
    """A stack with the models' namespace behind a proxy, an earlier version that a Job reads, and one of no use."""

    project: Path
    store: Store
    proxy: RecordingProxy
    digests: dict[str, str]

    def run(self, *arguments: str, code: int = 0) -> Result:
        command = [*arguments, "--cwd", str(self.project), "--namespace", "models"]
        result = CliRunner().invoke(artifacts, command, catch_exceptions=False)
        assert result.exit_code == code, f"{arguments}:\n{result.output}"
        return result


def send(store: Store, folder: Path, version: str) -> str:
    content = read_source(folder, base=folder)
    upload_version(store.objects, UploadRequest(PREFIX, version, content.as_inputs(), str(folder)))
    return content.tree_digest


@pytest.fixture(scope="module")
def stack(versitygw: VersityGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    project = tmp_path_factory.mktemp("artifacts")
    bucket = f"models-{secrets.token_hex(4)}"
    weights = project / "weights"
    write_parts(weights / "model.safetensors", [16 * MIB, 7])
    (weights / "config.json").write_text('{"v": 1}')
    keys = {"ACCESS_KEY_ID": versitygw.access_key_id, "SECRET_ACCESS_KEY": versitygw.secret_access_key}
    with recording_proxy(versitygw.endpoint) as proxy, pytest.MonkeyPatch.context() as patch:
        for name, value in keys.items():
            patch.setenv(f"DEPLOYER_{name}", value)
        patch.setenv("MODELSTORE_CACHE_HOME", str(project / "cache"))
        client = versitygw.client()
        client.create_bucket(Bucket=bucket)
        store = Store(versitygw.endpoint, bucket, client, "env:DEPLOYER")
        digests = {}
        for version in ("v1", "v2", "v3"):
            (weights / "config.json").write_text(f'{{"v": "{version}"}}')
            digests[version] = (
                send(store, weights, version) if version != "v3" else read_source(weights, base=weights).tree_digest
            )
        (project / "Pulumi.yaml").write_text("name: models\nruntime: python\n")
        (project / "__main__.py").write_text(PROGRAM)
        lines = [f"  models:{key}: {value}" for key, value in (("endpoint", proxy.endpoint), ("bucket", bucket))]
        (project / f"Pulumi.{STACK}.yaml").write_text("\n".join(["config:", *lines, ""]))
        sandbox(project, "up", environment={})
        yield Deployed(project, store, proxy, digests)


@pytest.fixture
def deployed(stack: Deployed, versitygw: VersityGateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    monkeypatch.setenv("DEPLOYER_ACCESS_KEY_ID", versitygw.access_key_id)
    monkeypatch.setenv("DEPLOYER_SECRET_ACCESS_KEY", versitygw.secret_access_key)
    stack.proxy.exchanges.clear()
    yield stack
    stack.proxy.before = lambda exchange: None
    stack.proxy.after = lambda exchange, answer: answer


def digest_of(content: Path | bytes) -> str:
    body = content if isinstance(content, bytes) else content.read_bytes()
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def without_times(text: str) -> str:
    return re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d", "<when>          ", text)


def test_list(deployed: Deployed) -> None:
    assert without_times(deployed.run("list").output) == (
        "MODEL  VERSION  SIZE     FILES  MODIFIED (UTC)    TAGS            USED BY                              NOTE\n"
        "llama  v3       16.8 MB  2      <when>            latest, stable  ConfigMap/chat, ModelArtifact/llama\n"
        f"llama  v2       16.8 MB  2      <when>          {' ' * 55}may be pruned\n"
        "llama  v1       16.8 MB  2      <when>                            Job/scoring\n"
    )
    document = json.loads(deployed.run("list", "llama", "--json").output)
    (model,) = document["models"]
    assert (document["namespace"], model["model"], model["keepVersions"]) == ("models", "llama", 1)
    assert {v["version"]: v["digest"] for v in model["versions"]} == deployed.digests
    assert model["tags"] == {"latest": "stable", "stable": "v3"}
    assert [version["version"] for version in model["versions"] if version["mayBePruned"]] == ["v2"]


def test_show(deployed: Deployed) -> None:
    shown = without_times(deployed.run("show", "llama", "latest").output)
    config, weights = (digest_of(deployed.project / "weights" / n) for n in ("config.json", "model.safetensors"))
    assert shown == (
        "version   v3\n"
        f"place     s3://{deployed.store.bucket}/team/models/llama/v3/ at {deployed.proxy.endpoint}\n"
        f"digest    {deployed.digests['v3']}\n"
        "size      16.8 MB in 2 files\n"
        "modified  <when>           UTC\n"
        "tag       latest -> stable -> v3\n"
        "tag       stable -> v3\n"
        "used by   ConfigMap/chat\n"
        "used by   ModelArtifact/llama\n"
        "\n"
        "DIGEST                                                                   SIZE     FILE\n"
        f"{config}  11 B     config.json\n"
        f"{weights}  16.8 MB  model.safetensors\n"
    )
    document = json.loads(deployed.run("show", "llama", "v1", "--json").output)
    assert document["usedBy"] == ["Job/scoring"]
    assert [file["path"] for file in document["contents"]] == ["config.json", "model.safetensors"]
    assert (
        "has no version or tag 'v9'; it has v3, v2, v1, latest, stable"
        in deployed.run("show", "llama", "v9", code=1).output
    )
    assert "has no model 'mistral'" in deployed.run("show", "mistral", code=1).output


def test_tags_that_lead_nowhere_or_in_a_circle(deployed: Deployed) -> None:
    tags = {"old": "gone", "a": "b", "b": "a", "v2": "v1", "odd": "v2", "broken": "no name!"}
    keys = [f"{PREFIX}tags/{tag}" for tag in tags]
    for key, target in zip(keys, tags.values(), strict=True):
        deployed.store.objects.put(key, target.encode(), content_type="text/plain")
    try:
        assert deployed.run("tags", "llama").output == (
            "a -> b -> a  (goes in a circle)\n"
            "b -> a -> b  (goes in a circle)\n"
            "broken  (its object holds no name)\n"
            "latest -> stable -> v3\n"
            "odd -> v2  (is both a tag and a version)\n"
            "old -> gone  (leads nowhere)\n"
            "stable -> v3\n"
            "v2  (is both a tag and a version)\n"
        )
        states = {
            tag["tag"]: tag["state"] for tag in json.loads(deployed.run("tags", "llama", "--json").output)["tags"]
        }
        assert states["old"] == "dangling"
        assert (
            "the tag old -> gone leads to no version (dangling)" in deployed.run("show", "llama", "old", code=1).output
        )
    finally:
        deployed.store.objects.delete(keys)


def test_pull(deployed: Deployed, tmp_path: Path) -> None:
    target = tmp_path / "there"
    done = deployed.run("pull", "llama", "latest", "--to", str(target))
    assert done.stdout == f"llama v3 is in {target}: 2 files, 16.8 MB, all digests right; fetched 16.8 MB\n"
    assert re.fullmatch(r"(downloading \d+% of 16\.8 MB.*\n)+", done.stderr)
    assert done.stderr.splitlines()[-1].startswith("downloading 100% of 16.8 MB")
    assert read_source(target, base=target).tree_digest == deployed.digests["v3"]
    again = deployed.run("pull", "llama", "v3", "--to", str(target), "--json")
    assert again.stderr == ""
    assert json.loads(again.stdout)["keptFiles"] == 2
    refused = deployed.run("pull", "llama", "v2", "--to", str(target), code=1)
    assert "files of other content are there: config.json" in refused.output
    deployed.run("pull", "llama", "v2", "--to", str(target), "--overwrite")
    assert read_source(target, base=target).tree_digest == deployed.digests["v2"]


def test_bar_on_a_terminal(deployed: Deployed, tmp_path: Path) -> None:
    command = [MODELSTORE[0], "artifacts", "pull", "llama", "v1", "--to", str(tmp_path), "--namespace", "models"]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=deployed.project, env=dict(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    # The terminal's other end is gone when the process is: Linux calls that an error.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    assert process.communicate(timeout=60)[0].startswith(b"llama v1 is in")
    assert process.returncode == 0
    assert re.search(r"\[#+\] +downloading 100% of 16\.8 MB", shown.decode())


def test_interrupted_pull(deployed: Deployed, tmp_path: Path) -> None:
    target = tmp_path / "there"
    command = [MODELSTORE[0], "artifacts", "pull", "llama", "v3", "--to", str(target), "--namespace", "models"]
    begun = []

    def interrupt(exchange: Exchange) -> Answer | None:
        if exchange.path.endswith("model.safetensors") and not begun:
            begun.append(exchange)
            process.send_signal(signal.SIGINT)
        return None

    deployed.proxy.before = interrupt
    process = subprocess.Popen(
        command, cwd=deployed.project, env=dict(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert f"Stopped. What has arrived is kept in {target}; run the same command again to go on from there." in err
    assert "Traceback" not in err
    deployed.run("pull", "llama", "v3", "--to", str(target))
    assert read_source(target, base=target).tree_digest == deployed.digests["v3"]


def test_verify(deployed: Deployed) -> None:
    told = deployed.run("verify", "llama").stdout
    assert deployed.run("verify").stdout == told
    assert told == "".join(
        f"llama {version}: all 2 files (16.8 MB) are what the manifest says\n" for version in ("v3", "v2", "v1")
    )
    client, bucket = deployed.store.client, deployed.store.bucket
    kept = {name: deployed.store.body(f"{PREFIX}v2/{name}") for name in ("config.json", "model.safetensors")}
    damaged = kept["model.safetensors"][:-1] + b"?"
    client.put_object(Bucket=bucket, Key=f"{PREFIX}v2/model.safetensors", Body=damaged)
    client.put_object(Bucket=bucket, Key=f"{PREFIX}v2/notes.txt", Body=b"extra")
    client.delete_object(Bucket=bucket, Key=f"{PREFIX}v2/config.json")
    found = json.loads(deployed.run("verify", "llama", "v2", "--json", code=1).stdout)
    (version,) = found["versions"]
    assert not version["right"]
    assert [(fault["path"], fault["kind"]) for fault in version["faults"]] == [
        ("config.json", "missing"),
        ("model.safetensors", "digest"),
        ("notes.txt", "extra"),
    ]
    client.put_object(Bucket=bucket, Key=f"{PREFIX}v2/config.json", Body=b"{}")
    assert deployed.run("verify", "llama", "v2", code=1).stdout == (
        "llama v2: config.json has another size: 2 bytes\n"
        f"llama v2: model.safetensors has another digest: {digest_of(damaged)}\n"
        "llama v2: notes.txt is no part of the version: 5 bytes\n"
    )
    client.delete_object(Bucket=bucket, Key=f"{PREFIX}v2/notes.txt")
    for name, body in kept.items():
        client.put_object(Bucket=bucket, Key=f"{PREFIX}v2/{name}", Body=body)
    deployed.run("verify", "llama", "v2")


def test_prune(deployed: Deployed) -> None:
    before = deployed.store.listed()
    assert deployed.run("prune", "llama", "--keep", "3").output.splitlines()[-1] == "None is to go."
    assert deployed.run("prune", "llama").output == (
        "VERSION  SIZE            WHY\n"
        "v3       16.8 MB  stays  tag latest; tag stable; ConfigMap/chat; ModelArtifact/llama; the newest\n"
        "v2       16.8 MB  goes\n"
        "v1       16.8 MB  stays  Job/scoring\n"
        "Nothing was deleted. With --yes 16.8 MB of 'llama' go.\n"
    )
    refused = deployed.run("prune", "llama", "v1", "v2", "--yes", code=1).output
    assert "The version 'v1' of 'llama' cannot be pruned: it is used by Job/scoring" in refused
    assert "has no version 'v7'" in deployed.run("prune", "llama", "v7", "--yes", code=1).output
    assert deployed.store.listed() == before
    deployed.proxy.exchanges.clear()
    assert deployed.run("prune", "llama", "--keep", "1", "--yes").output == "Deleted llama v2: 2 files.\n"
    bodies = [e.body for e in deployed.proxy.exchanges if e.method == "POST"]
    assert b"manifests/v2.json" in bodies[0], "the manifest goes first"
    assert set(before) - set(deployed.store.listed()) == {
        f"{PREFIX}manifests/v2.json", f"{PREFIX}v2/config.json", f"{PREFIX}v2/model.safetensors"
    }  # fmt: skip
    assert "every version of 'llama' is to stay" in deployed.run("prune", "llama", "--keep", "1", "--yes").output
    send(deployed.store, deployed.project / "weights", "v2")


def test_what_a_cut_off_upload_has_left(deployed: Deployed) -> None:
    content = read_source(deployed.project / "weights", base=deployed.project)
    objects, place = deployed.store.objects, f"{PREFIX}v0/config.json"
    own = {"sha256": content.files[0].digest.removeprefix("sha256:")}
    objects.put(place, b"{}", content_type="text/plain", metadata=own)
    objects.put(f"{PREFIX}v0/theirs", b"{}", content_type="text/plain")
    try:
        assert "v0       4 B      2" in deployed.run("list").output
        assert "without a manifest: an upload is under way, or was cut off" in deployed.run("list").output
        assert "is not whole" in deployed.run("pull", "llama", "v0", code=1).output
        assert deployed.run("prune", "llama", "v0", "--yes").output == "Deleted llama v0: 1 files.\n"
        assert [key for key in deployed.store.listed() if "/v0/" in key] == [f"{PREFIX}v0/theirs"]
    finally:
        objects.delete([f"{PREFIX}v0/theirs"])


def test_names_that_steer_a_terminal(deployed: Deployed) -> None:
    name = "a\x1b[2Jb"
    entry = FileEntry(name, 0, f"sha256:{hashlib.sha256(b'').hexdigest()}")
    manifest = Manifest("evil", "v1", Content((entry,)))
    key = "team/models/evil/manifests/v1.json"
    deployed.store.objects.put(key, manifest.to_json().encode(), content_type="application/json")
    try:
        for command in (("show", "evil"), ("verify", "evil"), ("pull", "evil")):
            output = (
                CliRunner()
                .invoke(artifacts, [*command, "--cwd", str(deployed.project), "--namespace", "models"], color=True)
                .output
            )
            assert "\x1b" not in output
            assert "a\\x1b[2Jb" in output
    finally:
        deployed.store.objects.delete([key])


def test_model_that_is_no_artifact_of_the_stack(deployed: Deployed) -> None:
    content = read_source(deployed.project / "weights", base=deployed.project)
    prefix = "team/models/foreign/"
    upload_version(
        deployed.store.objects, UploadRequest(prefix, "v1", content.as_inputs(), str(deployed.project / "weights"))
    )
    try:
        assert "nothing says how many versions of 'foreign' to keep" in deployed.run("prune", "foreign", code=1).output
        assert deployed.run("list", "foreign").output.count("may be pruned") == 0
        assert deployed.run("prune", "foreign", "v1", "--yes").output == "Deleted foreign v1: 2 files.\n"
        assert "has no model 'foreign'" in deployed.run("show", "foreign", code=1).output
    finally:
        deployed.store.objects.delete([key for key in deployed.store.listed() if key.startswith(prefix)])


def test_namespace_that_is_not_clear(deployed: Deployed) -> None:
    result = CliRunner().invoke(artifacts, ["list", "--cwd", str(deployed.project)])
    assert result.exit_code == 1
    assert "pass --namespace, one of archive, models" in result.output
    result = CliRunner().invoke(artifacts, ["list", "--cwd", str(deployed.project), "--namespace", "archive"])
    assert result.output == "The namespace 'archive' has no model.\n"


def test_reader_may_look_and_delete_nothing(
    deployed: Deployed, versitygw: VersityGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store_key(versitygw, deployed.store.bucket, write=False)
    for name, value in key.items():
        monkeypatch.setenv(name.replace("STORE_", "READER_"), value)
    monkeypatch.delenv("DEPLOYER_SECRET_ACCESS_KEY")
    reader = ("--credentials", "env:READER")
    for command in (("list",), ("show", "llama"), ("tags", "llama"), ("verify", "llama", "v3"), ("prune", "llama")):
        deployed.run(*command, *reader)
    deployed.run("pull", "llama", "v3", "--to", str(tmp_path / "there"), *reader)
    before = deployed.store.client.list_objects_v2(Bucket=deployed.store.bucket)["KeyCount"]
    refused = deployed.run("prune", "llama", "v2", "--yes", *reader, code=1).output
    assert "AccessDenied" in refused
    assert key["STORE_SECRET_ACCESS_KEY"] not in refused
    assert deployed.store.client.list_objects_v2(Bucket=deployed.store.bucket)["KeyCount"] == before


def test_credentials_that_are_not_there(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEPLOYER_SECRET_ACCESS_KEY")
    refused = deployed.run("list", code=1).output
    assert "namespace models" in refused
    assert "DEPLOYER_SECRET_ACCESS_KEY not set" in refused
