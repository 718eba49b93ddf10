"""Object stores from the declaration to a client in a pod, and what others see of them."""

from __future__ import annotations

import json
import ssl
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from client.object_calls import read
from pulumi_modelstore.backends.s3_policy import bucket_policy
from pulumi_modelstore_client import AccessRefused, ObjectStoreClient
from pulumi_modelstore_sandbox.aws import server
from servers.azurite import Azurite
from servers.ceph import CephKey, CephServer
from servers.minio import minio_server
from servers.versitygw import VersityGateway
from workspace.conftest import Deployed, copied, secret_environment

STACK = Path(__file__).with_name("objects_stack")
OTHERS = {"Sid": "Others", "Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObject"]}


@dataclass(frozen=True)
class Place:
    """A bucket's owner, and what the stack is told."""

    client: Any
    endpoint: str
    backend: dict[str, str]
    environment: dict[str, str]
    config: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    tenant: str = ""
    """How the bucket's name begins where no key says whose it is."""


@pytest.fixture
def gateway(versitygw: VersityGateway) -> Place:
    """versitygw with a key that is brought along."""
    pair = {"STORE_ACCESS_KEY_ID": versitygw.access_key_id, "STORE_SECRET_ACCESS_KEY": versitygw.secret_access_key}
    brought = {"podAccessKeyId": versitygw.access_key_id}, {"podSecretAccessKey": versitygw.secret_access_key}
    return Place(versitygw.client(), versitygw.endpoint, {"kind": "s3-compatible"}, pair, *brought)


@pytest.fixture
def ceph_gateway(ceph: CephServer) -> Place:
    """Ceph, which lets its keys in by the same policy."""
    return ceph_owned(ceph, ceph.owner)


@pytest.fixture
def ceph_tenant(ceph: CephServer) -> Place:
    """The same, with the bucket of a tenant."""
    return ceph_owned(ceph, ceph.new_user(f"acme$owner-{uuid.uuid4().hex[:8]}"), tenant="acme")


def ceph_owned(ceph: CephServer, owner: CephKey, *, tenant: str = "") -> Place:
    pairs = {"STORE": owner, "ADMIN": ceph.administrator}
    environment = {f"{name}_ACCESS_KEY_ID": key.access_key_id for name, key in pairs.items()}
    environment |= {f"{name}_SECRET_ACCESS_KEY": key.secret_access_key for name, key in pairs.items()}
    client = ceph.client(key=(owner.access_key_id, owner.secret_access_key))
    backend = {"kind": "ceph-rgw", "adminCredentials": "env:ADMIN", "tenant": tenant}
    return Place(client, ceph.endpoint, backend, environment, tenant=f"{tenant}:" if tenant else "")


@pytest.mark.parametrize("of", ["gateway", "ceph_gateway", "ceph_tenant"])
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
    unsigned = signed.partition("?")[0].replace(f"/{bucket}/", f"/{place.tenant}{bucket}/")
    assert read(unsigned) == 403
    assert read(f"{place.endpoint}/{place.tenant}{bucket}?list-type=2") == 403, "nobody lists what is public"
    assert read(public.url("logo.svg").replace("assets", "assets2")) == 403

    stack.run("destroy", "--yes")
    assert read(public.url("logo.svg")) == 403
    (kept,) = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert kept["Sid"] == "Others"
    names = {found["Key"] for found in client.list_objects_v2(Bucket=bucket)["Contents"]}
    assert names >= {"team/objects/assets/logo.svg", "team/objects/reports/a.json"}, "the objects stay"


def test_a_private_store_on_azure_is_opened_by_its_key_alone_and_while_the_stack_is_up(
    azurite: Azurite, tmp_path: Path
) -> None:
    container = f"objects-{uuid.uuid4().hex[:12]}"
    settings = {"account": azurite.account, "container": container, "endpoint": azurite.endpoint}
    config = {"backend": json.dumps({"kind": "azure-blob", "credentials": "env:STORE", **settings})}
    stack = Deployed(copied(STACK, tmp_path, config, {}), tmp_path / "home", azurite.environment())
    refused = stack.run("preview", "--config", "public=true", check=False)
    assert "access: is public, which is not to be had: Azure opens a whole container" in refused
    stack.run("up", "--yes")
    stack.run("preview", "--expect-no-changes")

    environment = secret_environment(stack.objects()["Secret", "reports"])
    assert environment["REPORTS_SECRET_ACCESS_KEY"] not in stack.state()
    reports = ObjectStoreClient.from_environment("REPORTS", environ=environment)
    reports.put("a.json", b"{}")
    assert [found.key for found in reports.list()] == ["a.json"]
    assert read(f"{azurite.endpoint}/{container}/objects/reports/a.json") != b"{}"
    with pytest.raises(AccessRefused, match="a token signs no other"):
        reports.url("a.json")

    stack.run("destroy", "--yes")
    with pytest.raises(AccessRefused):
        reports.get("a.json")
    (kept,) = azurite.container(container).list_blobs(name_starts_with="objects/")
    assert kept.name == "objects/reports/a.json"


