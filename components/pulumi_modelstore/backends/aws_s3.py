"""Amazon S3: a bucket and IAM users through pulumi_aws."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pulumi

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems, objects_prefix_problems, prefix_problems
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.kserve_s3 import s3_annotations, s3_secret
from pulumi_modelstore.backends.protocol import DeclaredBucket, IssuedKey, KeyRequest, KServeSecret, ObjectAddress, Role
from pulumi_modelstore.backends.s3_connection import connection_inputs, connection_problems
from pulumi_modelstore.backends.s3_policy import bucket_policy, key_policy, partition_of
from pulumi_modelstore.backends.settings import BackendSettings, TextInput
from pulumi_modelstore.backends.verification import own_endpoint_problems

if TYPE_CHECKING:
    import pulumi_aws

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
# IAM user names have 64 characters; the engine appends a hyphen and 7 of its own to "<name>-user".
_LONGEST_PAIR_NAME = 51


class AwsS3(BackendSettings):
    """A bucket on Amazon S3.

    Args:
        bucket: name, unique in the partition, by S3's rules.
        region: region of the bucket.
        prefix: part of the bucket that the namespace takes, such as `team-a`; empty for all of it.
        credentials: where uploads find the deployer's keys: `default`, `env:PREFIX`, `profile:NAME` or `config:KEY`.
            The bucket and the keys are made with the stack's `aws` provider, by its own configuration.
        endpoint: URL of an S3 endpoint to use instead of the region's, such as a VPC endpoint or a stand-in for tests.
        addressing: `path` (endpoint/bucket/key) or `virtual` (bucket.endpoint/key); unset, `virtual` for the region's
            endpoint and `path` for one of your own.
        ca_bundle: file with the CA certificates to verify `endpoint`, or a proxy in between, on the deploying machine.
        ca_bundle_configmap: ConfigMap with the same for pods, in their namespace, under the key `cabundle.crt`.
        verify_tls: false accepts any certificate of `endpoint`, here and in pods; ask for it only on a network you
            trust.
        checksums: `when_required` for an endpoint that does not know the checksum headers of 2024 and later.
        public_prefixes: parts of the namespace, such as `objects/site`, whose objects anybody may read by URL, and
            neither list nor write; relative to `prefix`, as `ObjectStore(prefix=)` is, and never models. Each is a
            statement of the bucket's policy, and the public access block then lets such policies be; access lists stay
            blocked. For a bucket that the stack makes, in an account that does not block public access as a whole.

    An access log (`StorageNamespace(audit=AccessLog(...))`) needs a log bucket in the same region and account whose
    policy lets `logging.s3.amazonaws.com` put objects; that policy is the log bucket's owner's, for it is one document.
    Like the other settings of the bucket the log outlives the stack, and `audit` left out again. A policy with public
    prefixes does not: it is deleted, so that nothing stays public, and TLS is not insisted on any more.
    """

    opens_by_identity: ClassVar[bool] = True

    kind: Literal["aws-s3"] = "aws-s3"
    bucket: TextInput
    region: str = "us-east-1"
    prefix: str = ""
    credentials: str = "default"
    endpoint: TextInput | None = None
    addressing: Literal["path", "virtual"] | None = None
    ca_bundle: str | None = None
    ca_bundle_configmap: str | None = None
    verify_tls: bool = True
    checksums: Literal["when_supported", "when_required"] | None = None
    public_prefixes: tuple[str, ...] = ()

    @property
    def issues_keys(self) -> bool:
        """IAM issues them."""
        return True

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking AWS."""
        found = bucket_name_problems(self.bucket) + prefix_problems(self.prefix)
        if not _REGION.fullmatch(self.region):
            found.append(Problem("region", f'"{self.region}" is no AWS region', "Write it like us-east-1"))
        found += connection_problems(**self._settings())
        if self.ca_bundle_configmap is not None:
            found += subdomain_name_problems(self.ca_bundle_configmap, argument="ca_bundle_configmap")
        for number, prefix in enumerate(self.public_prefixes):
            found += objects_prefix_problems(prefix, argument=f"public_prefixes[{number}]")
        known = "AWS's own endpoints" if self.endpoint is None else None
        bundles = (self.ca_bundle, self.ca_bundle_configmap)
        return found + own_endpoint_problems(*bundles, verify_tls=self.verify_tls, known=known)

    def _settings(self) -> dict[str, Any]:
        names = ("endpoint", "region", "addressing", "verify_tls", "ca_bundle", "checksums", "credentials")
        return {name: getattr(self, name) for name in names}

    def endpoint_url(self) -> pulumi.Input[str]:
        """`endpoint`, or the region's own."""
        if self.endpoint is not None:
            return self.endpoint
        suffix = ".cn" if partition_of(self.region) == "aws-cn" else ""
        return f"https://s3.{self.region}.amazonaws.com{suffix}"

    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""
        return connection_inputs(**self._settings())

    def audit_problems(self, audit: AccessLog) -> list[Problem]:
        """What is wrong with the log's own bucket."""
        return audit.problems(of=self.bucket)

    def public_problems(self, path: str) -> list[Problem]:
        """Whether a path of the namespace is in a part that the settings make public."""
        if any(f"{path}/".startswith(f"{prefix.strip('/')}/") for prefix in self.public_prefixes):
            return []
        remedy = f'Give the backend public_prefixes=["{path}"], or use access="private" and URLs that end'
        return [Problem("access", f'is public, and the bucket is closed to the public at "{path}"', remedy)]

    def adoption_problems(self) -> list[Problem]:
        """What would have to be changed about the bucket."""
        if not self.public_prefixes:
            return []
        remedy = "Leave them out: whoever owns the bucket's policy opens a part of it"
        return [Problem("public_prefixes", "are given together with adopt=True", remedy)]

    def declare_bucket(
        self, name: str, parent: pulumi.Resource, *, adopt: bool, audit: AccessLog | None = None
    ) -> DeclaredBucket:
        """Declare the bucket, encrypted, TLS only, closed to the public save `public_prefixes`; kept on leaving."""
        import pulumi_aws as aws

        kept = pulumi.ResourceOptions(parent=parent, retain_on_delete=True)
        if adopt:
            options = pulumi.ResourceOptions(parent=parent)
            adopted = aws.s3.Bucket.get(f"{name}-bucket", self.bucket, region=self.region, opts=options)
            return DeclaredBucket(self.bucket, [adopted])
        bucket = aws.s3.Bucket(f"{name}-bucket", bucket=self.bucket, region=self.region, opts=kept)
        if audit is not None:
            aws.s3.BucketLogging(
                f"{name}-access-log",
                bucket=self.bucket,
                region=self.region,
                target_bucket=audit.bucket,
                target_prefix=audit.prefix,
                opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[bucket])),
            )
        return DeclaredBucket(self.bucket, [bucket, *self._protect(name, bucket, kept)])

    def _protect(self, name: str, bucket: pulumi_aws.s3.Bucket, kept: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        import pulumi_aws as aws

        # The settings follow the bucket in time; their inputs are plain, so that a preview shows them.
        kept = pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[bucket]))
        closed = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=self.bucket,
            region=self.region,
            block_public_acls=True,
            block_public_policy=not self.public_prefixes,
            ignore_public_acls=True,
            restrict_public_buckets=not self.public_prefixes,
            opts=kept,
        )
        encrypted = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.bucket,
            region=self.region,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=kept,
        )
        within = self.prefix.strip("/")
        public = [f"{within}/{prefix.strip('/')}".lstrip("/") for prefix in self.public_prefixes]
        policy = derive(lambda known: bucket_policy(known, public, partition=partition_of(self.region)), self.bucket)
        # S3 answers 409 to a bucket policy while the public access block is being set.
        after = pulumi.ResourceOptions(depends_on=[closed], retain_on_delete=not public)
        after = pulumi.ResourceOptions.merge(kept, after)
        tls = aws.s3.BucketPolicy(f"{name}-tls", bucket=self.bucket, region=self.region, policy=policy, opts=after)
        lifecycle = aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.bucket,
            region=self.region,
            rules=[
                {
                    "id": "abort-stale-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=kept,
        )
        return [closed, encrypted, tls, lifecycle]

    def key_problems(self, name: str) -> list[Problem]:
        """What IAM would refuse."""
        if len(name) <= _LONGEST_PAIR_NAME:
            return []
        remedy = f"Use at most {_LONGEST_PAIR_NAME} characters: it names an IAM user"
        return [Problem("name", f'"{name}" has {len(name)} characters', remedy)]

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare an IAM user with an inline policy and one access key a slot."""
        import pulumi_aws as aws

        name, options = request.name, pulumi.ResourceOptions(parent=request.parent, depends_on=[*request.after])
        user = aws.iam.User(f"{name}-user", opts=options)
        document = derive(
            lambda bucket: key_policy(
                bucket, request.prefix, read_only=request.read_only, partition=partition_of(self.region)
            ),
            request.bucket,
        )
        policy = aws.iam.UserPolicy(
            f"{name}-policy", user=user.name, policy=document, opts=pulumi.ResourceOptions(parent=request.parent)
        )
        issued: dict[Role, IssuedKey] = {}
        for slot in request.slots:
            key = aws.iam.AccessKey(
                f"{name}-{slot.role}",
                user=user.name,
                opts=pulumi.ResourceOptions(
                    parent=request.parent,
                    # IAM allows two keys a user: the stale one goes before its successor comes.
                    delete_before_replace=True,
                    replacement_trigger=f"generation-{slot.generation}",
                    depends_on=[policy, *request.after],
                ),
            )
            issued[slot.role] = IssuedKey(key.id, key.secret)
        return issued

    def object_address(self) -> ObjectAddress:
        """The region's own endpoint, which the SDK knows, or `endpoint`."""
        return ObjectAddress("s3", {"region": self.region, "addressing": self.addressing}, self.endpoint)

    def uri(self, key: str) -> pulumi.Input[str]:
        """`s3://bucket/key`."""
        return derive(lambda bucket: f"s3://{bucket}/{key}", self.bucket)

    def kserve_secret(self, key: IssuedKey) -> KServeSecret:
        """The Secret with which KServe reads from here."""
        return s3_secret(key, endpoint=self.endpoint_url(), **self._pods())

    def role_annotations(self) -> dict[str, pulumi.Input[str]]:
        """What KServe has to know of the store where pods read from here by a role, and no Secret says it."""
        # The region alone, where it will do: KServe has pods ask a given endpoint for the role as well.
        return s3_annotations(endpoint=self.endpoint, **self._pods())

    def _pods(self) -> dict[str, Any]:
        return {
            "region": self.region,
            "virtual_bucket": self.addressing == "virtual",
            "verify_tls": self.verify_tls,
            "ca_bundle_configmap": self.ca_bundle_configmap,
        }
