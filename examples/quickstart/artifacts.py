"""Lists the models that are in the sandbox's buckets: what stays when the stack is gone."""

from store import deployer_client, keys_under, sandbox_aws

from pulumi_modelstore_provider.artifacts.manifest import parse_manifest
from pulumi_modelstore_provider.artifacts.sizes import human_size


def main() -> None:
    s3 = deployer_client(sandbox_aws())
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    lines = [line for bucket in buckets for line in versions_in(s3, bucket)]
    print("\nArtifacts that stay:" if lines else "\nNo artifact is in the store.")
    for line in lines:
        print(f"  {line}")


def versions_in(s3, bucket):
    for key in keys_under(s3, bucket, ""):
        model_prefix, _, name = key.rpartition("/manifests/")
        if model_prefix and name.endswith(".json"):
            content = parse_manifest(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).content
            uri = f"s3://{bucket}/{model_prefix}/{name.removesuffix('.json')}/"
            yield f"{uri}  {len(content.files)} files, {human_size(content.total_bytes)}"


if __name__ == "__main__":
    main()
