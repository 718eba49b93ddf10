"""The stand-in as a process: started once, found again, killed, restarted with what it held."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_sandbox.aws import server
from pulumi_modelstore_sandbox.aws.endpoint import AwsEndpoint
from pulumi_modelstore_sandbox.aws.server_record import read_record
from sandbox.aws.conftest import client


def record(home: Path) -> Any:
    found = read_record(home / "aws")
    assert found is not None
    return found


def kill(home: Path) -> None:
    pid = record(home).pid
    os.kill(pid, signal.SIGKILL)
    while server.is_running(home):
        time.sleep(0.01)


def test_a_second_command_finds_the_same_server(own_home: Path) -> None:
    first = server.ensure_running(own_home)
    pid = record(own_home).pid
    assert server.ensure_running(own_home) == first
    assert record(own_home).pid == pid


def test_two_commands_at_once_start_one_server(own_home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from pulumi_modelstore_sandbox.aws import server;"
        "print(server.ensure_running(Path(sys.argv[1])).url)"
    )
    commands = [
        subprocess.Popen([sys.executable, "-c", program, str(own_home)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [command.communicate(timeout=120)[0].strip() for command in commands]
    assert len(set(answers)) == 1
    assert answers[0] == record(own_home).url
    assert (own_home / "aws" / "server.log").read_text().count("_modelstore/identity") >= 2


def test_the_record_and_the_data_are_their_owner_s_alone(own_home: Path) -> None:
    server.ensure_running(own_home)
    assert (own_home / "aws").stat().st_mode & 0o777 == 0o700
    for name in ("server.json", "data.pickle"):
        assert (own_home / "aws" / name).stat().st_mode & 0o077 == 0


def test_what_it_holds_survives_a_kill(own_home: Path) -> None:
    endpoint = server.ensure_running(own_home)
    s3, iam = client("s3", endpoint), client("iam", endpoint)
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="a/config.json", Body=b"{}", ContentType="application/json")
    upload = s3.create_multipart_upload(Bucket="models", Key="a/weights")["UploadId"]
    part = s3.upload_part(Bucket="models", Key="a/weights", UploadId=upload, PartNumber=1, Body=b"x" * 5_300_000)
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    kill(own_home)

    again = server.ensure_running(own_home)
    assert again == endpoint
    assert again.notice is None
    stored = s3.get_object(Bucket="models", Key="a/config.json")
    assert stored["Body"].read() == b"{}"
    assert stored["ContentType"] == "application/json"
    assert iam.list_access_keys(UserName="reader")["AccessKeyMetadata"][0]["AccessKeyId"] == key["AccessKeyId"]
    # An upload that was under way is completed with the part that was there.
    s3.complete_multipart_upload(
        Bucket="models",
        Key="a/weights",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    assert s3.head_object(Bucket="models", Key="a/weights")["ContentLength"] == 5_300_000


def test_stop_keeps_the_data_and_a_deleted_object_leaves_no_file(own_home: Path) -> None:
    s3 = client("s3", server.ensure_running(own_home))
    s3.create_bucket(Bucket="models")
    for name in ("kept", "dropped"):
        s3.put_object(Bucket="models", Key=name, Body=name.encode())
    s3.delete_object(Bucket="models", Key="dropped")
    assert server.stop(own_home)
    assert not server.is_running(own_home)
    assert not server.stop(own_home)
    assert [path.read_bytes() for path in (own_home / "aws" / "objects").iterdir()] == [b"kept"]
    s3 = client("s3", server.ensure_running(own_home))
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="models")["Contents"]] == ["kept"]


def test_a_record_of_another_server_is_not_believed(own_home: Path, aws: AwsEndpoint) -> None:
    folder = own_home / "aws"
    folder.mkdir()
    foreign = {
        "url": aws.url,
        "pid": os.getpid(),
        "token": "not the one that listens there",
        "access_key_id": "AKIA",
        "secret_access_key": "x",
        "region": "us-east-1",
    }
    (folder / "server.json").write_text(json.dumps(foreign))
    # Stopping must not reach the process of that id, which is this one.
    assert not server.stop(own_home)
    started = server.ensure_running(own_home)
    assert started.url != aws.url
    assert record(own_home).pid != os.getpid()


def test_unreadable_data_is_kept_aside_and_said(own_home: Path) -> None:
    endpoint = server.ensure_running(own_home)
    client("s3", endpoint).create_bucket(Bucket="models")
    server.stop(own_home)
    (own_home / "aws" / "data.pickle").write_bytes(b"not a pickle")
    again = server.ensure_running(own_home)
    assert again.notice is not None
    assert "what was in it is gone" in again.notice
    assert "modelstore sandbox refresh" in again.notice
    assert (own_home / "aws" / "data.unreadable").read_bytes() == b"not a pickle"
    assert client("s3", again).list_buckets()["Buckets"] == []


def test_it_ends_when_its_home_is_removed(own_home: Path) -> None:
    server.ensure_running(own_home)
    url = record(own_home)
    (own_home / "aws" / "server.json").unlink()
    for _ in range(1000):
        if not server._answers(url):
            return
        time.sleep(0.02)
    pytest.fail("the server still answers")


def test_a_start_that_fails_says_why(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_home / "aws").mkdir()
    (own_home / "aws" / "objects").write_text("in the way")
    with pytest.raises(server.AwsServerError, match=r"ended while starting.*FileExistsError.*objects"):
        server.ensure_running(own_home)


def test_a_given_endpoint_starts_nothing(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSTORE_SANDBOX_AWS_ENDPOINT", "http://127.0.0.1:9/")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "root")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    with pytest.raises(server.AwsServerError, match="AWS_SECRET_ACCESS_KEY is not"):
        server.ensure_running(own_home)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    endpoint = server.ensure_running(own_home)
    assert (endpoint.url, endpoint.access_key_id) == ("http://127.0.0.1:9", "root")
    assert "hidden" not in repr(endpoint)
    assert list(own_home.iterdir()) == []


def test_the_environment_leads_away_from_the_user_s_account(aws: AwsEndpoint) -> None:
    environ = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "NO_PROXY": "corp", "HOME": "/h"}
    server.apply(aws, environ)
    assert "AWS_PROFILE" not in environ
    assert "AWS_SESSION_TOKEN" not in environ
    assert environ["AWS_ENDPOINT_URL"] == environ["AWS_ENDPOINT_URL_IAM"] == aws.url
    assert environ["NO_PROXY"] == "corp,127.0.0.1,localhost"
    assert environ["HOME"] == "/h"


def test_a_big_object_stays_out_of_memory(own_home: Path, tmp_path: Path) -> None:
    from boto3.s3.transfer import TransferConfig

    endpoint = server.ensure_running(own_home)
    s3 = client("s3", endpoint)
    s3.create_bucket(Bucket="models")
    source, copy = tmp_path / "weights", tmp_path / "copy"
    size = 200 * 1024 * 1024
    with source.open("wb") as file:
        file.truncate(size - 4)
        file.seek(0, os.SEEK_END)
        file.write(b"last")
    s3.upload_file(str(source), "models", "weights", Config=TransferConfig(max_concurrency=2))
    # Peaks are in kB; a copy of the whole object anywhere on the way in would be 204,800 more.
    assert memory(own_home, "VmHWM") < 200_000
    s3.download_file("models", "weights", str(copy), Config=TransferConfig(max_concurrency=2))
    assert copy.stat().st_size == size
    with copy.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        assert file.read() == b"last"
    # On the way out the object is mapped: those pages are the page cache's, not the process's own.
    assert memory(own_home, "RssAnon") < 200_000


def memory(home: Path, field: str) -> int:
    status = Path(f"/proc/{record(home).pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith(field)).split()[1])
