"""The backend of Google Cloud Storage: what it declares, and what it refuses before anything is declared."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import AccessKeyPair, AccessLog, Gcs, InvalidArguments, StorageNamespace, backend_from_config
from pulumi_modelstore.backends import gcs as module
from pulumi_modelstore_provider.keys.issuers import issuer_settings
from unit.components.declared import SECRET, Declared, declare

ACCOUNT = "gcp:serviceaccount/account:Account"
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
KEY = "pulumi-python:dynamic/modelstore:StoreAccessKey"


def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    if args.typ == ACCOUNT:
        email = f"{args.inputs['accountId']}@acme-models.iam.gserviceaccount.com"
        return {"email": email, "member": f"serviceAccount:{email}"}
    if args.typ == KEY:
        return {"accessKeyId": f"{args.name}-id", "secretAccessKey": pulumi.Output.secret(f"{args.name}-secret")}
    if args.typ.endswith(":AccessKeyReady"):
        return {name: args.inputs[name] for name in ("accessKeyId", "secretAccessKey")}
    return {}


def namespace(**settings: Any) -> StorageNamespace:
    given = {"bucket": "team-models", "project": "acme-models", "location": "europe-west4", **settings}
    return StorageNamespace("models", backend=Gcs(**given))


def pair(*, rotation: int = 0, read_only: bool = True, **settings: Any) -> Declared:
    def program() -> None:
        models = namespace(**settings)
        readers = AccessKeyPair("readers", namespace=models, rotation=rotation, read_only=read_only)
        models.kserve_credentials("reading", keys=readers, kubernetes_namespace="serving")
        pulumi.export("uri", models.uri("models/llama/v1/"))

    return declare(program, preview=False, outputs=outputs)


def refused(**settings: Any) -> str:
    with pytest.raises(InvalidArguments) as refusal:
        declare(lambda: namespace(**settings) and None)
    return str(refusal.value)


def test_bucket_is_closed_kept_and_shown_plainly_at_preview() -> None:
    def program() -> None:
        log = AccessLog(bucket="team-logs", prefix="models/")
        StorageNamespace("models", backend=Gcs(bucket="team-models", location="EU"), audit=log)

    bucket = declare(program)["models-bucket"]
    assert bucket.inputs == {
        "name": "team-models",
        "location": "EU",
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        "forceDestroy": False,
        "lifecycleRules": [
            {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
            {"action": {"type": "Delete"}, "condition": {"age": 7, "matchesPrefixes": [".modelstore-uploads/"]}},
        ],
        "logging": {"logBucket": "team-logs", "logObjectPrefix": "models/"},
    }
    assert bucket.request.retainOnDelete


def test_adopted_bucket_is_read() -> None:
    declared = declare(lambda: StorageNamespace("models", backend=Gcs(bucket="team-models"), adopt=True) and None)
    assert declared["models-bucket"].request.id == "team-models"
    assert "name" not in declared["models-bucket"].inputs


def test_a_pair_is_an_account_a_role_and_a_key_a_slot() -> None:
    declared = pair(rotation=1)
    names = ["readers-guard", "readers-account", "readers-access", "readers-odd", "readers-even", "readers-ready"]
    assert declared.children("readers") == names
    account = declared["readers-account"]
    assert re.fullmatch(r"readers-[0-9a-f]{7}", account.inputs["accountId"])
    assert account.inputs["project"] == "acme-models"
    assert list(account.request.ignoreChanges) == ["description"]
    email = f"{account.inputs['accountId']}@acme-models.iam.gserviceaccount.com"
    assert declared["readers-access"].inputs == {
        "bucket": "team-models",
        "role": "roles/storage.objectViewer",
        "member": f"serviceAccount:{email}",
    }
    for slot, generation in (("even", 0), ("odd", 1)):
        key = declared[f"readers-{slot}"]
        assert (key.type, key.inputs["principal"]) == (KEY, email)
        assert (key.inputs["slot"], key.inputs["generation"]) == (slot, generation)
        assert key.request.deleteBeforeReplace
        assert {"readers-access", "readers-account", "readers-guard"} <= set(key.dependencies)
        assert issuer_settings(key.inputs["issuer"]).kind == "gcs"
    assert declared["readers-ready"].inputs["accessKeyId"] == "readers-odd-id"
    assert declared["readers-ready"].inputs["connection"]["kind"] == "gcs"


@pytest.mark.parametrize("name", ["r", "7", "Team_A.Readers", "a-very-long-name-of-a-pair-of-keys-for-readers"])
def test_account_id_is_one_that_google_takes(name: str) -> None:
    declared = declare(lambda: AccessKeyPair(name, namespace=namespace()) and None, outputs=outputs)
    assert re.fullmatch(r"[a-z][-a-z0-9]{4,28}[a-z0-9]", declared[f"{name}-account"].inputs["accountId"])


def test_writer_s_role_and_the_condition_of_a_prefix() -> None:
    declared = pair(read_only=False, prefix="team-a")
    access = declared["readers-access"].inputs
    assert access["role"] == "roles/storage.objectUser"
    assert access["condition"]["expression"] == (
        'resource.type == "storage.googleapis.com/Bucket" || '
        'resource.name.startsWith("projects/_/buckets/team-models/objects/team-a/")'
    )


def test_kserve_s_secret_of_a_key_file() -> None:
    declared = pair()
    secret = declared["reading-secret"].inputs
    (data,) = secret["data"].values() if "[secret]" in secret["data"] else (secret["data"],)
    text = data["gcloud-application-credentials.json"]
    assert base64.b64decode(text.removeprefix(SECRET)).decode() == "readers-even-secret"
    assert "annotations" not in secret["metadata"]
    assert declared.exports["uri"] == "gs://team-models/models/llama/v1/"


def test_hmac_keys_are_used_as_s3_s() -> None:
    declared = pair(keys="hmac", prefix="team-a")
    seen = declared["readers-bucket-access"].inputs
    assert (seen["role"], "condition" in seen) == ("roles/storage.legacyBucketReader", False)
    assert declared["readers-even"].inputs["issuer"]["form"] == "hmac"
    tried = declared["readers-ready"].inputs["connection"]
    assert (tried["endpoint"], tried["checksums"]) == ("https://storage.googleapis.com", "when_required")
    secret = declared["reading-secret"].inputs
    annotations = secret["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == "storage.googleapis.com"
    assert annotations["serving.kserve.io/s3-usehttps"] == "1"
    (data,) = secret["data"].values() if "[secret]" in secret["data"] else (secret["data"],)
    assert set(data) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert declared.exports["uri"] == "s3://team-models/team-a/models/llama/v1/"


def test_every_problem_is_told_at_once() -> None:
    said = refused(
        bucket="google-models",
        project="Acme Models",
        location="europe west",
        prefix="/a//b",
        credentials="profile:acme",
        verify_tls=False,
        endpoint="not a url",
    )
    for argument in ("bucket", "project", "location", "prefix", "credentials", "endpoint"):
        assert f"backend.{argument}:" in said, said
    assert "Google Cloud has no profiles of keys" in said
    assert "verify_tls" in refused(verify_tls=False)
    assert "audit.bucket" in _refused_log()


def _refused_log() -> str:
    log = AccessLog(bucket="team-models")
    with pytest.raises(InvalidArguments) as refusal:
        declare(lambda: StorageNamespace("models", backend=Gcs(bucket="team-models"), audit=log) and None)
    return str(refusal.value)


def test_settings_come_from_configuration() -> None:
    backend = backend_from_config({"kind": "gcs", "bucket": "team-models", "keys": "hmac", "location": "EU"})
    assert isinstance(backend, Gcs)
    assert (backend.keys, backend.region) == ("hmac", "EU")


def test_endpoint_of_another_resource_reaches_the_connection() -> None:
    def program() -> None:
        endpoint = pulumi.Output.from_input("http://127.0.0.1:4443/")
        AccessKeyPair("readers", namespace=namespace(endpoint=endpoint))

    declared = declare(program, preview=False, outputs=outputs)
    for name in ("readers-ready", "readers-even"):
        found = declared[name].inputs
        connection = found.get("connection") or found["issuer"]["connection"]
        assert connection["endpoint"] == "http://127.0.0.1:4443"


def test_missing_package_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert "pip install 'pulumi-modelstore[gcp]'" in refused()
