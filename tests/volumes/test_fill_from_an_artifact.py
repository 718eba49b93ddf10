"""The program of a fill, as the Job runs it, with a version of a model on a real store."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provider.conftest import gateway_store
from provider.stores import MIB, PREFIX, Store, request_for, write_parts
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.artifacts.verification import SHA256_METADATA
from pulumi_modelstore_provider.fills.program import fill_program
from pulumi_modelstore_provider.fills.specification import Specification

__all__ = ["gateway_store"]


class Job:
    """The container: program, specification, volume, and the key in the environment that the Secret gives it."""

    def __init__(self, folder: Path, store: Store, version: str, *, source: dict[str, Any] | None = None) -> None:
        connection = {**store.connection.to_inputs(), "credentials": "env:MODELSTORE_FILL"}
        self.volume = folder / "volume"
        self.volume.mkdir(exist_ok=True)
        (folder / "fill.pyz").write_bytes(fill_program(stores=True))
        artifact = {"type": "artifact", "namespace": "models", "modelPrefix": PREFIX, "version": version}
        packages = {"boto3": "boto3>=1.40", "pydantic": "pydantic>=2.11,<3"}
        specification = Specification(
            source or artifact, reach={"connection": connection, "bucket": store.bucket}, packages=packages
        )
        (folder / "fill.json").write_text(specification.to_json())
        self.arguments = [str(folder / "fill.pyz"), "fill", str(folder / "fill.json"), str(self.volume)]
        self.environment = {
            "HOME": str(folder),
            "PATH": "/usr/bin:/bin",
            "NO_PROXY": "127.0.0.1",
            "MODELSTORE_FILL_ACCESS_KEY_ID": os.environ["STORE_ACCESS_KEY_ID"],
            "MODELSTORE_FILL_SECRET_ACCESS_KEY": os.environ["STORE_SECRET_ACCESS_KEY"],
        }

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *options, *self.arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)

    def held(self) -> dict[str, bytes]:
        files = (path for path in self.volume.rglob("*") if path.is_file() and ".modelstore" not in path.parts)
        return {path.relative_to(self.volume).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def body(gateway_store: Store, tmp_path: Path) -> bytes:
    """The large file of version v1; there are an empty and a small one beside it."""
    body = write_parts(tmp_path / "m" / "sub" / "w.bin", [16 * MIB, 16 * MIB, 7])
    (tmp_path / "m" / "config.json").write_text("{}")
    (tmp_path / "m" / "empty").touch()
    upload_version(gateway_store.objects, request_for(tmp_path / "m", "v1"))
    return body


def test_a_version_comes_into_a_volume_and_another_takes_its_place(
    gateway_store: Store, body: bytes, tmp_path: Path
) -> None:
    job = Job(tmp_path, gateway_store, "v1")
    # The Job's image has no Pulumi: nothing on the way may import it.
    done = job.run("-X", "importtime")
    assert done.returncode == 0, done.stdout
    assert "boto3" in done.stderr
    assert not re.search(r"\| +pulumi(\.\w+)*$", done.stderr, re.MULTILINE)
    assert job.held() == {"sub/w.bin": body, "config.json": b"{}", "empty": b""}
    assert "the volume is complete already" in job.run().stdout

    (tmp_path / "m" / "config.json").write_text("[1]")
    (tmp_path / "m" / "empty").unlink()
    upload_version(gateway_store.objects, request_for(tmp_path / "m", "v2"))
    assert Job(tmp_path, gateway_store, "v2").run().returncode == 0
    assert job.held() == {"sub/w.bin": body, "config.json": b"[1]"}


def test_a_damaged_object_and_a_version_that_is_not_there(gateway_store: Store, body: bytes, tmp_path: Path) -> None:
    done = Job(tmp_path, gateway_store, "v3").run()
    assert (done.returncode, "The version v3 is not in the store" in done.stdout) == (1, True)
    gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=f"{PREFIX}v1/config.json", Body=b"[]")
    job = Job(tmp_path, gateway_store, "v1")
    done = job.run()
    assert done.returncode == 1
    assert "config.json" in done.stdout
    assert job.held() == {}
    secret = job.environment["MODELSTORE_FILL_SECRET_ACCESS_KEY"]
    assert secret not in done.stdout + done.stderr


def objects_of(prefix: str, **changed: Any) -> dict[str, Any]:
    return {"type": "bucket", "place": "s3", "prefix": prefix, "allow": [], "ignore": [], "asOf": "", **changed}


def test_objects_of_a_bucket_come_into_a_volume(gateway_store: Store, body: bytes, tmp_path: Path) -> None:
    for name, text in (("raw/a.txt", b"a"), ("raw/deep/b.txt", b"b"), ("raw/skip.bin", b"c"), ("raw10/d.txt", b"d")):
        gateway_store.client.put_object(Bucket=gateway_store.bucket, Key=name, Body=text)
    job = Job(tmp_path, gateway_store, "", source=objects_of("raw", ignore=["*.bin"]))
    done = job.run()
    assert done.returncode == 0, done.stdout
    assert job.held() == {"a.txt": b"a", "deep/b.txt": b"b"}, "and nothing of the sibling raw10"

    gateway_store.client.put_object(Bucket=gateway_store.bucket, Key="raw/a.txt", Body=b"A")
    assert job.run().returncode == 0
    assert job.held()["a.txt"] == b"a", "complete is complete"
    job = Job(tmp_path, gateway_store, "", source=objects_of("raw", ignore=["*.bin"], asOf="2026-11"))
    assert job.run().returncode == 0
    assert job.held()["a.txt"] == b"A"

    job = Job(tmp_path, gateway_store, "", source=objects_of(f"{PREFIX}v1/"))
    assert job.run().returncode == 0
    assert job.held() == {"sub/w.bin": body, "config.json": b"{}", "empty": b""}

    done = Job(tmp_path, gateway_store, "", source=objects_of("nowhere/")).run()
    assert (done.returncode, "No object lies there" in done.stdout) == (1, True)
    assert job.held() == {"sub/w.bin": body, "config.json": b"{}", "empty": b""}


def test_an_object_that_is_not_what_was_recorded_with_it_is_refused(
    gateway_store: Store, body: bytes, tmp_path: Path
) -> None:
    gateway_store.client.put_object(
        Bucket=gateway_store.bucket, Key="raw/a.txt", Body=b"a", Metadata={SHA256_METADATA: "0" * 64}
    )
    done = Job(tmp_path, gateway_store, "", source=objects_of("raw/")).run()
    assert done.returncode == 1
    assert "did not arrive as the source has them: a.txt" in done.stdout
