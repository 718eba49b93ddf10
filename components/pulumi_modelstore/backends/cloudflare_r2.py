"""Cloudflare R2: a bucket through pulumi_cloudflare, account tokens as keys, data over S3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar, Literal

import pulumi
from pydantic import ValidationError

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems, prefix_problems
from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.arguments.refusal import InvalidArguments, Refusal, refuse
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.kserve_s3 import s3_secret
from pulumi_modelstore.backends.protocol import DeclaredBucket, IssuedKey, KeyRequest, KServeSecret, ObjectAddress, Role
from pulumi_modelstore.backends.s3_connection import connection_inputs, connection_problems
from pulumi_modelstore.backends.settings import BackendSettings, TextInput
from pulumi_modelstore.backends.store_keys import declare_store_keys
from pulumi_modelstore.identity.naming import principal_name

_ACCOUNT = re.compile(r"[0-9a-f]{32}")
_ABORT_AFTER_SECONDS = 7 * 24 * 3600

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

    The bucket is made with the stack's `cloudflare` provider, whose API token needs Workers R2 Storage Write. A key is
    an account token: its id is the access key id, the SHA-256 of its value the secret key; the value itself is kept
    nowhere. Tokens are named `<consumer>.<bucket> <slot>-<generation>`.

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
        admin_credentials: where an API token with Account API Tokens Write is found, which makes the keys: `env:PREFIX`
            or `config:KEY`, with `api-token` as access key id and the token as secret key. Unset, it is that of the
            stack's `cloudflare` provider: `cloudflare:apiToken` in the stack's configuration, else
            CLOUDFLARE_API_TOKEN.
        credentials: where uploads find the deployer's R2 key: `default`, `env:PREFIX`, `profile:NAME` or `config:KEY`.
        endpoint: URL of an S3 endpoint to use instead of R2's own, such as a proxy or a stand-in for tests.
    """

    no_access_log: ClassVar[str] = (
        "R2 writes down changes to buckets in the account's audit log, but no reads or writes"
    )
    no_public_objects: ClassVar[str | None] = (
        "R2 opens a whole bucket to the public, by a domain of its own, or none of it"
    )

    kind: Literal["cloudflare-r2"] = "cloudflare-r2"
    account_id: TextInput
    bucket: TextInput
    jurisdiction: Literal["eu", "fedramp"] | None = None
    location: Literal["apac", "eeur", "enam", "oc", "weur", "wnam"] | None = None
    prefix: str = ""
    key_scope: Literal["bucket", "account"] = "bucket"
    admin_credentials: str | None = None
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
        return (
            found + self._admin_problems() + connection_problems(endpoint=self.endpoint, credentials=self.credentials)
        )

    def _admin_problems(self) -> list[Problem]:
        from pulumi_modelstore_provider.keys.cloudflare_r2 import Settings

        try:
            # An account that is wrong is told of in the backend's own words.
            Settings.model_validate(self._settings_of_keys(32 * "0"))
        except ValidationError as error:
            return [Problem("admin_credentials", problem.found, problem.remedy) for problem in problems_of(error)]
        return []

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
        from pulumi_modelstore_provider.keys.cloudflare_r2 import LONGEST_NAME, longest_name, principal_of

        found: list[Problem] = []
        if self.prefix.strip("/"):
            found.append(Problem("prefix", f'"{self.prefix}" cannot be held to by the keys of {name}', _NO_PREFIX))
        bucket = self.bucket if is_plain(self.bucket) else ""
        too_many = len(longest_name(principal_of(principal_name(name), str(bucket), self.jurisdiction))) - LONGEST_NAME
        if too_many > 0:
            wrong = (
                f'"{name}" makes names of tokens that are longer than the {LONGEST_NAME} characters Cloudflare takes'
            )
            found.append(Problem("name", wrong, f"Shorten it by {too_many}, or the bucket's name"))
        return found

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare the tokens."""
        if request.prefix:
            problem = Problem("prefix", f'"{request.prefix}" cannot be held to by keys of Cloudflare R2', _NO_PREFIX)
            refusal = Refusal("keys", request.name, (problem,))
            # Recorded too: what was refused before would be reported without it.
            refuse(refusal)
            raise InvalidArguments([refusal])
        return declare_store_keys(request, derive(self._settings_of_keys, self.account_id))

    def _settings_of_keys(self, account: Any) -> dict[str, Any]:
        settings = {
            "kind": self.kind,
            "account": account,
            "jurisdiction": self.jurisdiction,
            "keyScope": self.key_scope,
            "credentials": self.admin_credentials,
        }
        return {name: value for name, value in settings.items() if value is not None}

    @property
    def _place(self) -> str:
        """The jurisdiction, as Cloudflare names the lack of one too."""
        return self.jurisdiction or "default"

    def object_address(self) -> ObjectAddress:
        """The account's S3 endpoint."""
        return ObjectAddress("s3", {"region": self.region}, self.endpoint_url())

    def uri(self, key: str) -> pulumi.Input[str]:
        """`s3://bucket/key`."""
        return derive(lambda bucket: f"s3://{bucket}/{key}", self.bucket)

    def kserve_secret(self, key: IssuedKey) -> KServeSecret:
        """The Secret with which KServe reads from here."""
        if self.key_scope == "bucket":
            pulumi.log.warn(_HEAD_BUCKET)
        return s3_secret(key, endpoint=self.endpoint_url(), region=self.region)
