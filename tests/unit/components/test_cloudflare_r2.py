"""The backend Cloudflare R2: what it declares, and what it refuses before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AccessLog,
    CloudflareR2,
    InvalidArguments,
    StorageNamespace,
    backend_from_config,
)
from pulumi_modelstore.backends import cloudflare_r2 as module
from unit.components.declared import SECRET, Declared, declare
from unit.components.issuing import KEY, PRINCIPAL, declared_pair

pytest.importorskip("pulumi_cloudflare", reason="pulumi-cloudflare is in the extra `cloudflare`")

ACCOUNT = "0123456789abcdef0123456789abcdef"
SETTINGS = {"account_id": ACCOUNT, "bucket": "team-models", "credentials": "env:R2"}


def pair(*, namespace: Mapping[str, Any] | None = None, keys: Mapping[str, Any] | None = None, **more: Any) -> Declared:
    return declared_pair(CloudflareR2, SETTINGS | more, namespace=namespace, **{"rotation": 1, **(keys or {})})


def test_bucket_and_its_rule_outlive_the_stack() -> None:
    declared = pair(jurisdiction="eu", location="weur")
    bucket, rule = declared["models-bucket"], declared["models-lifecycle"]
    assert bucket.inputs == {
        "accountId": ACCOUNT,
        "name": "team-models",
        "jurisdiction": "eu",
        "location": "weur",
    }
    assert rule.inputs["bucketName"] == "team-models"
    assert rule.inputs["jurisdiction"] == "eu"
    condition = rule.inputs["rules"][0]["abortMultipartUploadsTransition"]["condition"]
    assert condition == {"type": "Age", "maxAge": 604800}
    assert bucket.request.retainOnDelete
    assert rule.request.retainOnDelete
    assert rule.dependencies == ["models-bucket"]


def test_keys_are_the_package_s_own_and_made_after_the_principal() -> None:
    declared = pair(jurisdiction="eu", admin_credentials="env:CLOUDFLARE")
    principal = declared["readers-principal"]
    assert principal.type == PRINCIPAL
    assert principal.inputs["issuer"] == {
        "kind": "cloudflare-r2",
        "account": ACCOUNT,
        "jurisdiction": "eu",
        "keyScope": "bucket",
        "credentials": "env:CLOUDFLARE",
    }
    assert principal.inputs["principalName"].startswith("readers-")
    for slot, generation in (("even", 0), ("odd", 1)):
        key = declared[f"readers-{slot}"]
        assert key.type == KEY
        assert key.inputs["issuer"] == principal.inputs["issuer"]
        assert (key.inputs["bucket"], key.inputs["prefix"], key.inputs["readOnly"]) == ("team-models", "", True)
        assert (key.inputs["slot"], key.inputs["generation"]) == (slot, generation)
        assert "readers-principal" in key.dependencies
        assert key.request.deleteBeforeReplace
    assert declared["readers-ready"].inputs["secretAccessKey"] == f"{SECRET}readers-odd-secret"
    assert declared.exports["secret"].startswith(SECRET)


def test_token_of_the_stack_s_provider_makes_keys_where_none_is_named() -> None:
    issuer = pair(key_scope="account")["readers-even"].inputs["issuer"]
    assert issuer == {"kind": "cloudflare-r2", "account": ACCOUNT, "keyScope": "account"}


@pytest.mark.parametrize("read_only", [True, False])
def test_key_may_write_where_it_is_asked_for(read_only: bool) -> None:
    assert pair(keys={"read_only": read_only})["readers-odd"].inputs["readOnly"] is read_only


@pytest.mark.parametrize(
    ("jurisdiction", "host"),
    [(None, f"{ACCOUNT}.r2.cloudflarestorage.com"), ("eu", f"{ACCOUNT}.eu.r2.cloudflarestorage.com")],
)
def test_pods_and_uploads_speak_s3_with_r2_s_own_endpoint(jurisdiction: str | None, host: str) -> None:
    declared = pair(jurisdiction=jurisdiction)
    connection = declared["readers-ready"].inputs["connection"]
    assert connection["endpoint"] == f"https://{host}"
    assert (connection["region"], connection["addressing"], connection["checksums"]) == (
        "auto",
        "path",
        "when_required",
    )
    (secret,) = [item for item in declared.resources.values() if item.type == "kubernetes:core/v1:Secret"]
    annotations = secret.inputs["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == host
    assert annotations["serving.kserve.io/s3-usehttps"] == "1"
    assert annotations["serving.kserve.io/s3-region"] == "auto"


def test_kserve_s_head_bucket_is_warned_of_where_tokens_may_not_ask_it() -> None:
    warned = [text for text in pair().warnings if "HeadBucket" in text]
    assert len(warned) == 1
    assert 'key_scope="account"' in warned[0]
    assert not [text for text in pair(key_scope="account").warnings if "HeadBucket" in text]


def test_adopted_bucket_is_read_by_account_name_and_jurisdiction() -> None:
    declared = pair(namespace={"adopt": True})
    assert "models-lifecycle" not in declared.resources
    assert declared["models-bucket"].type == "cloudflare:index/r2Bucket:R2Bucket"


def test_keys_of_a_namespace_with_a_prefix_are_refused_with_the_reason() -> None:
    with pytest.raises(InvalidArguments, match=r"prefix.*team-a.*whole buckets"):
        pair(prefix="team-a")


def test_keys_narrowed_to_a_prefix_are_refused_with_the_reason() -> None:
    with pytest.raises(InvalidArguments, match=r"prefix.*team-a.*whole buckets"):
        pair(keys={"prefix": "team-a"})


def test_namespace_with_a_prefix_and_without_keys_is_fine() -> None:
    declared = declare(
        lambda: StorageNamespace("models", backend=CloudflareR2(**SETTINGS, prefix="team-a")) and None, preview=False
    )
    assert "models-bucket" in declared.resources


def test_all_wrong_settings_are_refused_together() -> None:
    backend = CloudflareR2(
        account_id="acme",
        bucket="Models",
        credentials="pasted-secret-key",
        admin_credentials="pasted-api-token",
        endpoint="r2",
    )
    with pytest.raises(InvalidArguments) as refusal:
        declare(lambda: StorageNamespace("models", backend=backend) and None)
    message = str(refusal.value)
    for argument in ("account_id", "bucket", "credentials", "admin_credentials", "endpoint"):
        assert f"backend.{argument}: " in message
    assert "pasted" not in message


@pytest.mark.parametrize("reference", ["default", "profile:models"])
def test_reference_that_can_hold_no_api_token_is_refused(reference: str) -> None:
    with pytest.raises(InvalidArguments, match=r"admin_credentials.*'env:PREFIX' or 'config:KEY'"):
        pair(admin_credentials=reference)


def test_name_that_is_too_long_for_cloudflare_is_refused_at_preview() -> None:
    def program() -> None:
        models = StorageNamespace("models", backend=CloudflareR2(**{**SETTINGS, "bucket": "m" * 63}))
        AccessKeyPair("readers-of-the-large-models-in-production", namespace=models)

    with pytest.raises(InvalidArguments, match=r"name.*120 characters.*Shorten it by \d+"):
        declare(program)


def test_access_log_is_refused_with_the_reason() -> None:
    def program() -> None:
        StorageNamespace("models", backend=CloudflareR2(**SETTINGS), audit=AccessLog(bucket="team-logs"))

    with pytest.raises(InvalidArguments, match=r"audit.*no reads or writes"):
        declare(program)


def test_missing_package_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InvalidArguments, match=r"pip install 'pulumi-modelstore\[cloudflare\]'"):
        pair()


def test_account_may_come_from_another_resource() -> None:
    declared = pair(account_id=pulumi.Output.from_input(ACCOUNT))
    assert declared["readers-even"].inputs["issuer"]["account"] == ACCOUNT


def test_configuration_makes_one() -> None:
    backend = backend_from_config({"kind": "cloudflare-r2", **SETTINGS, "jurisdiction": "fedramp"})
    assert isinstance(backend, CloudflareR2)
    assert backend.endpoint_url() == f"https://{ACCOUNT}.fedramp.r2.cloudflarestorage.com"
