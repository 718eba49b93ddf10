"""`modelstore doctor` as a user runs it, on stacks that the sandbox deployed."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provider.recording_proxy import Answer, Exchange, RecordingProxy, recording_proxy
from pulumi_modelstore_provider.doctor.subject import FOLDER
from sandbox_command import MODELSTORE, STACK, sandbox
from servers.versitygw import VersityGateway

DOCTOR = [MODELSTORE[0], "doctor"]
QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
PROGRAM = """
import pulumi
from pulumi_modelstore import S3Compatible, StorageNamespace
config = pulumi.Config()
for name in ("models", "archive"):
    StorageNamespace(name, backend=S3Compatible(
        endpoint=config.require("endpoint"), bucket=config.require(name), prefix="team", credentials="env:DEPLOYER",
    ))
"""


@dataclass(frozen=True)
class Deployed:
    """A stack with the namespaces `models` and `archive` behind a proxy, each in a bucket of its own."""

    project: Path
    gateway: VersityGateway
    proxy: RecordingProxy
    environment: dict[str, str]
    bucket: str
    archive: str

    def keys(self) -> list[str]:
        listed = self.gateway.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [item["Key"] for item in listed]

    def uploads(self) -> list[str]:
        listed = self.gateway.client().list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        return [item["Key"] for item in listed]

    def begun(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*DOCTOR, "models", *arguments],
            cwd=self.project,
            env=os.environ | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def examined(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        process = self.begun(*arguments, **environment)
        out, err = process.communicate(timeout=120)
        assert self.gateway.secret_access_key not in out + err
        return process.returncode, out, err

    def key_to(self, *resources: str) -> dict[str, str]:
        """A new reader's key, as `--key env:READER` takes it."""
        iam = self.gateway.client("iam")
        user = f"reader-{secrets.token_hex(4)}"
        iam.create_user(UserName=user)
        allowed = [f"arn:aws:s3:::{name}" for name in resources]
        statement = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": allowed}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return {"READER_ACCESS_KEY_ID": key["AccessKeyId"], "READER_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.fixture(scope="module")
