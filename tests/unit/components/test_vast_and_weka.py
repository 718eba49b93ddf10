"""The backends VAST and Weka: what they declare, and what they refuse before anything is declared."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AccessLog,
    InvalidArguments,
    StorageNamespace,
    VastS3,
    WekaS3,
    backend_from_config,
)
from unit.components.declared import Declared, declare
from unit.components.issuing import (
    assert_pair_in_second_generation,
    assert_unchanged_issuer_is_no_difference,
    declared_pair,
    refused,
)

ENDPOINT = "https://s3.example.org"
MANAGEMENT = "https://management.example.org:14000"
VAST = {"endpoint": ENDPOINT, "bucket": "team-models", "vms": MANAGEMENT, "admin_credentials": "env:VMS"}
WEKA = {"endpoint": ENDPOINT, "bucket": "team-models", "api": MANAGEMENT, "credentials": "env:WEKA"}


def pair(kind: type[VastS3 | WekaS3], **settings: Any) -> Declared:
    return declared_pair(kind, {**(VAST if kind is VastS3 else WEKA), **settings}, rotation=1)


@pytest.mark.parametrize("kind", [VastS3, WekaS3])
def test_pair_is_a_principal_and_its_keys(kind: type[VastS3 | WekaS3]) -> None:
    assert_pair_in_second_generation(pair(kind))


def test_issuer_of_vast_is_reached_with_a_reference_alone() -> None:
    declared = pair(VastS3, tenant="ai", user="svc-models", vms_ca_bundle="/vms.pem")
    assert declared["readers-principal"].inputs["issuer"] == {
        "kind": "vast-s3",
        "vms": MANAGEMENT,
        "credentials": "env:VMS",
        "tenant": "ai",
        "user": "svc-models",
        "verifyTls": True,
        "caBundle": "/vms.pem",
    }


def test_issuer_of_weka_is_the_s3_user_of_the_uploads_unless_another_is_given() -> None:
    issuer = pair(WekaS3, organization="ai", ca_bundle="/ca.pem")["readers-principal"].inputs["issuer"]
    assert issuer == {
        "kind": "weka-s3",
        "api": MANAGEMENT,
        "credentials": "env:WEKA",
        "organization": "ai",
        "verifyTls": True,
        "caBundle": "/ca.pem",
    }
    other = pair(WekaS3, admin_credentials="config:weka")["readers-principal"].inputs["issuer"]
    assert other["credentials"] == "config:weka"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (VastS3, {}),
        (VastS3, {"vms": f"{MANAGEMENT}/", "user": "svc"}),
        (VastS3, {"vms_verify_tls": False, "ca_bundle": "/ca.pem"}),
        (WekaS3, {}),
        (WekaS3, {"api_ca_bundle": "/api.pem", "organization": "ai"}),
    ],
)
def test_unchanged_issuer_is_no_difference(kind: type[VastS3 | WekaS3], settings: dict[str, Any]) -> None:
    assert_unchanged_issuer_is_no_difference(pair(kind, **settings))


def test_bucket_outlives_the_stack() -> None:
    for kind in (VastS3, WekaS3):
        bucket = pair(kind)["models-bucket"]
        assert bucket.type == "pulumi-python:dynamic/modelstore:Bucket"
        assert bucket.request.retainOnDelete


def test_all_wrong_settings_of_vast_are_refused_together() -> None:
    message = refused(
        VastS3,
        endpoint="s3.example.org",
        bucket="Models",
        vms="vms.example.org",
        admin_credentials="profile:admin",
        tenant="",
    )
    for argument in ("endpoint", "bucket", "vms", "admin_credentials", "tenant"):
        assert f"{argument}: " in message


def test_all_wrong_settings_of_weka_are_refused_together() -> None:
    message = refused(
        WekaS3,
        endpoint=ENDPOINT,
        bucket="models",
        api="https://weka01:14000/api/v2",
        credentials="pasted-secret-key",
        organization="",
    )
    for argument in ("credentials", "api", "organization"):
        assert f"{argument}: " in message
    assert "pasted-secret-key" not in message


def test_credentials_that_cannot_hold_a_password_are_refused() -> None:
    assert "'env:PREFIX' or 'config:KEY'" in refused(VastS3, **{**VAST, "admin_credentials": "default"})
    assert "'env:PREFIX' or 'config:KEY'" in refused(WekaS3, **{**WEKA, "credentials": "default"})


@pytest.mark.parametrize(
    ("kind", "argument", "given"),
    [(VastS3, "vms", VAST), (WekaS3, "api", WEKA)],
)
def test_accepting_any_certificate_beside_a_ca_is_refused(
    kind: type[VastS3 | WekaS3], argument: str, given: dict[str, Any]
) -> None:
    message = refused(kind, **{**given, f"{argument}_verify_tls": False, f"{argument}_ca_bundle": "/ca.pem"})
    assert f"{argument}_verify_tls" in message


def test_address_may_come_from_another_resource() -> None:
    declared = pair(VastS3, vms=pulumi.Output.from_input(f"{MANAGEMENT}/"))
    assert declared["readers-principal"].inputs["issuer"]["vms"] == MANAGEMENT


def test_name_with_spaces_is_refused_for_vast() -> None:
    def program() -> None:
        AccessKeyPair("the readers", namespace=StorageNamespace("models", backend=VastS3(**VAST)))

    with pytest.raises(InvalidArguments, match="spaces"):
        declare(program)


def test_access_log_is_refused_on_weka_with_the_reason() -> None:
    def program() -> None:
        StorageNamespace("models", backend=WekaS3(**WEKA), audit=AccessLog(bucket="team-logs"))

    with pytest.raises(InvalidArguments, match="whole cluster"):
        declare(program)


def test_access_log_on_vast_is_a_setting_of_the_bucket() -> None:
    def program(target: str = "team-logs") -> None:
        StorageNamespace("models", backend=VastS3(**VAST), audit=AccessLog(bucket=target, prefix="models/"))

    bucket = declare(program)["models-bucket"]
    assert bucket.inputs["accessLog"] == {"bucket": "team-logs", "prefix": "models/"}
    with pytest.raises(InvalidArguments, match="is the bucket whose log it is"):
        declare(lambda: program(VAST["bucket"]))


def test_configuration_makes_them() -> None:
    vast = backend_from_config({"kind": "vast-s3", **VAST})
    weka = backend_from_config({"kind": "weka-s3", **WEKA})
    assert isinstance(vast, VastS3)
    assert isinstance(weka, WekaS3)
    assert vast.issues_keys
    assert weka.issues_keys
