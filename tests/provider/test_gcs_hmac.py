"""HMAC keys in the hands of KServe: the declared Secret and URI, read over S3.

The emulator of Google's store has no XML API with signatures, so a real S3 server stands in for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from pod.kserve_environment import initializer_environment
from pod.pod_start import Pod, tree
from pulumi_modelstore import AccessKeyPair, Gcs, StorageNamespace
from servers.versitygw import VersityGateway
from unit.components.declared import declare

pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")
pytest.importorskip("pulumi_gcp", reason="pulumi-gcp is in the extra `gcp`")

BUCKET = "gcs-hmac-models"
MODEL = {"config.json": b"{}", "onnx/model.onnx": bytes(range(256)) * 40}


@pytest.fixture
def key(versitygw: VersityGateway) -> dict[str, str]:
    """A key that reads the bucket, as objectViewer and legacyBucketReader let an HMAC key."""
    root, iam = versitygw.client(), versitygw.client("iam")
    root.create_bucket(Bucket=BUCKET)
    for name, body in MODEL.items():
        root.put_object(Bucket=BUCKET, Key=f"models/llama/v1/{name}", Body=body)
    statements = [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{BUCKET}"},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{BUCKET}/*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.create_user(UserName="gcs-hmac")
    iam.put_user_policy(UserName="gcs-hmac", PolicyName="read", PolicyDocument=policy)
    made: dict[str, str] = iam.create_access_key(UserName="gcs-hmac")["AccessKey"]
    return made


def test_kserve_reads_with_an_hmac_key(versitygw: VersityGateway, key: Mapping[str, str], tmp_path: Path) -> None:
    def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
        if args.typ.endswith((":StoreAccessKey", ":AccessKeyReady")):
            secret = pulumi.Output.secret(key["SecretAccessKey"])
            return {"accessKeyId": key["AccessKeyId"], "secretAccessKey": secret}
        return {"email": "a@b", "member": "serviceAccount:a@b"} if args.typ.endswith(":Account") else {}

    def program() -> None:
        models = StorageNamespace("models", backend=Gcs(bucket=BUCKET, endpoint=versitygw.endpoint, keys="hmac"))
        readers = AccessKeyPair("readers", namespace=models, read_only=True)
        models.kserve_credentials("reading", keys=readers, kubernetes_namespace="serving")
        pulumi.export("uri", models.uri("models/llama/v1/"))

    declared = declare(program, preview=False, outputs=outputs)
    secret = declared["reading-secret"].inputs
    account = declared["reading-service-account"].inputs
    environment = initializer_environment(account, {"reading": _in_clear(secret)})
    # Google's XML API takes any region; this server knows its own.
    environment["AWS_DEFAULT_REGION"] = versitygw.region
    done = Pod(declared.exports["uri"], environment).download(tmp_path / "models")
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == MODEL


def _in_clear(value: Any) -> Any:
    """A manifest without the marks of its secrets."""
    if isinstance(value, dict):
        return _in_clear(value["[secret]"]) if "[secret]" in value else {k: _in_clear(v) for k, v in value.items()}
    return value.removeprefix("[secret] ") if isinstance(value, str) else value
