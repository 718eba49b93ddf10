"""What stores with an S3 endpoint have in common: the bucket as the package's own resource, and KServe's view of it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pulumi

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems, prefix_problems
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.kserve_s3 import s3_secret
from pulumi_modelstore.backends.protocol import DeclaredBucket, IssuedKey, KServeSecret, ObjectAddress
from pulumi_modelstore.backends.s3_connection import connection_inputs, connection_problems
from pulumi_modelstore.backends.settings import BackendSettings, TextInput
from pulumi_modelstore.backends.verification import verification_problems


class S3Endpoint(BackendSettings):
    """A bucket on an S3 endpoint; one subclass a store.

    Args:
        endpoint: URL of the store with scheme and port, such as `https://s3.example.org:9000`; no bucket in it.
        bucket: name by S3's rules.
        region: what the store expects in signatures; `us-east-1` where it does not care.
        prefix: part of the bucket that the namespace takes; empty for all of it.
        addressing: `path` (endpoint/bucket/key) or `virtual` (bucket.endpoint/key).
        verify_tls: false accepts any certificate, here and in pods; ask for it only on a network you trust.
        ca_bundle: file with the CA certificates that the store's certificate descends from, on the deploying machine.
        ca_bundle_configmap: ConfigMap with the same for pods, in their namespace, under the key `cabundle.crt`.
        checksums: `when_required` for stores that do not know the checksum headers of 2024 and later, else
            `when_supported`; unset leaves it to the connection's default for such stores.
        signature: version of the request signature; `v2` only for stores that never learned the other.
        credentials: where bucket and uploads find the deployer's keys: `env:PREFIX`, `profile:NAME`, `config:KEY` or
            `default`.
    """

    endpoint: TextInput
    bucket: TextInput
    region: str = "us-east-1"
    prefix: str = ""
    addressing: Literal["path", "virtual"] = "path"
    verify_tls: bool = True
    ca_bundle: str | None = None
    ca_bundle_configmap: str | None = None
    checksums: Literal["when_supported", "when_required"] | None = None
    signature: Literal["v4", "v2"] | None = None
    credentials: str = "default"

    _aborts_uploads_after: ClassVar[int | None] = None
    """Days after which the store itself aborts stale uploads, by a rule of the bucket; None where it knows none."""

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        found = bucket_name_problems(self.bucket) + prefix_problems(self.prefix)
        found += connection_problems(**self._settings())
        if self.ca_bundle_configmap is not None:
            found += subdomain_name_problems(self.ca_bundle_configmap, argument="ca_bundle_configmap")
        return found + verification_problems(self.ca_bundle, self.ca_bundle_configmap, verify_tls=self.verify_tls)

    def _settings(self) -> dict[str, Any]:
        names = ("endpoint", "region", "addressing", "verify_tls", "ca_bundle", "checksums", "signature", "credentials")
        return {name: getattr(self, name) for name in names}

    def endpoint_url(self) -> pulumi.Input[str]:
        """`endpoint`."""
        return derive(lambda url: url.rstrip("/"), self.endpoint)

    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""
        return connection_inputs(**self._settings())

    def declare_bucket(
        self,
        name: str,
        parent: pulumi.Resource,
        *,
        adopt: bool,
        audit: AccessLog | None,
    ) -> DeclaredBucket:
        """Declare the bucket, or have it read where `adopt` is true; leaving the stack deletes nothing."""
        from pulumi_modelstore_provider.resources.bucket import Bucket

        bucket = Bucket(
            f"{name}-bucket",
            connection=self.connection(),
            bucket=self.bucket,
            adopt=adopt,
            abort_uploads_after_days=None if adopt else self._aborts_uploads_after,
            access_log=None if audit is None else {"bucket": audit.bucket, "prefix": audit.prefix},
            namespace=name,
            opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
        )
        return DeclaredBucket(self.bucket, [bucket])

    def object_address(self) -> ObjectAddress:
        """The endpoint; a host for each bucket is told of where it has one."""
        addressing = "virtual" if self.addressing == "virtual" else None
        return ObjectAddress("s3", {"region": self.region, "addressing": addressing}, self.endpoint_url())

    def uri(self, key: str) -> pulumi.Input[str]:
        """`s3://bucket/key`."""
        return derive(lambda bucket: f"s3://{bucket}/{key}", self.bucket)

    def kserve_secret(self, key: IssuedKey) -> KServeSecret:
        """The Secret with which KServe reads from here."""
        return s3_secret(
            key,
            endpoint=self.endpoint_url(),
            region=self.region,
            virtual_bucket=self.addressing == "virtual",
            verify_tls=self.verify_tls,
            ca_bundle_configmap=self.ca_bundle_configmap,
        )