def stack(versitygw: VersityGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    project = tmp_path_factory.mktemp("doctor")
    (project / "Pulumi.yaml").write_text("name: doctor\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    bucket, archive = f"models-{secrets.token_hex(4)}", f"archive-{secrets.token_hex(4)}"
    with recording_proxy(versitygw.endpoint) as proxy:
        settings = {"endpoint": proxy.endpoint, "models": bucket, "archive": archive}
        lines = [f"  doctor:{name}: {value}" for name, value in settings.items()]
        (project / "Pulumi.dev.yaml").write_text("\n".join(["config:", *lines, ""]))
        environment = {
            "DEPLOYER_ACCESS_KEY_ID": versitygw.access_key_id,
            "DEPLOYER_SECRET_ACCESS_KEY": versitygw.secret_access_key,
        }
        sandbox(project, "up", environment=environment)
        yield Deployed(project, versitygw, proxy, environment, bucket, archive)


@pytest.fixture
def deployed(stack: Deployed) -> Iterator[Deployed]:
    stack.proxy.exchanges.clear()
    yield stack
    stack.proxy.before = lambda exchange: None
    stack.proxy.after = lambda exchange, answer: answer


def test_sound_namespace(deployed: Deployed) -> None:
    code, out, err = deployed.examined()
    assert (code, err) == (0, ""), out
    rows = {line[:18].strip(): line[20:].split("  ")[0].strip() for line in out.splitlines()[1:-1]}
    assert rows.pop("key scope") == "skipped"
    assert set(rows.values()) == {"ok"}
    assert len(rows) == 11
    assert out.splitlines()[-1] == "All that is needed works."
    assert deployed.keys() == []
    written = [e.path for e in deployed.proxy.exchanges if e.method in ("PUT", "POST") and "?delete" not in e.path]
    assert written
    assert all(path.startswith(f"/{deployed.bucket}/team/{FOLDER}") for path in written)


def test_readers_key_and_its_scope(deployed: Deployed) -> None:
    good = deployed.key_to(deployed.bucket, f"{deployed.bucket}/team/*")
    code, out, _ = deployed.examined("--key", "env:READER", "--json", **good)
    scope = next(check for check in json.loads(out)["checks"] if check["check"] == "key scope")
    assert (code, scope["result"]) == (0, "ok")
    # The stack's other namespace is where a key must not reach.
    assert scope["answer"].startswith(f"reads here; refused in bucket {deployed.archive}")
    wide = deployed.key_to(deployed.bucket, f"{deployed.bucket}/*", deployed.archive)
    code, out, err = deployed.examined("--key", "env:READER", **wide)
    assert code == 1
    assert f"lists bucket {deployed.archive}, too" in out
    assert out.splitlines()[-1] == "Does not work: key scope."
    assert wide["READER_SECRET_ACCESS_KEY"] not in out + err
    assert deployed.keys() == []


def test_credentials_that_are_not_there(deployed: Deployed) -> None:
    code, out, _ = deployed.examined(DEPLOYER_SECRET_ACCESS_KEY="")
    assert code == 1
    assert "DEPLOYER_SECRET_ACCESS_KEY not set" in out
    key = {f"OTHER_{name}": deployed.environment[f"DEPLOYER_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}
    code, out, _ = deployed.examined("--credentials", "env:OTHER", DEPLOYER_SECRET_ACCESS_KEY="", **key)
    assert code == 0, out


class Held:
    """Holds the first part of the first upload that the proxy sees until it is let go."""

    def __init__(self, proxy: RecordingProxy) -> None:
        self.came, self.let_go = threading.Event(), threading.Event()
        proxy.before = self

    def __call__(self, exchange: Exchange) -> Answer | None:
        if exchange.is_part and not self.came.is_set():
            self.came.set()
            self.let_go.wait(60)
        return None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_interrupted_command_leaves_nothing(deployed: Deployed, number: signal.Signals) -> None:
    held = Held(deployed.proxy)
    process = deployed.begun()
    try:
        assert held.came.wait(60)
        assert deployed.keys()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        held.let_go.set()
        process.kill()
    assert process.returncode == 1
    assert "Aborted!" in err
    assert "nothing is left behind" in out
    assert "Traceback" not in out + err
    assert (deployed.keys(), deployed.uploads()) == ([], [])


def test_command_after_a_killed_one_removes_what_that_left(deployed: Deployed) -> None:
    held = Held(deployed.proxy)
    process = deployed.begun()
    try:
        assert held.came.wait(60)
    finally:
        process.kill()
        process.communicate()
        held.let_go.set()
    assert deployed.keys()
    assert deployed.uploads()
    deployed.proxy.before = lambda exchange: None
    code, out, _ = deployed.examined()
    assert code == 0
    assert "2 left by an earlier run, removed" in out
    assert (deployed.keys(), deployed.uploads()) == ([], [])


def test_namespace_on_the_sandboxs_aws(tmp_path: Path, sandbox_home: Path) -> None:
    project = tmp_path / "quickstart"
    shutil.copytree(QUICKSTART, project, ignore=shutil.ignore_patterns(".sandbox", "model", "__pycache__"))
    environment = {"MODELSTORE_SANDBOX_HOME": str(sandbox_home)}
    sandbox(project, "up", environment=environment)
    exported = json.loads(sandbox(project, "outputs", "--json", "--show-secrets", environment=environment).stdout)
    key = {"READER_ACCESS_KEY_ID": exported["access_key_id"], "READER_SECRET_ACCESS_KEY": exported["secret_access_key"]}
    done = subprocess.run(
        [*DOCTOR, "models", "--stack", STACK, "--key", "env:READER", "--json"],
        cwd=project,
        env=os.environ | environment | key,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "it is a stand-in" in done.stderr
    checks = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["key scope"]["result"] == "ok"
    assert checks["key scope"]["answer"].startswith("reads here")
    assert checks["checksums"]["result"] == "not supported"
    assert exported["secret_access_key"] not in done.stdout + done.stderr
