"""The backend Cloudflare R2: what it declares, and what it refuses before anything is declared."""

from __future__ import annotations

import hashlib
import json
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

pytest.importorskip("pulumi_cloudflare", reason="pulumi-cloudflare is in the extra `cloudflare`")

ACCOUNT = "0123456789abcdef0123456789abcdef"
TOKEN = "cloudflare:index/accountToken:AccountToken"
SETTINGS = {"account_id": ACCOUNT, "bucket": "team-models", "credentials": "env:R2"}


def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    return {"value": pulumi.Output.secret(f"value of {args.name}")} if args.typ == TOKEN else {}


def pair(*, namespace: Mapping[str, Any] | None = None, keys: Mapping[str, Any] | None = None, **more: Any) -> Declared:
    def program() -> None:
        models = StorageNamespace("models", backend=CloudflareR2(**{**SETTINGS, **more}), **(namespace or {}))
        readers = AccessKeyPair("readers", namespace=models, rotation=1, **{"read_only": True, **(keys or {})})
        models.kserve_credentials("readers", keys=readers, kubernetes_namespace="serving")
        pulumi.export("secret", readers.secret_access_key)

    return declare(program, preview=False, outputs=outputs)


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


def test_key_is_a_token_for_that_bucket_alone() -> None:
    declared = pair(jurisdiction="eu")
    for slot, generation in (("even", 0), ("odd", 1)):
        token = declared[f"readers-{slot}"]
        assert token.type == TOKEN
        assert token.inputs["name"] == f"readers@team-models {slot}-{generation}"
        (policy,) = token.inputs["policies"]
        assert policy["effect"] == "allow"
        assert policy["permissionGroups"] == [{"id": "6a018a9f2fc74eb6b293b0c548f38b39"}]
        resources = json.loads(policy["resources"])
        assert resources == {f"com.cloudflare.edge.r2.bucket.{ACCOUNT}_eu_team-models": "*"}
        assert token.request.deleteBeforeReplace
    ready = declared["readers-ready"]
    secret = hashlib.sha256(b"value of readers-odd").hexdigest()
    assert ready.inputs["secretAccessKey"] == f"{SECRET}{secret}"
    assert declared.exports["secret"].startswith(SECRET)


@pytest.mark.parametrize(
    ("scope", "read_only", "group"),
    [
        ("bucket", False, "2efd5506f9c8494dacb1fa10a3e7d5b6"),
        ("account", True, "b4992e1108244f5d8bfbd5744320c2e1"),
        ("account", False, "bf7481a1826f439697cb59a20b22293e"),
    ],
)
def test_permission_group_follows_from_scope_and_writing(scope: str, read_only: bool, group: str) -> None:
    token = pair(key_scope=scope, keys={"read_only": read_only})["readers-even"]
    (policy,) = token.inputs["policies"]
    assert policy["permissionGroups"] == [{"id": group}]
    opened = f"com.cloudflare.api.account.{ACCOUNT}" if scope == "account" else "com.cloudflare.edge.r2.bucket."
    assert next(iter(json.loads(policy["resources"]))).startswith(opened)


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
    backend = CloudflareR2(account_id="acme", bucket="Models", credentials="pasted-secret-key", endpoint="r2")
    with pytest.raises(InvalidArguments) as refusal:
        declare(lambda: StorageNamespace("models", backend=backend) and None)
    message = str(refusal.value)
    for argument in ("account_id", "bucket", "credentials", "endpoint"):
        assert f"{argument}: " in message
    assert "pasted-secret-key" not in message


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
    token = pair(account_id=pulumi.Output.from_input(ACCOUNT))["readers-even"]
    assert token.inputs["accountId"] == ACCOUNT
    assert f"{ACCOUNT}_default_team-models" in token.inputs["policies"][0]["resources"]


def test_configuration_makes_one() -> None:
    backend = backend_from_config({"kind": "cloudflare-r2", **SETTINGS, "jurisdiction": "fedramp"})
    assert isinstance(backend, CloudflareR2)
    assert backend.endpoint_url() == f"https://{ACCOUNT}.fedramp.r2.cloudflarestorage.com"
