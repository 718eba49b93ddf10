"""Reads the deployed model back with the key that the stack issued, and compares every file with what was declared."""

import hashlib
import sys
import time

import yaml
from botocore.exceptions import ClientError
from store import FOLDER, deployer_client, keys_under, s3_client, sandbox_aws, sandbox_home

from pulumi_modelstore.cli.deployment import read_resources
from pulumi_modelstore_provider.artifacts.content import declared_tree
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.manifest import parse_manifest
from pulumi_modelstore_provider.artifacts.sizes import human_size
from pulumi_modelstore_sandbox.state.outputs import stack_outputs

PROJECT, STACK = "modelstore-quickstart", "dev"
ELSEWHERE = "modelstore-quickstart-elsewhere"


def main() -> None:
    outputs = stack_outputs(FOLDER, STACK)
    upload = declared_upload()
    aws = sandbox_aws()
    reader = s3_client(aws, outputs["access_key_id"], outputs["secret_access_key"])
    prefix = version_prefix(upload["modelPrefix"], upload["version"])
    print(f"\nProof, with the issued key {outputs['access_key_id']}:")
    compare_files(reader, upload, prefix)
    refuse_elsewhere(reader, deployer_client(aws))
    refuse_write(reader, outputs["bucket"], f"{prefix}added-by-reader")
    check_service(f"s3://{outputs['bucket']}/{prefix}")
    print(f"  the Kubernetes manifests are in {manifests()}")


def declared_upload():
    for resource in read_resources(cwd=FOLDER, stack=STACK, state=None):
        if resource["type"].endswith(":ArtifactUpload"):
            return resource["inputs"]
    fail("the stack declares no artifact; run `make up` first")
    return None


def compare_files(reader, upload, prefix) -> None:
    bucket, started = upload["bucket"], time.monotonic()
    body = reader.get_object(Bucket=bucket, Key=manifest_key(upload["modelPrefix"], upload["version"]))["Body"]
    content = parse_manifest(body.read()).content
    if content.tree_digest != declared_tree(upload["files"]):
        fail("the manifest in the bucket is not what the stack declares")
    stored = keys_under(reader, bucket, prefix)
    if stored != sorted(f"{prefix}{entry.path}" for entry in content.files):
        fail(f"the files under s3://{bucket}/{prefix} are not those of the manifest")
    for entry in content.files:
        found = digest_of(reader, bucket, f"{prefix}{entry.path}")
        if found != entry.digest:
            fail(f"{entry.path} is {found} in the bucket, declared as {entry.digest}")
    total, seconds = human_size(content.total_bytes), time.monotonic() - started
    print(f"  read s3://{bucket}/{prefix}: {len(content.files)} files, {total}, in {seconds:.1f} s")
    print("  each has the digest that the stack declares")


def digest_of(reader, bucket, key) -> str:
    digest = hashlib.sha256()
    for chunk in reader.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1024 * 1024):
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def refuse_elsewhere(reader, deployer) -> None:
    """Make another bucket with an object in it, for as long as it takes to be denied both."""
    deployer.create_bucket(Bucket=ELSEWHERE)
    try:
        deployer.put_object(Bucket=ELSEWHERE, Key="probe", Body=b"not for the reader")
        must_be_denied(lambda: reader.get_object(Bucket=ELSEWHERE, Key="probe"), "reading another bucket")
        must_be_denied(lambda: reader.list_objects_v2(Bucket=ELSEWHERE), "listing another bucket")
    finally:
        deployer.delete_object(Bucket=ELSEWHERE, Key="probe")
        deployer.delete_bucket(Bucket=ELSEWHERE)
    print("  another bucket is denied")


def refuse_write(reader, bucket, key) -> None:
    must_be_denied(lambda: reader.put_object(Bucket=bucket, Key=key, Body=b""), "writing with the read-only key")
    print("  writing is denied: the key is read-only")


def must_be_denied(request, what) -> None:
    try:
        request()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
            fail(f"{what} failed in another way than expected: {error}")
    else:
        fail(f"{what} succeeded, and must not")


def check_service(uri) -> None:
    service = yaml.safe_load((manifests() / "default" / "inferenceservice-demo.yaml").read_text(encoding="utf-8"))
    if service["spec"]["predictor"]["model"]["storageUri"] != uri:
        fail(f"the service does not read {uri}")
    print("  the service reads that version")


def manifests():
    return sandbox_home() / "manifests" / PROJECT / STACK


def fail(reason) -> None:
    sys.exit(f"the proof failed: {reason}")


if __name__ == "__main__":
    main()
