"""Any other store that speaks S3: the bucket through the provider's own resource, keys brought along by the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pulumi

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems, prefix_problems
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.kserve_s3 import s3_secret
from pulumi_modelstore.backends.protocol import DeclaredBucket, IssuedKey, KeyRequest, KServeSecret, Role
from pulumi_modelstore.backends.s3_connection import connection_inputs, connection_problems
from pulumi_modelstore.backends.settings import BackendSettings, TextInput


class S3Compatible(BackendSettings):
    """A bucket on any S3 endpoint.

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
        credentials: where bucket and uploads find the deployer's keys: `env:PREFIX`, `profile:NAME`, `config:KEY` or
            `default`.
    """

    kind: Literal["s3-compatible"] = "s3-compatible"
    endpoint: TextInput
    bucket: TextInput
    region: str = "us-east-1"
    prefix: str = ""
    addressing: Literal["path", "virtual"] = "path"
    verify_tls: bool = True
    ca_bundle: str | None = None
    ca_bundle_configmap: str | None = None
    checksums: Literal["when_supported", "when_required"] | None = None
    credentials: str = "default"

    @property
    def issues_keys(self) -> bool:
        """There is no interface for keys that all such stores share."""
        return False

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        found = bucket_name_problems(self.bucket) + prefix_problems(self.prefix)
        found += connection_problems(**self._settings())
        if self.ca_bundle_configmap is not None:
            found += subdomain_name_problems(self.ca_bundle_configmap, argument="ca_bundle_configmap")
        if not self.verify_tls and (self.ca_bundle or self.ca_bundle_configmap):
            remedy = "Leave verify_tls out, or the CA bundle"
            found.append(Problem("verify_tls", "is false although a CA bundle is given to verify with", remedy))
        return found

    def _settings(self) -> dict[str, Any]:
        names = ("endpoint", "region", "addressing", "verify_tls", "ca_bundle", "checksums", "credentials")
        return {name: getattr(self, name) for name in names}

    def endpoint_url(self) -> pulumi.Input[str]:
        """`endpoint`."""
        return derive(lambda url: url.rstrip("/"), self.endpoint)

    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""
        return connection_inputs(**self._settings())

    def declare_bucket(self, name: str, parent: pulumi.Resource, *, adopt: bool) -> DeclaredBucket:
        """Declare the bucket, or have it read where `adopt` is true; leaving the stack deletes nothing."""
        from pulumi_modelstore_provider.resources.bucket import Bucket

        bucket = Bucket(
            f"{name}-bucket",
            connection=self.connection(),
            bucket=self.bucket,
            adopt=adopt,
            opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
        )
        return DeclaredBucket(self.bucket, [bucket])

    def key_problems(self, name: str) -> list[Problem]:
        """Keys cannot be issued here."""
        found = f"not given for {name}, and the stack cannot make any on an S3-compatible store"
        return [Problem("keys", found, "Make them in the store's own console and pass ExistingKey(id, secret)")]

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Refused before by `key_problems`."""
        raise NotImplementedError(f"{request.name}: keys of an S3-compatible store are brought along")

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
