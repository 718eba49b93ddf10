"""Google Cloud Storage: an emulator behind a front that checks accounts, and a stand-in for Google Cloud's plugin."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from backends.rig import Denied, Rig, RigTools, Stack, StoreKey
from servers.gcs import GcsServer
from servers.gcs_iam import IamRefused
from standins.gcp import ENDPOINT_VARIABLE, PROJECT_VARIABLE
from standins.plugin import write_plugin


class GcsRig:
    """The session's emulator; keys are key files of service accounts."""

    kind = "gcs"
    issues_keys = True
    holds_prefixes = True
    cannot_create: str | None = None

    def __init__(self, server: GcsServer, tools: RigTools) -> None:
        self.server = server
        self.environment: Mapping[str, str] = server.environment()
        self.configuration: Mapping[str, Any] = {"gcp:project": server.project}
        plugins = tools.folder / "plugins"
        write_plugin(
            plugins,
            "gcp",
            "standins.gcp",
            {ENDPOINT_VARIABLE: server.endpoint, PROJECT_VARIABLE: server.project},
        )
        self.path = [plugins]

    def settings(self, bucket: str) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "bucket": bucket,
            "project": self.server.project,
            "location": "EU",
            "endpoint": self.server.endpoint,
            "credentials": "env:GCS",
        }

    def make_bucket(self, bucket: str) -> None:
        made = self.server.client().bucket(bucket)
        made.iam_configuration.uniform_bucket_level_access_enabled = True
        made.create(location="EU")

    def remove(self, bucket: str) -> None:
        from google.cloud.exceptions import NotFound

        try:
            self.server.client().bucket(bucket).delete(force=True)
        except NotFound:
            return

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.server.client().bucket(bucket).blob(key).upload_from_string(body)

    def objects(self, bucket: str) -> dict[str, str]:
        found = self.server.client().list_blobs(bucket)
        return {blob.name: hashlib.sha256(blob.download_as_bytes()).hexdigest() for blob in found}

    def key_ids(self) -> set[str] | None:
        return self.server.iam.json_keys()

    def key_id(self, key: StoreKey) -> str:
        return key.access_key_id

    def principals(self) -> set[str] | None:
        return set(self.server.iam.accounts)

    def bring_key(self, bucket: str) -> StoreKey | None:
        return None

    def add_key(self, stack: Stack) -> str | None:
        (account,) = stack.of_type("serviceaccount/account:Account")
        text = self.server.iam.make_json_key(account.outputs["email"], self.server.endpoint)
        return str(json.loads(text)["private_key_id"])

    def drop_key(self, key_id: str) -> None:
        try:
            self.server.iam.delete_json_key(key_id)
        except IamRefused as refused:
            if refused.status != 404:
                raise

    def key_of_secret(self, data: Mapping[str, str]) -> StoreKey:
        text = data["gcloud-application-credentials.json"]
        return StoreKey(json.loads(text)["private_key_id"], text)

    def read(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        with _denials():
            blob = self.server.client(credentials.secret).bucket(bucket).blob(key)
            return bytes(blob.download_as_bytes(retry=None, timeout=30))

    def read_by_tool(self, bucket: str, key: str, credentials: StoreKey) -> bytes:
        # Google's command line is in no package registry.
        return self.read(bucket, key, credentials)

    def write(self, bucket: str, key: str, body: bytes, credentials: StoreKey) -> None:
        with _denials():
            blob = self.server.client(credentials.secret).bucket(bucket).blob(key)
            blob.upload_from_string(body, retry=None, timeout=30)

    def pod_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        # The SDK's own variable for another address; STORAGE_EMULATOR_HOST would leave the key unused.
        return {"API_ENDPOINT_OVERRIDE": self.server.endpoint, "NO_GCE_CHECK": "true"}


@contextmanager
def _denials() -> Iterator[None]:
    from google.api_core.exceptions import Forbidden, Unauthorized
    from google.auth.exceptions import RefreshError

    try:
        yield
    except (Forbidden, Unauthorized, RefreshError) as error:
        raise Denied(str(error)) from error


@contextmanager
def rig(tools: RigTools) -> Iterator[Rig]:
    """The session's server."""
    pytest.importorskip("pulumi_gcp", reason="pulumi-gcp is in the extra `gcp`")
    yield GcsRig(tools.fixture("gcs"), tools)
