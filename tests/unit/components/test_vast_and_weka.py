"""The backends VAST and Weka: what they declare, and what they refuse before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
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
from pulumi_modelstore_provider.keys.issuers import issuer_settings
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from unit.components.declared import SECRET, Declared, declare

ENDPOINT = "https://s3.example.org"
MANAGEMENT = "https://management.example.org:14000"
PRINCIPAL = "pulumi-python:dynamic/modelstore:Principal"
KEY = "pulumi-python:dynamic/modelstore:StoreAccessKey"
VAST = {"endpoint": ENDPOINT, "bucket": "team-models", "vms": MANAGEMENT, "admin_credentials": "env:VMS"}
WEKA = {"endpoint": ENDPOINT, "bucket": "team-models", "api": MANAGEMENT, "credentials": "env:WEKA"}


def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    if args.typ == PRINCIPAL:
        return {"principal": f"{args.inputs['principalName']}.{args.inputs['bucket']}"}
    if args.typ == KEY:
        return {"accessKeyId": f"{args.name}-id", "secretAccessKey": pulumi.Output.secret(f"{args.name}-secret")}
    return {}


def pair(kind: type[VastS3 | WekaS3], **settings: Any) -> Declared:
    given = {**(VAST if kind is VastS3 else WEKA), **settings}

    def program() -> None:
        models = StorageNamespace("models", backend=kind(**given))
        readers = AccessKeyPair("readers", namespace=models, read_only=True, rotation=1)
        models.kserve_credentials("readers", keys=readers, kubernetes_namespace="serving")
        pulumi.export("secret", readers.secret_access_key)

    return declare(program, preview=False, outputs=outputs)


def refused(kind: type[VastS3 | WekaS3], **settings: Any) -> str:
    with pytest.raises(InvalidArguments) as refusal:
        declare(lambda: StorageNamespace("models", backend=kind(**settings)) and None)
    return str(refusal.value)


@pytest.mark.parametrize("kind", [VastS3, WekaS3])
def test_pair_is_a_principal_and_its_keys(kind: type[VastS3 | WekaS3]) -> None:
    declared = pair(kind)
    assert declared.children("readers")[:4] == ["readers-guard", "readers-principal", "readers-odd", "readers-even"]
    assert declared["readers-principal"].inputs["readOnly"] is True
    for slot, generation in (("even", 0), ("odd", 1)):
        key = declared[f"readers-{slot}"]
        assert (key.inputs["slot"], key.inputs["generation"]) == (slot, generation)
        assert key.request.deleteBeforeReplace
        assert "secretAccessKey" in key.request.additionalSecretOutputs
    assert declared.exports["secret"].startswith(SECRET)


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
    """What a resource records of the issuer is what the component declares again the next time."""
    declared = pair(kind, **settings)
    for name, provider in (("readers-principal", PrincipalProvider()), ("readers-even", StoreAccessKeyProvider())):
        news = {key: value for key, value in declared[name].inputs.items() if key != "__provider"}
        assert not provider.check({}, news).failures
        recorded = issuer_settings(news["issuer"]).model_dump(by_alias=True, exclude_none=True)
        assert provider.diff("id", {**news, "issuer": recorded}, news).changes is False


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
