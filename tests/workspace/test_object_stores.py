"""Object stores from the declaration to a client in a pod, and what others see of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore_client import ObjectStoreClient
from servers.ceph import CephServer
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


@dataclass(frozen=True)
class Place:
    """A bucket's owner, and what the stack is told."""

    client: Any
    endpoint: str
    backend: dict[str, str]
    environment: dict[str, str]
    config: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def gateway(versitygw: VersityGateway) -> Place:
    """versitygw with a key that is brought along."""
    pair = {"STORE_ACCESS_KEY_ID": versitygw.access_key_id, "STORE_SECRET_ACCESS_KEY": versitygw.secret_access_key}
    brought = {"podAccessKeyId": versitygw.access_key_id}, {"podSecretAccessKey": versitygw.secret_access_key}
    return Place(versitygw.client(), versitygw.endpoint, {"kind": "s3-compatible"}, pair, *brought)


@pytest.fixture
def ceph_gateway(ceph: CephServer) -> Place:
    """Ceph, which lets its keys in by the same policy."""
    owner, administrator = ceph.owner, ceph.administrator
    pairs = {"STORE": owner, "ADMIN": administrator}
    environment = {f"{name}_ACCESS_KEY_ID": key.access_key_id for name, key in pairs.items()}
    environment |= {f"{name}_SECRET_ACCESS_KEY": key.secret_access_key for name, key in pairs.items()}
    return Place(ceph.client(), ceph.endpoint, {"kind": "ceph-rgw", "adminCredentials": "env:ADMIN"}, environment)


@pytest.mark.parametrize("of", ["gateway", "ceph_gateway"])
def test_only_the_public_store_is_read_by_anybody(of: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    place: Place = request.getfixturevalue(of)
    bucket = f"objects-{uuid.uuid4().hex[:12]}"
    client = place.client
    client.create_bucket(Bucket=bucket)
    others = {**OTHERS, "Resource": [f"arn:aws:s3:::{bucket}/kept/*"]}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [others]}))
    settings = {"bucket": bucket, "endpoint": place.endpoint, "credentials": "env:STORE", "prefix": "team"}
    config = {"backend": json.dumps(place.backend | settings), "public": "true", **place.config}
    stack = Deployed(copied(STACK, tmp_path, config, place.secrets), tmp_path / "home", place.environment)
    stack.run("up", "--yes")
    stack.run("preview", "--expect-no-changes")

    objects = stack.objects()
    public = ObjectStoreClient.from_environment(environ=secret_environment(objects["Secret", "assets"]))
    private = ObjectStoreClient.from_environment("REPORTS", environ=secret_environment(objects["Secret", "reports"]))
    public.put("logo.svg", b"<svg/>", content_type="image/svg+xml")
    private.put("a.json", b"{}")
    client.put_object(Bucket=bucket, Key="team/objects/assets2/logo.svg", Body=b"not for all")
    assert read(public.url("logo.svg")) == b"<svg/>"
    signed = private.url("a.json")
    assert read(signed) == b"{}"
    assert read(signed.partition("?")[0]) == 403
    assert read(f"{place.endpoint}/{bucket}?list-type=2") == 403, "nobody lists what is public"
    assert read(public.url("logo.svg").replace("assets", "assets2")) == 403

    stack.run("destroy", "--yes")
    assert read(public.url("logo.svg")) == 403
    (kept,) = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert kept["Sid"] == "Others"
    names = {found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"]}
    assert names >= {"team/objects/assets/logo.svg", "team/objects/reports/a.json"}, "the objects stay"
