"""Object stores from the declaration to a client in a pod, and what others see of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from pulumi_modelstore_client import ObjectStoreClient
from servers.versitygw import VersityGateway
from workspace.conftest import Deployed, copied, secret_environment

STACK = Path(__file__).with_name("objects_stack")
OTHERS = {"Sid": "Others", "Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObject"]}


def read(url: str) -> bytes | int:
    """What somebody without credentials gets: the content, or the status."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.code


def test_only_the_public_store_is_read_by_anybody(versitygw: VersityGateway, tmp_path: Path) -> None:
    server = versitygw
    bucket = f"objects-{uuid.uuid4().hex[:12]}"
    client = server.client()
    client.create_bucket(Bucket=bucket)
    others = {**OTHERS, "Resource": [f"arn:aws:s3:::{bucket}/kept/*"]}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [others]}))
    config = {"bucket": bucket, "endpoint": server.endpoint, "podAccessKeyId": server.access_key_id}
    secrets = {"podSecretAccessKey": server.secret_access_key}
    pair = {"STORE_ACCESS_KEY_ID": server.access_key_id, "STORE_SECRET_ACCESS_KEY": server.secret_access_key}
    stack = Deployed(copied(STACK, tmp_path, config, secrets), tmp_path / "home", pair)
    stack.run("up", "--yes")
    stack.run("preview", "--expect-no-changes")

    objects = stack.objects()
    public = ObjectStoreClient.from_environment(environ=secret_environment(objects["Secret", "assets"]))
    private = ObjectStoreClient.from_environment("REPORTS", environ=secret_environment(objects["Secret", "reports"]))
    public.put("logo.svg", b"<svg/>", content_type="image/svg+xml")
    private.put("a.json", b"{}")
    assert read(public.url("logo.svg")) == b"<svg/>"
    signed = private.url("a.json")
    assert read(signed) == b"{}"
    assert read(signed.partition("?")[0]) == 403
    assert read(f"{server.endpoint}/{bucket}?list-type=2") == 403, "nobody lists what is public"
    assert read(public.url("logo.svg").replace("assets", "assets2")) in (403, 404)

    stack.run("destroy", "--yes")
    assert read(public.url("logo.svg")) == 403
    (kept,) = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert kept["Sid"] == "Others"
    names = [found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert [name for name in names if name.endswith(("logo.svg", "a.json"))] == [
        name for name in names if "objects/" in name
    ]
    assert len(names) >= 2, "the objects stay"
