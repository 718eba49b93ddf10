"""Where moto's server answers otherwise than AWS, in ways that a stack's keys, policies and big files meet.

Each function corrects one thing, for the whole process; `apply` does them all. moto is pinned to one major version.
"""

from __future__ import annotations

import hashlib
import json
import re
import types
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs, urlparse

import moto.iam.access_control
import moto.s3.models
from moto.iam.access_control import CreateAccessKeyFailure, IAMPolicy, PermissionResult, S3IAMRequest
from moto.iam.models import iam_backends
from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML, NoSuchUpload
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import ACTION_MAP
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from pulumi_modelstore_sandbox.aws.stand_in import policies
from pulumi_modelstore_sandbox.aws.stand_in.bodies import BodyStore, JoinedBodies, MappedBody
from pulumi_modelstore_sandbox.aws.stand_in.checksums import multipart_checksum
from pulumi_modelstore_sandbox.aws.stand_in.presigned import check_presigned_urls
from pulumi_modelstore_sandbox.aws.stand_in.service_resources import name_resources
from pulumi_modelstore_sandbox.aws.stand_in.web_identity import check_web_identities

# What is replaced below is replaced as plain attributes of these.
_access_control: Any = moto.iam.access_control
_models: Any = moto.s3.models
_S3Request: Any = S3IAMRequest
_Bucket: Any = FakeBucket
_Key: Any = FakeKey
_Upload: Any = FakeMultipart
_Backend: Any = S3Backend

# The loopback connection stands for TLS: a policy that demands TLS is about the way to the real service.
_TRANSPORT: Final = {"aws:SecureTransport": "true"}


def apply(bodies: BodyStore) -> None:
    """Correct moto for this process; object bodies go to `bodies`."""
    _keep_bodies_in_files(bodies)
    _complete_uploads_without_memory(bodies)
    _name_missing_uploads()
    _refuse_inactive_keys()
    _evaluate_policies()
    check_web_identities()
    check_presigned_urls()
    name_resources()
    _deliver_no_access_logs()


def _keep_bodies_in_files(bodies: BodyStore) -> None:
    def new_body(max_size: int = 0) -> Any:  # noqa: ARG001 - the signature of SpooledTemporaryFile
        return bodies.new()

    def stored(key: FakeKey) -> bytes | MappedBody:
        body: Any = key._value_buffer
        content: bytes | MappedBody = body.content()
        return content

    _models.tempfile = types.SimpleNamespace(SpooledTemporaryFile=new_body)
    # Not the lock of the original: a body is written once, before anyone can ask for it.
    _Key.value = property(stored, _Key.value.fset)


def _complete_uploads_without_memory(bodies: BodyStore) -> None:
    def complete(upload: Any, body: Iterator[tuple[int, str]]) -> tuple[JoinedBodies, str, Any]:
        parts: list[Any] = []
        digests = hashlib.md5(usedforsecurity=False)
        for number, etag in body:
            part = upload.parts.get(number)
            if part is None or part.etag.strip('"') != etag.strip('"'):
                raise InvalidPart
            if parts and parts[-1].size < S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall
            digests.update(bytes.fromhex(part.etag.strip('"')))
            parts.append(part)
        if not parts:
            raise MalformedXML
        joined = JoinedBodies([part._value_buffer for part in parts])
        checksum = multipart_checksum(
            joined.parts,
            upload.metadata.get("x-amz-checksum-algorithm"),
            upload.metadata.get("x-amz-checksum-type"),
        )
        # Their numbers and sizes stay known; their bytes are in the object from now on.
        for part in upload.parts.values():
            part._value_buffer = bodies.new()
        return joined, f"{digests.hexdigest()}-{len(parts)}", checksum

    _Upload.complete = complete


def _name_missing_uploads() -> None:
    """Say NoSuchUpload as AWS does, where moto fails with an internal error."""
    for name in ("upload_part", "complete_multipart_upload"):
        original = getattr(S3Backend, name)

        def guarded(
            backend: S3Backend, bucket_name: str, multipart_id: str, *args: Any, _original: Any = original, **named: Any
        ) -> Any:
            if multipart_id not in backend.get_bucket(bucket_name).multiparts:
                raise NoSuchUpload(upload_id=multipart_id)
            return _original(backend, bucket_name, multipart_id, *args, **named)

        setattr(S3Backend, name, guarded)


def _refuse_inactive_keys() -> None:
    original = _access_control.create_access_key

    def create_access_key(account_id: str, partition: str, access_key_id: str, headers: dict[str, str]) -> Any:
        found = original(account_id, partition, access_key_id, headers)
        users = iam_backends[account_id][partition].users.values()
        keys = (key for user in users for key in user.access_keys if key.access_key_id == access_key_id)
        if any(key.status == "Inactive" for key in keys):
            raise CreateAccessKeyFailure(reason="InvalidId")
        return found

    _access_control.create_access_key = create_access_key


def _evaluate_policies() -> None:
    # AWS asks for s3:ListBucket when a bucket is looked at with HEAD.
    ACTION_MAP["BUCKET"]["HEAD"]["DEFAULT"] = "ListBucket"

    def check_action_permitted(request: S3IAMRequest, resource: str) -> None:
        query = parse_qs(urlparse(request._path).query, keep_blank_values=True)
        context = dict(_TRANSPORT)
        if request._action in ("s3:ListBucket", "s3:ListBucketVersions"):
            context["s3:prefix"] = query.get("prefix", [""])[0]
            context["s3:delimiter"] = query.get("delimiter", [""])[0]
        documents = [IAMPolicy(policy)._policy_json for policy in request._access_key.collect_policies()]
        for one in _resources(request, resource):
            decisions = [policies.decide(document, request._action, one, context) for document in documents]
            if "deny" in decisions or "allow" not in decisions:
                request._raise_access_denied()

    def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        if bucket.policy is None:
            return PermissionResult.NEUTRAL
        policy = policies.without_principals(json.loads(bucket.policy))
        decision = policies.decide(policy, action, resource, _TRANSPORT)
        return {
            "allow": PermissionResult.PERMITTED,
            "deny": PermissionResult.DENIED,
            "neutral": PermissionResult.NEUTRAL,
        }[decision]

    _S3Request.check_action_permitted = check_action_permitted
    _Bucket.get_permission = get_permission


def _deliver_no_access_logs() -> None:
    # AWS delivers hours later, what was done to which object; moto an object within each request, and neither is in it.
    def log_nothing(backend: S3Backend, request: Any, bucket_name: str) -> None:
        """Keep the setting, and the log bucket empty."""

    _Backend.log_incoming_request = log_nothing


def _resources(request: S3IAMRequest, resource: str) -> list[str]:
    """Name each of the objects that one request deletes; moto asks about their bucket."""
    if request._action != "s3:DeleteObject" or "/" in resource:
        return [resource]
    body = request._body.decode(errors="replace") if isinstance(request._body, bytes) else str(request._body)
    names = re.findall(r"<Key>(.*?)</Key>", body, re.DOTALL)
    return [f"{resource}/{name}" for name in names] or [resource]
