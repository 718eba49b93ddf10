"""A model whose pods read it by an IAM role, in a bucket whose accesses are logged to another."""

import json

import pulumi
import pulumi_aws as aws

from pulumi_modelstore import AccessLog, AwsIrsa, AwsS3, GpuInferenceService, ModelArtifact, StorageNamespace

config = pulumi.Config()
bucket, logs = config.require("bucket"), config.require("logs")

delivery = {
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"arn:aws:s3:::{logs}/*",
    "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
}
kept = pulumi.ResourceOptions(retain_on_delete=True)
log_bucket = aws.s3.Bucket("logs", bucket=logs, opts=kept)
log_delivery = aws.s3.BucketPolicy(
    "log-delivery",
    bucket=log_bucket.bucket,
    policy=json.dumps({"Version": "2012-10-17", "Statement": [delivery]}),
    opts=kept,
)

namespace = StorageNamespace(
    "models",
    backend=AwsS3(bucket=bucket, prefix="team-a"),
    audit=AccessLog(bucket=log_delivery.bucket, prefix="models/"),
)
model = ModelArtifact("tiny", namespace=namespace, source="model", version="v1")
for name, read_only in (("reader", True), ("writer", False)):
    credentials = namespace.kserve_credentials(
        f"model-{name}",
        identity=AwsIrsa(oidc_provider_arn=config.require("provider"), read_only=read_only),
        kubernetes_namespace="serving",
    )
    GpuInferenceService(name, model=model, credentials=credentials, runtime="kserve-vllmserver")
pulumi.export("reader", credentials.service_account_name)
