"""Cloudflare R2: a bucket and account tokens through pulumi_cloudflare, data over S3."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar, Literal

import pulumi

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems, prefix_problems
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import InvalidArguments, Refusal, refuse
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.kserve_s3 import s3_secret
from pulumi_modelstore.backends.protocol import DeclaredBucket, IssuedKey, KeyRequest, KeySlot, KServeSecret, Role
from pulumi_modelstore.backends.s3_connection import connection_inputs, connection_problems
from pulumi_modelstore.backends.settings import BackendSettings, TextInput

_ACCOUNT = re.compile(r"[0-9a-f]{32}")
_ABORT_AFTER_SECONDS = 7 * 24 * 3600

# Permission groups of Cloudflare's API tokens: one id each for all accounts. Source: R2's documentation of
# authentication, and GET /accounts/{account_id}/tokens/permission_groups.
_GROUPS = {
    ("bucket", True): "6a018a9f2fc74eb6b293b0c548f38b39",  # Workers R2 Storage Bucket Item Read
    ("bucket", False): "2efd5506f9c8494dacb1fa10a3e7d5b6",  # Workers R2 Storage Bucket Item Write
    ("account", True): "b4992e1108244f5d8bfbd5744320c2e1",  # Workers R2 Storage Read
    ("account", False): "bf7481a1826f439697cb59a20b22293e",  # Workers R2 Storage Write
}
_NO_PREFIX = "Leave the prefix out, or give these models a bucket of their own: a token of R2 opens whole buckets"
_HEAD_BUCKET = (
    "Cloudflare R2 is reported to refuse HeadBucket to tokens of a single bucket, and KServe's storage initializer "
    "(since v0.17) begins with it: pods would end with 403 though the key can read every object. "
    "`modelstore doctor --key env:PREFIX` tries it with a key of the pair. Where it is refused, "
    'key_scope="account" makes tokens that may, at the price that they open all buckets of the Cloudflare account: '
    "use an account for models alone"
)


class CloudflareR2(BackendSettings):
    """A bucket on Cloudflare R2.

    Bucket and tokens are made with the stack's `cloudflare` provider, by its own configuration; its API token needs
    Account API Tokens Write and Workers R2 Storage Write. A key is an account token: its id is the access key id, the
    SHA-256 of its value the secret key. R2 has no limit of tokens, the package's two are held by the program. A run
    that is killed right after a token was made leaves it at Cloudflare, where its name says whose it was; nobody has
    its value.

    Args:
        account_id: of the Cloudflare account: 32 hexadecimal digits.
        bucket: name by S3's rules.
        jurisdiction: `eu` or `fedramp` keeps the objects there; unset for none. It cannot be changed later.
        location: where the bucket is best, a hint that counts at creation only: `apac`, `eeur`, `enam`, `oc`, `weur`
            or `wnam`.
        prefix: part of the bucket that the namespace takes. Keys cannot be narrowed to it, so it is refused together
            with keys.
        key_scope: `bucket` makes keys that open this bucket alone. `account` makes keys that open all buckets of the
            account, and may ask HeadBucket, which KServe does: only for an account that holds nothing else.
        credentials: where uploads find the deployer's R2 key: `default`, `env:PREFIX`, `profile:NAME` or `config:KEY`.
        endpoint: URL of an S3 endpoint to use instead of R2's own, such as a proxy or a stand-in for tests.
    """

    no_access_log: ClassVar[str] = (
        "R2 writes down changes to buckets in the account's audit log, but no reads or writes"
    )

    kind: Literal["cloudflare-r2"] = "cloudflare-r2"
    account_id: TextInput
    bucket: TextInput
    jurisdiction: Literal["eu", "fedramp"] | None = None
    location: Literal["apac", "eeur", "enam", "oc", "weur", "wnam"] | None = None
    prefix: str = ""
    key_scope: Literal["bucket", "account"] = "bucket"
    credentials: str = "default"
    endpoint: TextInput | None = None

    @property
    def region(self) -> str:
        """R2's only region."""
        return "auto"

    @property
    def issues_keys(self) -> bool:
        """Cloudflare issues them."""
        return True

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking Cloudflare."""
        found = bucket_name_problems(self.bucket) + prefix_problems(self.prefix)
        if isinstance(self.account_id, str) and not _ACCOUNT.fullmatch(self.account_id):
            remedy = "Write it as the dashboard shows it: 32 hexadecimal digits"
            found.append(Problem("account_id", f'"{self.account_id}" is no id of a Cloudflare account', remedy))
        if find_spec("pulumi_cloudflare") is None:
            remedy = "Install it: pip install 'pulumi-modelstore[cloudflare]'"
            found.append(Problem("kind", "needs the Python package pulumi-cloudflare, which is not installed", remedy))
        return found + connection_problems(endpoint=self.endpoint, credentials=self.credentials)

    def endpoint_url(self) -> pulumi.Input[str]:
        """`endpoint`, or that of account and jurisdiction."""
        if self.endpoint is not None:
            return derive(lambda url: url.rstrip("/"), self.endpoint)
        place = f".{self.jurisdiction}" if self.jurisdiction else ""
        return derive(lambda account: f"https://{account}{place}.r2.cloudflarestorage.com", self.account_id)

    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""
        return connection_inputs(
            endpoint=self.endpoint_url(),
            region=self.region,
            addressing="path",
            # R2 has CRC32 of multipart uploads as a composite only, and refuses what it does not know.
            checksums="when_required",
            credentials=self.credentials,
        )

    def declare_bucket(
        self,
        name: str,
        parent: pulumi.Resource,
        *,
        adopt: bool,
        audit: AccessLog | None,  # noqa: ARG002 - refused by audit_problems
    ) -> DeclaredBucket:
        """Declare the bucket, which R2 keeps closed and encrypted; it outlives the stack."""
        import pulumi_cloudflare as cloudflare

        if adopt:
            identity = derive(lambda *known: f"{known[0]}/{known[1]}/{self._place}", self.account_id, self.bucket)
            options = pulumi.ResourceOptions(parent=parent)
            adopted = cloudflare.R2Bucket.get(f"{name}-bucket", identity, opts=options)
            return DeclaredBucket(self.bucket, [adopted])
        kept = pulumi.ResourceOptions(parent=parent, retain_on_delete=True)
        bucket = cloudflare.R2Bucket(
            f"{name}-bucket",
            account_id=self.account_id,
            name=self.bucket,
            jurisdiction=self.jurisdiction,
            location=self.location,
            opts=kept,
        )
        lifecycle = cloudflare.R2BucketLifecycle(
            f"{name}-lifecycle",
            account_id=self.account_id,
            bucket_name=self.bucket,
            jurisdiction=self.jurisdiction,
            rules=[
                {
                    "id": "abort-stale-uploads",
                    "enabled": True,
                    "conditions": {"prefix": ""},
                    "abort_multipart_uploads_transition": {
                        "condition": {"type": "Age", "max_age": _ABORT_AFTER_SECONDS}
                    },
                }
            ],
            # The bucket's name is plain, so that a preview shows it: the order comes from here.
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[bucket])),
        )
        return DeclaredBucket(self.bucket, [bucket, lifecycle])

    def key_problems(self, name: str) -> list[Problem]:
        """What Cloudflare cannot issue."""
        if not self.prefix.strip("/"):
            return []
        found = f'"{self.prefix}" cannot be held to by the keys of {name}'
        return [Problem("prefix", found, _NO_PREFIX)]

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare one account token a slot."""
        if request.prefix:
            problem = Problem("prefix", f'"{request.prefix}" cannot be held to by keys of Cloudflare R2', _NO_PREFIX)
            refusal = Refusal("keys", request.name, (problem,))
            # Recorded too: what was refused before would be reported without it.
            refuse(refusal)
            raise InvalidArguments([refusal])
        return {slot.role: self._issue(request, slot) for slot in request.slots}

    def _issue(self, request: KeyRequest, slot: KeySlot) -> IssuedKey:
        import pulumi_cloudflare as cloudflare

        token = cloudflare.AccountToken(
            f"{request.name}-{slot.role}",
            account_id=self.account_id,
            name=derive(lambda bucket: f"{request.name}@{bucket} {slot.role}-{slot.generation}", self.bucket),
            policies=[
                {
                    "effect": "allow",
                    "permission_groups": [{"id": _GROUPS[self.key_scope, request.read_only]}],
                    "resources": self._opened(),
                }
            ],
            opts=pulumi.ResourceOptions(
                parent=request.parent,
                # R2 has no limit of its own: the stale token goes before its successor comes all the same.
                delete_before_replace=True,
                replacement_trigger=f"generation-{slot.generation}",
                depends_on=[*request.after],
            ),
        )
        secret = token.value.apply(lambda value: hashlib.sha256(value.encode()).hexdigest())
        return IssuedKey(token.id, pulumi.Output.secret(secret))

    def _opened(self) -> pulumi.Input[str]:
        """The token's resources, as JSON."""
        if self.key_scope == "account":
            return derive(lambda account: json.dumps({f"com.cloudflare.api.account.{account}": "*"}), self.account_id)
        return derive(
            lambda *known: json.dumps({f"com.cloudflare.edge.r2.bucket.{known[0]}_{self._place}_{known[1]}": "*"}),
            self.account_id,
            self.bucket,
        )

    @property
    def _place(self) -> str:
        """The jurisdiction, as Cloudflare names the lack of one too."""
        return self.jurisdiction or "default"

    def uri(self, key: str) -> pulumi.Input[str]:
        """`s3://bucket/key`."""
        return derive(lambda bucket: f"s3://{bucket}/{key}", self.bucket)

    def kserve_secret(self, key: IssuedKey) -> KServeSecret:
        """The Secret with which KServe reads from here."""
        if self.key_scope == "bucket":
            pulumi.log.warn(_HEAD_BUCKET)
        return s3_secret(key, endpoint=self.endpoint_url(), region=self.region)
