"""The executables as any engine would use them: started, dialled, asked."""

from __future__ import annotations

import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_modelstore_sandbox.aws import server
from pulumi_modelstore_sandbox.plugins.command import plugins

BUCKET_URN = "urn:pulumi:dev::project::aws:s3/bucket:Bucket::models"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    project = tmp_path_factory.mktemp("a folder")
    (project / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    made = project / "plugins"
    result = CliRunner().invoke(plugins, [str(made), "--cwd", str(project)])
    assert result.exit_code == 0, result.output
    assert f". '{made}/activate'" in result.output
    yield made
    server.stop(project / ".sandbox")


@contextmanager
def started(executable: Path, **options: Any) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    process = subprocess.Popen(
        [executable, "127.0.0.1:1", "--logtostderr"], stdout=subprocess.PIPE, text=True, **options
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def test_a_shell_that_read_activate_knows_the_stand_ins_alone(folder: Path) -> None:
    file = folder / "activate"
    assert file.stat().st_mode & 0o777 == 0o600
    shown = subprocess.run(
        ["sh", "-c", '. "$1" && command -v pulumi-resource-aws && env', "sh", file],
        env={
            "PATH": "/usr/bin:/bin",
            "AWS_PROFILE": "mine",
            "AWS_ACCESS_KEY_ID": "mine",
            "HTTPS_PROXY": "http://proxy",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert shown[0] == str(folder / "pulumi-resource-aws")
    seen = dict(line.split("=", 1) for line in shown[1:])
    endpoint = server.ensure_running(folder.parent / ".sandbox")
    assert seen["AWS_ENDPOINT_URL"] == endpoint.url
    assert seen["AWS_ACCESS_KEY_ID"] == endpoint.access_key_id
    assert seen["MODELSTORE_SANDBOX_HOME"] == str(folder.parent / ".sandbox")
    assert "AWS_PROFILE" not in seen
    assert "127.0.0.1" in seen["NO_PROXY"]


def test_plugins_need_a_project(tmp_path: Path) -> None:
    result = CliRunner().invoke(plugins, [str(tmp_path / "plugins"), "--cwd", str(tmp_path)])
    assert result.exit_code == 1
    assert "Pulumi.yaml" in result.output
    assert not (tmp_path / "plugins").exists()


@pytest.mark.parametrize("package", ["aws", "kubernetes"])
def test_an_executable_serves_its_package(folder: Path, package: str, tmp_path: Path) -> None:
    # A module of the program's own folder, where the CLI starts plugins, is not taken for an installed one.
    (tmp_path / "pulumi.py").write_text("raise SystemExit('the wrong module')")
    with started(folder / f"pulumi-resource-{package}", cwd=tmp_path) as stub:
        assert stub.GetPluginInfo(empty_pb2.Empty()).version == version(f"pulumi-{package}")
        schema = stub.GetSchema(provider_pb2.GetSchemaRequest()).schema
        assert f'"name": "{package}"' in schema
        with pytest.raises(grpc.RpcError) as failed:
            stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
        # The answer on which an engine falls back to Configure.
        assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_plugin_starts_its_own_aws_beside_pulumi_yaml(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    program = tmp_path / "program"
    program.mkdir()
    try:
        with started(folder / "pulumi-resource-aws", cwd=program) as stub:
            stub.Configure(provider_pb2.ConfigureRequest(acceptSecrets=True, args=struct({"region": "eu-west-1"})))
            check = provider_pb2.CheckRequest(urn=BUCKET_URN, news=struct({"bucket": "models"}), randomSeed=b"s")
            inputs = stub.Check(check).inputs
            assert inputs["region"] == "eu-west-1"
            assert not server.is_running(tmp_path / ".sandbox")
            created = stub.Create(provider_pb2.CreateRequest(urn=BUCKET_URN, properties=inputs))
            assert created.id == "models"
            assert server.is_running(tmp_path / ".sandbox")
            # Errors arrive as the message alone, without the traceback that the SDK would add.
            with pytest.raises(grpc.RpcError) as refused:
                stub.Create(provider_pb2.CreateRequest(urn=BUCKET_URN, properties=inputs))
            assert refused.value.details().startswith("AWS did not create the bucket (models).")
            assert "Traceback" not in refused.value.details()
            assert 'File "' not in refused.value.details()
    finally:
        server.stop(tmp_path / ".sandbox")


def test_a_plugin_ends_with_its_engine(folder: Path) -> None:
    engine = subprocess.Popen(
        ["sh", "-c", f"'{folder}/pulumi-resource-aws' 127.0.0.1:1 & echo $!; wait"], stdout=subprocess.PIPE, text=True
    )
    assert engine.stdout is not None
    plugin = int(engine.stdout.readline())
    int(engine.stdout.readline())
    engine.kill()
    engine.wait()
    # The pipe ends when the last process that writes to it does.
    assert select.select([engine.stdout], [], [], 30)[0], f"the plugin (process {plugin}) is still there"
    assert engine.stdout.read() == ""
    engine.stdout.close()
