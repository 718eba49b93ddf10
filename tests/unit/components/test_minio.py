"""The MinIO backend: what it declares, and what it refuses before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import AccessKeyPair, AccessLog, InvalidArguments, Minio, StorageNamespace, backend_from_config
from pulumi_modelstore.backends import minio as module
from pulumi_modelstore_provider.keys.issuers import issuer_settings
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from unit.components.declared import SECRET, Declared, declare

ENDPOINT = "https://minio.example.org:9000"
NAMED = "readers-6ed6c14"
PRINCIPAL = "pulumi-python:dynamic/modelstore:Principal"
KEY = "pulumi-python:dynamic/modelstore:StoreAccessKey"


def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    if args.typ == PRINCIPAL:
        return {"principal": f"{args.inputs['principalName']}@{args.inputs['bucket']}"}
    if args.typ == KEY:
        return {"accessKeyId": f"{args.name}-id", "secretAccessKey": pulumi.Output.secret(f"{args.name}-secret")}
    return {}


def pair(*, pair_arguments: Mapping[str, Any] | None = None, **settings: Any) -> Declared:
    def program() -> None:
        backend = Minio(endpoint=ENDPOINT, bucket="team-models", credentials="env:MINIO", **settings)
        models = StorageNamespace("models", backend=backend)
        readers = AccessKeyPair("readers", namespace=models, read_only=True, **(pair_arguments or {}))
        models.kserve_credentials("readers", keys=readers, kubernetes_namespace="serving")
        pulumi.export("secret", readers.secret_access_key)

    return declare(program, preview=False, outputs=outputs)


def refused(**settings: Any) -> str:
    with pytest.raises(InvalidArguments) as refusal:
        declare(lambda: StorageNamespace("models", backend=Minio(**settings)) and None)
    return str(refusal.value)


def test_a_pair_is_a_principal_and_its_keys() -> None:
    declared = pair(pair_arguments={"rotation": 1})
    assert declared.children("readers")[:4] == ["readers-guard", "readers-principal", "readers-odd", "readers-even"]
    principal = declared["readers-principal"]
    assert principal.type == PRINCIPAL
    assert principal.inputs["principalName"] == NAMED
    assert principal.inputs["readOnly"] is True
    for slot, generation in (("even", 0), ("odd", 1)):
        key = declared[f"readers-{slot}"]
        assert key.type == KEY
        assert (key.inputs["slot"], key.inputs["generation"]) == (slot, generation)
        assert key.inputs["principal"] == f"{NAMED}@team-models"
        assert key.request.deleteBeforeReplace
        assert "secretAccessKey" in key.request.additionalSecretOutputs
    assert declared.exports["secret"].startswith(SECRET)


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
    """What a resource records of the issuer is what the component declares again the next time."""
    declared = pair(**settings)
    for name, provider in (("readers-principal", PrincipalProvider()), ("readers-even", StoreAccessKeyProvider())):
        news = {key: value for key, value in declared[name].inputs.items() if key != "__provider"}
        assert not provider.check({}, news).failures
        recorded = issuer_settings(news["issuer"]).model_dump(by_alias=True, exclude_none=True)
        assert provider.diff("id", {**news, "issuer": recorded}, news).changes is False


def test_the_bucket_is_declared_without_a_rule_that_minio_refuses() -> None:
    bucket = pair()["models-bucket"]
    assert bucket.type == "pulumi-python:dynamic/modelstore:Bucket"
    assert bucket.inputs.get("abortUploadsAfterDays") is None
    assert bucket.request.retainOnDelete


def test_pods_get_endpoint_and_ca() -> None:
    declared = pair(ca_bundle_configmap="minio-ca")
    (secret,) = [item for item in declared.resources.values() if item.type == "kubernetes:core/v1:Secret"]
    annotations = secret.inputs["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == "minio.example.org:9000"
    assert annotations["serving.kserve.io/s3-usehttps"] == "1"
    assert annotations["serving.kserve.io/s3-cabundle-configmap"] == "minio-ca"


def test_the_endpoint_may_come_from_another_resource() -> None:
    def program() -> None:
        backend = Minio(endpoint=pulumi.Output.from_input(f"{ENDPOINT}/"), bucket="team-models", credentials="env:M")
        AccessKeyPair("readers", namespace=StorageNamespace("models", backend=backend))

    declared = declare(program, preview=False, outputs=outputs)
    assert declared["readers-principal"].inputs["issuer"]["endpoint"] == ENDPOINT


def test_all_wrong_settings_are_refused_together() -> None:
    message = refused(
        endpoint="minio.example.org", bucket="Models", credentials="AKIAPASTED", admin_credentials="pasted-secret-key"
    )
    for argument in ("endpoint", "bucket", "credentials", "admin_credentials"):
        assert f"{argument}: " in message
    assert "pasted-secret-key" not in message
    assert "AKIAPASTED" not in message


def test_accepting_any_certificate_beside_a_ca_is_refused() -> None:
    message = refused(endpoint=ENDPOINT, bucket="team-models", verify_tls=False, ca_bundle="/ca.pem")
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
