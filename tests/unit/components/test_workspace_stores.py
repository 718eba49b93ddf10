"""What the workspace stores refuse before anything is declared, and what stays secret."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from pulumi_modelstore import (
    AccessKeyPair,
    AwsS3,
    DynamoDb,
    ExistingKey,
    ExistingValkey,
    Gcs,
    InvalidArguments,
    KeyValueStore,
    MessageQueue,
    MinioServer,
    ObjectStore,
    S3Compatible,
    Sqs,
    StorageNamespace,
    ValkeyServer,
    VastS3,
    VersityServer,
)
from unit.components.declared import SECRET, computed, declare

VMS = {"vms": "https://vms.example.org", "admin_credentials": "env:VMS"}
IMAGE = "docker.io/valkey/valkey:8.1@sha256:" + "0" * 64


def _outputs(args: mocks.MockResourceArgs) -> Any:
    return (
        {"password": pulumi.Output.secret("generated-password")} if "GeneratedPassword" in args.typ else computed(args)
    )


def _refused(program: Any) -> str:
    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    return str(refused.value)


def test_every_problem_of_a_server_and_its_stores_at_once() -> None:
    def program() -> None:
        server = ValkeyServer(
            "Cache",
            image="valkey:8",
            memory="4Gi",
            storage="1Gi",
            cpu="0",
            kubernetes_namespace="A",
            password_generation=-1,
        )
        KeyValueStore("on-refused", engine=server)
        KeyValueStore("sessions", engine=ExistingValkey("redis://:hidden-word@host"), store="A_b", secret_name="_")
        MessageQueue("jobs", engine="valkey", variables="jobs-1")  # type: ignore[arg-type]
        MessageQueue("path", engine=ExistingValkey("http://host"))

    said = _refused(program)
    for part in (
        'name: "Cache" is no name',
        "image: names no digest",
        "storage: 1Gi may be full before 60% of memory=4Gi are. Give 7373Mi or more",
        "cpu: is zero",
        'kubernetes_namespace: "A"',
        "password_generation: is -1",
        "engine.url: has a password in it",
        "store: 'A_b' is no name of a store",
        'secret_name: "_"',
        "engine: str is not a ValkeyServer, ExistingValkey or Sqs",
        "variables: 'jobs-1' cannot begin environment variables",
        "engine.url: is none of Valkey or Redis",
    ):
        assert part in said
    assert "hidden-word" not in said
    assert "on-refused" not in said


def test_passwords_are_secret_wherever_they_go() -> None:
    def program() -> None:
        server = ValkeyServer("cache", image=IMAGE)
        KeyValueStore("sessions", engine=server)
        existing = ExistingValkey("valkey://host", password="brought-along", username="app")
        MessageQueue("jobs", engine=existing)
        pulumi.export("password", server.password)

    declared = declare(program, preview=False, outputs=_outputs)
    assert declared.exports["password"] == SECRET + "generated-password"
    for name in ("cache-secret", "sessions-secret", "jobs-secret"):
        assert list(declared[name].inputs["data"]) == ["[secret]"]
    bare = json.dumps({name: resource.inputs for name, resource in declared.resources.items() if "secret" not in name})
    assert "generated-password" not in bare
    assert "brought-along" not in bare
    assert "cache-server" in declared["sessions-secret"].dependencies
    environment = declared["cache-server"].inputs["spec"]["template"]["spec"]["containers"][0]["env"]
    assert environment[0]["valueFrom"] == {"secretKeyRef": {"name": "cache", "key": "password"}}


def test_every_problem_of_object_servers_and_their_buckets_at_once() -> None:
    def program() -> None:
        MinioServer("minio", image="quay.io/minio/minio:latest", storage="much", tls_secret="_")
        VersityServer("s3", image=IMAGE, memory="0", password_generation=-1).bucket_job("models", image=IMAGE)
        VersityServer("good", image=IMAGE).bucket_job("Bad_Bucket", image="amazon/aws-cli")

    said = _refused(program)
    for part in (
        "image: names no digest",
        "docker buildx imagetools inspect quay.io/minio/minio:RELEASE",
        "storage: 'much' is no quantity",
        'tls_secret: "_"',
        "memory: is zero",
        "password_generation: is -1",
        "bucket: ",
        "imagetools inspect docker.io/amazon/aws-cli",
    ):
        assert part in said


def test_a_server_has_a_namespace_of_its_own_and_keeps_it() -> None:
    def program() -> None:
        pulumi.export("endpoint", MinioServer("minio", image=IMAGE, tls_secret="certificate").endpoint)
        VersityServer("s3", image=IMAGE, kubernetes_namespace="shared", create_namespace=False, evictable=False)

    declared = declare(program, preview=False, outputs=_outputs)
    assert declared.exports["endpoint"] == "https://minio.minio.svc:9000"
    assert declared["minio-namespace"].request.retainOnDelete
    assert "minio-namespace" in declared["minio-server"].dependencies
    assert "s3-namespace" not in declared.resources
    assert declared["s3-server"].inputs["metadata"]["namespace"] == "shared"
    unavailable = [declared[f"{name}-disruption-budget"].inputs["spec"]["maxUnavailable"] for name in ("minio", "s3")]
    assert unavailable == [1, 0], "0 holds up whoever drains the node"


def test_public_objects_are_refused_where_the_store_blocks_them() -> None:
    def program() -> None:
        aws = StorageNamespace("aws", backend=AwsS3(bucket="acme-models"))
        keys = AccessKeyPair("keys", namespace=aws)
        ObjectStore("assets", access="public", namespace=aws, keys=keys)
        ObjectStore("patterns", access="public", namespace=aws, keys=keys, prefix="a*")
        vast = StorageNamespace("vast", backend=VastS3(endpoint="https://v", bucket="apps", **VMS))
        ObjectStore("pages", access="public", namespace=vast, keys=keys)
        google = StorageNamespace("google", backend=Gcs(bucket="acme-apps", project="acme-models", location="EU"))
        ObjectStore("files", access="open", namespace=google, keys="none", prefix="/")  # type: ignore[arg-type]

    said = _refused(program)
    for part in (
        'access: is public, and the bucket is closed to the public at "objects/assets". Give the backend public_pre',
        "prefix: the prefix segment 'a*'",
        "access: is public, which is not to be had: no store of its kind could be tried",
        "keys: open another namespace than vast",
        "access: 'open' is neither",
        'namespace: is on Google Cloud with keys that are JSON files. Give the backend keys="hmac"',
        "keys: str is not a AccessKeyPair or AccessKey",
        "prefix: is empty",
    ):
        assert part in said


def test_a_private_store_on_aws_is_told_by_region_and_one_elsewhere_by_endpoint() -> None:
    def program() -> None:
        aws = StorageNamespace("aws", backend=AwsS3(bucket="acme-models", region="eu-west-1", prefix="llms"))
        keys = AccessKeyPair("keys", namespace=aws)
        pulumi.export("aws", ObjectStore("reports", access="private", namespace=aws, keys=keys).url)
        own = StorageNamespace(
            "own", backend=S3Compatible(endpoint="http://s3:9000", bucket="apps", addressing="virtual")
        )
        brought = AccessKeyPair("brought", namespace=own, keys=[ExistingKey("id", "word")])
        store = ObjectStore(
            "assets", access="public", namespace=own, keys=brought, prefix="www", url_endpoint="https://o"
        )
        pulumi.export("own", store.url)

    declared = declare(program, preview=False)
    assert declared.exports == {
        "aws": "s3://acme-models/llms/objects/reports?access=private&region=eu-west-1",
        "own": "s3://apps/www?access=public&region=us-east-1&addressing=virtual&endpoint=http://s3:9000"
        "&url_endpoint=https://o",
    }
    assert declared["assets-public"].inputs["prefix"] == "www"
    assert "reports-public" not in declared.resources
    assert list(declared["reports-secret"].inputs["data"]) == ["[secret]"]


def test_a_table_stays_unless_it_is_to_be_deleted_and_its_key_opens_it_alone() -> None:
    def program() -> None:
        KeyValueStore("sessions", engine=DynamoDb(region="eu-west-1", key_generation=2))
        KeyValueStore(
            "cache", engine=DynamoDb(region="eu-west-1", on_delete="delete", table="c" * 255, issue_key=False)
        )
        pulumi.export("policy", MessageQueue("jobs", engine=Sqs(region="cn-north-1")).policy)

    declared = declare(program, preview=False)
    table = declared["sessions-table"]
    assert table.inputs["name"] == "project-stack-sessions"
    assert (table.request.retainOnDelete, table.inputs["deletionProtectionEnabled"]) == (True, True)
    assert (declared["cache-table"].request.retainOnDelete, "cache-user" in declared.resources) == (False, False)
    assert table.inputs["ttl"] == {"attributeName": "expires", "enabled": True}
    (allowed,) = json.loads(declared["sessions-policy"].inputs["policy"])["Statement"]
    assert allowed["Resource"] == "arn:aws:dynamodb:eu-west-1:*:table/project-stack-sessions"
    assert list(declared["sessions-secret"].inputs["data"]) == ["[secret]"]
    assert [one["Resource"] for one in json.loads(declared.exports["policy"])["Statement"]] == [
        "arn:aws-cn:sqs:cn-north-1:*:jobs_*",
        "*",
    ]


def test_engines_of_aws_are_for_their_own_kind_of_store() -> None:
    def program() -> None:
        KeyValueStore("a", engine=Sqs(region="eu-west-1"))  # type: ignore[arg-type]
        MessageQueue("b", engine=Sqs(region="Europe"))
        KeyValueStore("c", engine=DynamoDb(region="eu-west-1", table="a/b"))

    said = _refused(program)
    for part in (
        "engine: Sqs is not a ValkeyServer, ExistingValkey or DynamoDb",
        'engine.region: "Europe" is no AWS region',
        'engine.table: "a/b" is no name that DynamoDB takes',
    ):
        assert part in said
