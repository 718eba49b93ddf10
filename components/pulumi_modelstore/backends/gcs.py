"""Google Cloud Storage: a bucket and service accounts through pulumi_gcp."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar, Literal

import pulumi
from pydantic import ValidationError

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems, prefix_problems
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.backends.access_log import AccessLog
from pulumi_modelstore.backends.gcs_keys import declare_account_keys
from pulumi_modelstore.backends.kserve_s3 import s3_secret
from pulumi_modelstore.backends.protocol import DeclaredBucket, IssuedKey, KeyRequest, KServeSecret, ObjectAddress, Role
from pulumi_modelstore.backends.s3_connection import connection_inputs
from pulumi_modelstore.backends.settings import BackendSettings, TextInput
from pulumi_modelstore.backends.verification import own_endpoint_problems
from pulumi_modelstore_provider.gcs.composing import PLACE
from pulumi_modelstore_provider.gcs.connection import GcsConnection

_GOOGLE = "https://storage.googleapis.com"
_LOCATION = re.compile(r"[A-Za-z]+(-?[A-Za-z0-9]+)*")
# Google Cloud documentation, "Creating and managing projects"; a domain before a colon is of old projects.
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_STALE_DAYS = 7
_KEY_FILE = "gcloud-application-credentials.json"


class Gcs(BackendSettings):
    """A bucket on Google Cloud Storage.

    Args:
        bucket: name, unique in all of Google Cloud, by S3's rules.
        project: project of the bucket and of the accounts that keys belong to; unset, the `gcp` provider's.
        location: where the bucket is: a region such as `europe-west4`, or a multi-region such as `EU`.
        prefix: part of the bucket that the namespace takes, such as `team-a`; empty for all of it.
        keys: `json` for key files of service accounts, read by URIs of `gs://`; `hmac` for pairs that S3's clients
            take, read by URIs of `s3://`.
        credentials: where uploads find the deployer's account: `default` (application default credentials), or
            `env:PREFIX` or `config:KEY`, whose secret part is the text of a JSON key and whose id its `client_email`.
            Keys are made with the same; bucket, accounts and roles with the stack's `gcp` provider, by its own
            configuration.
        endpoint: URL to use instead of Google's, such as a private endpoint or an emulator.
        ca_bundle: file with the CA certificates that its certificate descends from, on the deploying machine.
        verify_tls: false accepts any certificate there; ask for it only on a network you trust.

    Large files are sent as parts under `.modelstore-uploads/`, which a rule of the bucket clears after 7 days; in an
    adopted bucket nothing is changed, so add one yourself. An access log needs a log bucket in which the group
    `cloud-storage-analytics@google.com` may create objects. The condition that narrows keys to a prefix needs uniform
    bucket-level access, which an adopted bucket has to have already.
    """

    no_public_objects: ClassVar[str | None] = "the namespace's bucket enforces public access prevention"

    kind: Literal["gcs"] = "gcs"
    bucket: TextInput
    project: str | None = None
    location: str = "US"
    prefix: str = ""
    keys: Literal["json", "hmac"] = "json"
    credentials: str = "default"
    endpoint: TextInput | None = None
    ca_bundle: str | None = None
    verify_tls: bool = True

    @property
    def issues_keys(self) -> bool:
        """IAM and Cloud Storage issue them."""
        return True

    @property
    def region(self) -> str:
        """`location`."""
        return self.location

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking Google Cloud."""
        found = bucket_name_problems(self.bucket) + prefix_problems(self.prefix)
        if isinstance(self.bucket, str) and (self.bucket.startswith("goog") or "google" in self.bucket):
            remedy = "Choose a name that does not begin with goog and has no google in it"
            found.append(Problem("bucket", f'"{self.bucket}" is kept for Google itself', remedy))
        if not _LOCATION.fullmatch(self.location):
            remedy = "Write it like europe-west4 or EU"
            found.append(Problem("location", f'"{self.location}" is no location of Google Cloud', remedy))
        if self.project is not None and not _PROJECT.fullmatch(self.project):
            remedy = "Give the project's id, such as acme-models, not its name or number"
            found.append(Problem("project", f'"{self.project}" is no id of a project', remedy))
        if find_spec("pulumi_gcp") is None:
            remedy = "Install it: pip install 'pulumi-modelstore[gcp]'"
            found.append(Problem("kind", "needs the Python package pulumi-gcp, which is not installed", remedy))
        known = "Google's own endpoint" if self.endpoint is None else None
        found += own_endpoint_problems(self.ca_bundle, verify_tls=self.verify_tls, known=known)
        try:
            self._connection(self.endpoint if isinstance(self.endpoint, str) else None)
        except ValidationError as error:
            found += problems_of(error)
        return found

    def _connection(self, endpoint: str | None) -> GcsConnection:
        return GcsConnection(
            project=self.project,
            location=self.location,
            endpoint=endpoint,
            verify_tls=self.verify_tls,
            ca_bundle=self.ca_bundle,
            credentials=self.credentials,
        )

    def endpoint_url(self) -> pulumi.Input[str]:
        """`endpoint`, or Google's own."""
        return _GOOGLE if self.endpoint is None else derive(lambda url: url.rstrip("/"), self.endpoint)

    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""
        rest = self._connection(None).to_inputs()
        if self.endpoint is None:
            return rest
        return derive(lambda known: {**rest, "endpoint": known.rstrip("/")}, self.endpoint)

    def key_connection(self) -> pulumi.Input[dict[str, Any]]:
        """The same for key files; HMAC keys are tried as S3's clients use them."""
        if self.keys == "json":
            return self.connection()
        return connection_inputs(
            endpoint=self.endpoint_url(),
            region="auto",
            addressing="path",
            verify_tls=self.verify_tls,
            ca_bundle=self.ca_bundle,
            # Google's XML API knows no checksum headers of S3.
            checksums="when_required",
        )

    def audit_problems(self, audit: AccessLog) -> list[Problem]:
        """What is wrong with the log's own bucket."""
        return audit.problems(of=self.bucket)

    def declare_bucket(
        self, name: str, parent: pulumi.Resource, *, adopt: bool, audit: AccessLog | None = None
    ) -> DeclaredBucket:
        """Declare the bucket, closed to the public, access by roles alone; it outlives the stack."""
        import pulumi_gcp as gcp

        if adopt:
            options = pulumi.ResourceOptions(parent=parent)
            return DeclaredBucket(self.bucket, [gcp.storage.Bucket.get(f"{name}-bucket", self.bucket, opts=options)])
        logging = None
        if audit is not None:
            logging = gcp.storage.BucketLoggingArgs(log_bucket=audit.bucket, log_object_prefix=audit.prefix or None)
        bucket = gcp.storage.Bucket(
            f"{name}-bucket",
            name=self.bucket,
            project=self.project,
            location=self.location,
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            lifecycle_rules=[
                {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": _STALE_DAYS}},
                # Parts of uploads that nobody resumed: the only objects that ever go by themselves.
                {"action": {"type": "Delete"}, "condition": {"age": _STALE_DAYS, "matches_prefixes": [PLACE]}},
            ],
            logging=logging,
            opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
        )
        return DeclaredBucket(self.bucket, [bucket])

    def key_problems(self, name: str) -> list[Problem]:  # noqa: ARG002 - the account's id is derived to fit
        """Nothing stands against it."""
        return []

    def issue_keys(self, request: KeyRequest) -> Mapping[Role, IssuedKey]:
        """Declare a service account with its role on the bucket, and one key a slot."""
        return declare_account_keys(request, form=self.keys, project=self.project, connection=self.connection())

    def object_problems(self) -> list[Problem]:
        """Whether the keys are those of the S3 interface."""
        if self.keys == "hmac":
            return []
        remedy = 'Give the backend keys="hmac": the client speaks S3, which Google takes with such keys'
        return [Problem("namespace", "is on Google Cloud with keys that are JSON files", remedy)]

    def object_address(self) -> ObjectAddress:
        """The S3 interface, which takes any region."""
        return ObjectAddress("s3", {"region": "auto"}, self.endpoint_url())

    def uri(self, key: str) -> pulumi.Input[str]:
        """`gs://bucket/key`, or `s3://bucket/key` where keys are HMAC's."""
        scheme = "gs" if self.keys == "json" else "s3"
        return derive(lambda bucket: f"{scheme}://{bucket}/{key}", self.bucket)

    def kserve_secret(self, key: IssuedKey) -> KServeSecret:
        """The Secret with which KServe reads from here.

        Source: KServe v0.20, pkg/credentials/gcs.
        """
        if self.keys == "hmac":
            return s3_secret(key, endpoint=self.endpoint_url(), region="auto", verify_tls=self.verify_tls)
        return KServeSecret({}, {_KEY_FILE: key.secret_access_key})
