"""What the workspace stores refuse before anything is declared, and what stays secret."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from pulumi_modelstore import (
    ExistingValkey,
    InvalidArguments,
    KeyValueStore,
    MessageQueue,
    MinioServer,
    ValkeyServer,
    VersityServer,
)
from unit.components.declared import SECRET, computed, declare

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
        "engine: str is not a ValkeyServer",
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
        VersityServer("s3", image=IMAGE, memory="0").bucket_job("models", image=IMAGE)
        VersityServer("good", image=IMAGE).bucket_job("Bad_Bucket", image="amazon/aws-cli")

    said = _refused(program)
    for part in (
        "image: names no digest",
        "docker buildx imagetools inspect quay.io/minio/minio:RELEASE",
        "storage: 'much' is no quantity",
        'tls_secret: "_"',
        "memory: is zero",
        "bucket: ",
        "imagetools inspect docker.io/amazon/aws-cli",
    ):
        assert part in said


def test_a_server_has_a_namespace_of_its_own_and_keeps_it() -> None:
    def program() -> None:
        pulumi.export("endpoint", MinioServer("minio", image=IMAGE, tls_secret="certificate").endpoint)
        VersityServer("s3", image=IMAGE, kubernetes_namespace="shared", create_namespace=False)

    declared = declare(program, preview=False, outputs=_outputs)
    assert declared.exports["endpoint"] == "https://minio.minio.svc:9000"
    assert declared["minio-namespace"].request.retainOnDelete
    assert "minio-namespace" in declared["minio-server"].dependencies
    assert "s3-namespace" not in declared.resources
    assert declared["s3-server"].inputs["metadata"]["namespace"] == "shared"