def test_on_aws_what_is_public_is_a_setting_of_the_bucket(tmp_path: Path) -> None:
    """What is declared; moto lets nobody in without a key, whatever the policy says: the next test reads there."""
    home = tmp_path / "home"
    stack = Deployed(copied(Path(__file__).with_name("public_stack"), tmp_path, {}, {}), home)
    try:
        stack.run("up", "--yes")
        said = stack.run("preview", "--config", "site=true", check=False)
        assert 'the bucket is closed to the public at "team/objects/site"' not in said
        assert 'the bucket is closed to the public at "objects/site". Give the backend public_prefixes=' in said
        opened = ("--config", "site=true", "--config", 'publicPrefixes=["objects/site"]')
        assert updates(stack.run("preview", "--json", *opened)) == {
            "apps-public-access": {"blockPublicPolicy", "restrictPublicBuckets"},
            "apps-tls": {"policy"},
        }
        stack.run("up", "--yes", *opened)
        stack.run("preview", "--expect-no-changes", *opened)

        aws = server.ensure_running(home)
        pair = {"aws_access_key_id": aws.access_key_id, "aws_secret_access_key": aws.secret_access_key}
        s3 = boto3.client("s3", endpoint_url=aws.url, region_name="eu-west-1", **pair)
        block = s3.get_public_access_block(Bucket="acme-apps")["PublicAccessBlockConfiguration"]
        assert {name for name, on in block.items() if on} == {"BlockPublicAcls", "IgnorePublicAcls"}
        policy = s3.get_bucket_policy(Bucket="acme-apps")["Policy"]
        assert policy == bucket_policy("acme-apps", ["team/objects/site"])
        environment = secret_environment(stack.objects()["Secret", "site"])
        url = "https://acme-apps.s3.eu-west-1.amazonaws.com/team/objects/site/index.html"
        site = ObjectStoreClient.from_environment(environ=environment)
        assert site.url("index.html") == url
        environment["MODELSTORE_OBJECTS_URL"] += f"&endpoint={aws.url}"
        ObjectStoreClient.from_environment(environ=environment).put("index.html", b"<html>")

        stack.run("destroy", "--yes")
        with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket="acme-apps")
        assert s3.get_object(Bucket="acme-apps", Key="team/objects/site/index.html")["Body"].read() == b"<html>"
    finally:
        server.stop(home)


def test_the_policy_of_an_aws_bucket_opens_its_prefix_alone_and_over_tls_alone() -> None:
    policy = bucket_policy("acme-apps", ["team/objects/site"])
    keys = ("team/objects/site/a/b", "team/objects/site2/a", "team/models/llama/v1/config.json", "objects/site/a")
    for tls, expected in ((True, [b"content", 403, 403, 403]), (False, [403, 403, 403, 403])):
        with minio_server(tls=tls) as minio:
            client = minio.client()
            client.create_bucket(Bucket="acme-apps")
            for key in keys:
                client.put_object(Bucket="acme-apps", Key=key, Body=b"content")
            client.put_bucket_policy(Bucket="acme-apps", Policy=policy)
            trust = ssl.create_default_context(cafile=minio.ca_bundle) if minio.ca_bundle else None
            assert [read(f"{minio.endpoint}/acme-apps/{key}", trust) for key in keys] == expected
            for query in ("?list-type=2", "?list-type=2&prefix=team/objects/site/", "?policy"):
                assert read(f"{minio.endpoint}/acme-apps{query}", trust) == 403


def updates(preview: str) -> dict[str, set[str]]:
    """Which properties of what is there change, by resource."""
    steps = json.JSONDecoder().raw_decode(preview)[0]["steps"]
    return {step["urn"].rpartition("::")[2]: set(step["detailedDiff"]) for step in steps if step["op"] == "update"}
