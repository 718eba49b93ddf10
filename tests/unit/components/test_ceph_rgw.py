"""The Ceph backend: what it declares, and what it refuses before anything is declared."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_modelstore import AccessLog, CephRgw, InvalidArguments, StorageNamespace, backend_from_config
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from unit.components.declared import Declared, declare
from unit.components.issuing import (
    assert_pair_in_second_generation,
    assert_pods_reach,
    assert_unchanged_issuer_is_no_difference,
    declared_pair,
    refused,
)

ENDPOINT = "https://rgw.example.org:8443"
NAMED = "readers-6ed6c14"


def pair(*, name: str = "readers", rotation: int = 0, **settings: Any) -> Declared:
    given = {"endpoint": ENDPOINT, "bucket": "team-models", "credentials": "env:OWNER", **settings}
    return declared_pair(CephRgw, given, name=name, rotation=rotation)


def test_a_pair_is_a_user_and_its_keys() -> None:
    declared = pair(rotation=1)
    assert_pair_in_second_generation(declared)
    assert declared["readers-principal"].inputs["principalName"] == NAMED


def test_the_issuer_is_reached_with_references_alone() -> None:
    issuer = pair(
        admin_credentials="env:ADMIN",
        admin_endpoint="https://admin.example.org/",
        admin_path="administration",
        tenant="acme",
        ca_bundle="/ca.pem",
    )["readers-principal"].inputs["issuer"]
    assert issuer == {
        "kind": "ceph-rgw",
        "connection": {
            "endpoint": ENDPOINT,
            "region": "us-east-1",
            "addressing": "path",
            "verifyTls": True,
            "caBundle": "/ca.pem",
            "credentials": "env:OWNER",
        },
        "adminCredentials": "env:ADMIN",
        "adminEndpoint": "https://admin.example.org",
        "adminPath": "administration",
        "tenant": "acme",
    }
    assert "adminCredentials" not in pair()["readers-principal"].inputs["issuer"]


@pytest.mark.parametrize(
    "settings", [{}, {"ca_bundle": "/ca.pem"}, {"verify_tls": False}, {"tenant": "acme", "admin_credentials": "env:A"}]
)
def test_an_unchanged_issuer_is_no_difference(settings: dict[str, Any]) -> None:
    assert_unchanged_issuer_is_no_difference(pair(**settings))


@pytest.mark.parametrize(
    ("changed", "replaces"),
    [
        ({"endpoint": "https://other.example.org"}, True),
        ({"tenant": "acme"}, True),
        ({"admin_credentials": "env:OTHER"}, False),
        ({"admin_endpoint": "https://admin.example.org"}, False),
        ({"credentials": "profile:owner"}, False),
    ],
)
def test_only_another_store_or_tenant_means_other_keys(changed: dict[str, str], replaces: bool) -> None:
    olds, news = (pair(**settings)["readers-even"].inputs for settings in ({}, changed))
    difference = StoreAccessKeyProvider().diff("id", olds, news)
    assert (difference.changes, bool(difference.replaces)) == (True, replaces)


def test_the_bucket_has_a_rule_against_stale_uploads() -> None:
    bucket = pair()["models-bucket"]
    assert bucket.type == "pulumi-python:dynamic/modelstore:Bucket"
    assert bucket.inputs["abortUploadsAfterDays"] == 7
    assert bucket.request.retainOnDelete


def test_pods_get_endpoint_and_ca() -> None:
    assert_pods_reach(pair(ca_bundle_configmap="ceph-ca"), "rgw.example.org:8443", ca_bundle_configmap="ceph-ca")


def test_endpoints_may_come_from_other_resources() -> None:
    endpoint = pulumi.Output.from_input(f"{ENDPOINT}/")
    issuer = pair(endpoint=endpoint, admin_endpoint=endpoint)["readers-principal"].inputs["issuer"]
    assert issuer["connection"]["endpoint"] == issuer["adminEndpoint"] == ENDPOINT


def test_all_wrong_settings_are_refused_together() -> None:
    message = refused(
        CephRgw,
        endpoint="rgw.example.org",
        bucket="Models",
        credentials="AKIAPASTED",
        admin_credentials="pasted-secret-key",
        admin_endpoint="https://rgw.example.org/admin",
        admin_path="admin/",
        tenant="acme$",
    )
    for argument in (
        "endpoint",
        "bucket",
        "credentials",
        "admin_credentials",
        "admin_endpoint",
        "admin_path",
        "tenant",
    ):
        assert f"backend.{argument}: " in message
    assert "pasted-secret-key" not in message
    assert "AKIAPASTED" not in message


@pytest.mark.parametrize("name", ["readers:swift", "acme$readers", "two words", "r" * 65])
def test_a_name_that_no_user_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidArguments, match="names a user of Ceph"):
        pair(name=name)


def test_an_access_log_is_refused_with_the_reason() -> None:
    def program() -> None:
        backend = CephRgw(endpoint=ENDPOINT, bucket="team-models")
        StorageNamespace("models", backend=backend, audit=AccessLog(bucket="team-logs"))

    with pytest.raises(InvalidArguments, match=r"audit.*release 20 \(Tentacle\)"):
        declare(program)


def test_configuration_makes_one() -> None:
    settings = {"kind": "ceph-rgw", "endpoint": ENDPOINT, "bucket": "team-models", "adminCredentials": "profile:root"}
    backend = backend_from_config(settings)
    assert isinstance(backend, CephRgw)
    assert (backend.kind, backend.admin_credentials, backend.issues_keys) == ("ceph-rgw", "profile:root", True)
