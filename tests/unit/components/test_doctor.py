"""`modelstore doctor` as far as it goes without a store: the state that it reads, and what it says where that fails."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pulumi_modelstore.cli.declared_namespace import Declared, declared_in
from pulumi_modelstore.cli.doctor import doctor
from pulumi_modelstore.cli.stack_configuration import configuration_of
from pulumi_modelstore_provider.doctor import examination
from pulumi_modelstore_provider.doctor.findings import Finding
from pulumi_modelstore_provider.errors import CredentialsUnavailable

SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
SEALED = {**SIGNATURE, "ciphertext": "v1:abc"}
CONNECTION = {"endpoint": "http://127.0.0.1:1", "credentials": "env:NOWHERE", "addressing": "path"}


def namespace(name: str = "models", **outputs: Any) -> dict[str, Any]:
    told = {"name": name, "backend": "s3-compatible", "bucket": f"{name}-bucket", "prefix": "team"}
    return {
        "urn": f"urn:pulumi:dev::shop::modelstore:index:StorageNamespace::{name}",
        "type": "modelstore:index:StorageNamespace",
        "outputs": {**told, "connection": CONNECTION, **outputs},
    }


def key(secret: Any, **outputs: Any) -> dict[str, Any]:
    place = {"bucket": "models-bucket", "prefix": "team", "connection": {"endpoint": "http://127.0.0.1:2"}}
    return {
        "urn": "urn:pulumi:dev::shop::pulumi-python:modelstore:AccessKeyReady::models-reader-ready",
        "type": "pulumi-python:dynamic/modelstore:AccessKeyReady",
        "outputs": {**place, "accessKeyId": "AKIA1", "secretAccessKey": secret, **outputs},
    }


def text_of(*resources: dict[str, Any]) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(doctor, list(arguments), input=stdin)


def found(*resources: dict[str, Any], credentials: str | None = None) -> Declared:
    return declared_in(resources, "models", credentials=credentials)


def test_place_of_a_namespace_is_read() -> None:
    declared = found(namespace(), namespace("archive"), namespace("far", connection={"endpoint": "http://far:1"}))
    assert (declared.kind, declared.bucket, declared.prefix) == ("s3-compatible", "models-bucket", "team")
    assert (declared.project, declared.stack) == ("shop", "dev")
    assert declared.namespace.connection.to_inputs() == CONNECTION | {"region": "us-east-1", "verifyTls": True}
    assert list(declared.namespace.other_buckets) == ["models-bucket", "archive-bucket"]
    assert declared.key is None


def test_stores_of_other_families_are_read() -> None:
    azure = {"kind": "azure-blob", "account": "models", "credentials": "default"}
    assert found(namespace(connection=azure)).namespace.connection.address == "https://models.blob.core.windows.net"
    google = {"kind": "gcs", "credentials": "default"}
    assert found(namespace(connection=google)).namespace.connection.address == "https://storage.googleapis.com"


def test_other_credentials_take_the_place_of_the_declared_ones() -> None:
    assert found(namespace(), credentials="env:OTHER").namespace.connection.credentials == "env:OTHER"


def test_key_is_read_where_the_state_was_exported_with_secrets() -> None:
    declared = found(namespace(), key({**SIGNATURE, "plaintext": '"hush-hush-hush"'}))
    assert declared.key is not None
    assert (declared.key.access_key_id, declared.key.secret_access_key) == ("AKIA1", "hush-hush-hush")
    assert declared.namespace.key_connection is not None
    assert declared.namespace.key_connection.address == "http://127.0.0.1:2"
    assert "hush-hush-hush" not in repr(declared)


@pytest.mark.parametrize("other", [key(SEALED), key("s3cret", bucket="another"), key("s3cret", prefix="another")])
def test_sealed_keys_and_those_of_others_are_not_taken(other: dict[str, Any]) -> None:
    assert found(namespace(), other).key is None


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ([], "no storage namespace 'models': it has none; deploy the stack first"),
        ([namespace("archive"), namespace("other")], "no storage namespace 'models': it has archive, other"),
        ([{**namespace(), "delete": True}], "no storage namespace 'models'"),
        ([namespace(connection=None)], "deploy the stack once with this version of the package"),
        ([namespace(connection=SEALED)], "how 'models' is reached is sealed in the state"),
        ([namespace(connection={"endpoint": SEALED})], "endpoint of 'models' is sealed in the state"),
        ([namespace(bucket=SEALED)], "the bucket of 'models' is sealed in the state"),
        (
            [namespace(connection={"endpoint": "ftp://x"})],
            "how 'models' is reached is not valid: endpoint: an endpoint",
        ),
        ([namespace(connection={"kind": "tape"})], "how 'models' is reached is not valid"),
    ],
)
def test_state_that_does_not_say_enough(resources: list[dict[str, Any]], words: str) -> None:
    result = run("models", "--state", "-", stdin=text_of(*resources))
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("AKIA1:secret-pasted-here", "credentials are given by reference"),
        ("env:NOT_THERE", "NOT_THERE_ACCESS_KEY_ID and NOT_THERE_SECRET_ACCESS_KEY not set"),
        ("profile:mine", "takes a key pair by reference: env:PREFIX"),
        ("config:mine", "refer to the environment"),
    ],
)
def test_key_that_is_no_reference_is_a_usage_error(reference: str, words: str) -> None:
    result = run("models", "--state", "-", "--key", reference, stdin=text_of(namespace()))
    assert result.exit_code == 2
    assert words.lower() in " ".join(result.output.split()).lower()
    assert "secret-pasted-here" not in result.output


def findings_are(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> None:
    def examine(*_: Any, told: Any, **__: Any) -> list[Finding]:
        for finding in findings:
            told(finding)
        return list(findings)

    monkeypatch.setattr(examination, "examine", examine)


def test_table_has_a_line_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    findings_are(
        monkeypatch,
        Finding("head", "ok", "the bucket is there"),
        Finding("presigned URL", "failed", "HTTP 403", "Check the region", needed=False),
    )
    result = run("models", "--state", "-", stdin=text_of(namespace()))
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "CHECK               RESULT         models: s3-compatible, bucket models-bucket",
        "head                ok             the bucket is there",
        "presigned URL       failed         HTTP 403. Check the region",
        "All that is needed works.",
    ]


def test_failed_check_that_is_needed_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    findings_are(monkeypatch, Finding("put", "failed", "full", "Make room"), Finding("get", "skipped"))
    result = run("models", "--state", "-", stdin=text_of(namespace()))
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "Does not work: put."


def test_json_is_for_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    findings_are(monkeypatch, Finding("put", "failed", "full", "Make room"))
    result = run("models", "--state", "-", "--json", stdin=text_of(namespace()))
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "namespace": "models",
        "backend": "s3-compatible",
        "bucket": "models-bucket",
        "prefix": "team",
        "works": False,
        "checks": [{"check": "put", "result": "failed", "needed": True, "answer": "full", "remedy": "Make room"}],
    }


# `config:` references.


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  shop:storeAccessKeyId: AKIA1\n  shop:storeSecretAccessKey:\n    secure: v1:abc\n  aws:region: x\n"
    )
    (tmp_path / "below").mkdir()
    return tmp_path


def test_plain_configuration_is_read_from_the_stacks_file(project: Path) -> None:
    look_up = configuration_of("shop", "dev", cwd=project / "below")
    assert [look_up(name) for name in ("storeAccessKeyId", "aws:region", "other")] == ["AKIA1", "x", None]


def test_sealed_configuration_is_opened_by_whoever_sealed_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = project / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\necho "$@" > {project}/arguments\necho opened-secret\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    assert configuration_of("shop", "dev", cwd=project)("storeSecretAccessKey") == "opened-secret"
    arguments = (project / "arguments").read_text().split()
    assert arguments[:3] == ["config", "get", "shop:storeSecretAccessKey"]
    assert arguments[-2:] == ["--stack", "dev"]


def test_sealed_configuration_that_nothing_opens(project: Path) -> None:
    with pytest.raises(CredentialsUnavailable, match=r"storeSecretAccessKey is sealed.*--credentials env:PREFIX"):
        configuration_of("shop", "dev", cwd=project)("storeSecretAccessKey")


def test_configuration_of_a_stack_that_is_not_here(project: Path) -> None:
    with pytest.raises(CredentialsUnavailable, match=r"stack prod, whose file is not here.*Pass --cwd"):
        configuration_of("shop", "prod", cwd=project)("storeAccessKeyId")
