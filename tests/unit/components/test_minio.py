"""The MinIO backend: what it declares, and what it refuses before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import AccessKeyPair, AccessLog, InvalidArguments, Minio, StorageNamespace, backend_from_config
from pulumi_modelstore.backends import minio as module
from unit.components.declared import Declared, declare
from unit.components.issuing import (
    assert_pair_in_second_generation,
    assert_pods_reach,
    assert_unchanged_issuer_is_no_difference,
    declared_pair,
    issued,
    refused,
)

ENDPOINT = "https://minio.example.org:9000"
NAMED = "readers-6ed6c14"


def pair(*, pair_arguments: Mapping[str, Any] | None = None, **settings: Any) -> Declared:
    given = {"endpoint": ENDPOINT, "bucket": "team-models", "credentials": "env:MINIO", **settings}
    return declared_pair(Minio, given, **(pair_arguments or {}))


def test_a_pair_is_a_principal_and_its_keys() -> None:
    declared = pair(pair_arguments={"rotation": 1})
    assert_pair_in_second_generation(declared)
    assert declared["readers-principal"].inputs["principalName"] == NAMED


def test_the_issuer_is_reached_with_a_reference_alone() -> None:
    issuer = pair(admin_credentials="env:MINIO_ADMIN", ca_bundle="/ca.pem")["readers-principal"].inputs["issuer"]
    assert issuer == {
        "kind": "minio",
        "endpoint": ENDPOINT,
        "credentials": "env:MINIO_ADMIN",
        "verifyTls": True,
        "caBundle": "/ca.pem",
    }
    assert pair()["readers-principal"].inputs["issuer"]["credentials"] == "env:MINIO"


@pytest.mark.parametrize("settings", [{}, {"ca_bundle": "/ca.pem"}, {"verify_tls": False}])
def test_an_unchanged_issuer_is_no_difference(settings: dict[str, Any]) -> None:
    assert_unchanged_issuer_is_no_difference(pair(**settings))


def test_the_bucket_is_declared_without_a_rule_that_minio_refuses() -> None:
    bucket = pair()["models-bucket"]
    assert bucket.type == "pulumi-python:dynamic/modelstore:Bucket"
    assert bucket.inputs.get("abortUploadsAfterDays") is None
    assert bucket.request.retainOnDelete


def test_pods_get_endpoint_and_ca() -> None:
    assert_pods_reach(pair(ca_bundle_configmap="minio-ca"), "minio.example.org:9000", ca_bundle_configmap="minio-ca")


def test_the_endpoint_may_come_from_another_resource() -> None:
    def program() -> None:
        backend = Minio(endpoint=pulumi.Output.from_input(f"{ENDPOINT}/"), bucket="team-models", credentials="env:M")
        AccessKeyPair("readers", namespace=StorageNamespace("models", backend=backend))

    declared = declare(program, preview=False, outputs=issued)
    assert declared["readers-principal"].inputs["issuer"]["endpoint"] == ENDPOINT


def test_all_wrong_settings_are_refused_together() -> None:
    message = refused(
        Minio,
        endpoint="minio.example.org",
        bucket="Models",
        credentials="AKIAPASTED",
        admin_credentials="pasted-secret-key",
    )
    for argument in ("endpoint", "bucket", "credentials", "admin_credentials"):
        assert f"{argument}: " in message
    assert "pasted-secret-key" not in message
    assert "AKIAPASTED" not in message


def test_accepting_any_certificate_beside_a_ca_is_refused() -> None:
    message = refused(Minio, endpoint=ENDPOINT, bucket="team-models", verify_tls=False, ca_bundle="/ca.pem")
    assert "verify_tls" in message
    assert "CA bundle" in message


def test_an_access_log_is_refused_with_the_reason() -> None:
    def program() -> None:
        backend = Minio(endpoint=ENDPOINT, bucket="team-models")
        StorageNamespace("models", backend=backend, audit=AccessLog(bucket="team-logs"))

    with pytest.raises(InvalidArguments, match=r"audit.*MinIO audits the whole server"):
        declare(program)


def test_a_missing_sdk_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InvalidArguments, match=r"pip install 'pulumi-modelstore\[minio\]'"):
        pair()


def test_configuration_makes_one() -> None:
    settings = {"kind": "minio", "endpoint": ENDPOINT, "bucket": "team-models", "admin_credentials": "profile:root"}
    backend = backend_from_config(settings)
    assert isinstance(backend, Minio)
    assert (backend.kind, backend.admin_credentials, backend.issues_keys) == ("minio", "profile:root", True)
