"""Weights streamed from object storage into the GPUs, without a download before (vLLM's `runai_streamer`).

Source: vLLM's documentation, "Loading models with Run:ai Model Streamer"; the image needs `vllm[runai]`.
"""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.backends.protocol import IssuedKey
from pulumi_modelstore.kserve.credentials import KServeCredentials
from pulumi_modelstore.serving.vllm import VllmRuntime

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_VIRTUAL = "serving.kserve.io/s3-usevirtualbucket"
_TRUST = ("serving.kserve.io/s3-verifyssl", "serving.kserve.io/s3-cabundle-configmap")


def streaming_problems(uri: Any, credentials: Any, runtime: Any) -> list[Problem]:
    """Why a model could not be streamed."""
    found = []
    if not isinstance(runtime, VllmRuntime):
        remedy = "Pass runtime=VllmRuntime(image=...), with an image that has vllm[runai]"
        found.append(Problem("streaming", "is set for a runtime that is no VllmRuntime", remedy))
    if isinstance(uri, str) and not uri.startswith("s3://"):
        remedy = "Keep the model on a store with an S3 endpoint, or leave streaming out"
        found.append(Problem("streaming", f"is set for {uri.partition('://')[0]}://, and it reads s3:// only", remedy))
    if not isinstance(credentials, KServeCredentials):
        remedy = "Pass credentials=namespace.kserve_credentials(...)"
        found.append(Problem("streaming", "is set without the credentials of a namespace", remedy))
    elif not credentials.refused and any(name in _form(credentials) for name in _TRUST):
        said = (
            "is set for a store whose certificate pods do not know by themselves, which the streamer has no setting for"
        )
        found.append(Problem("streaming", said, "Give the store a certificate of a known authority"))
    return found


def streaming_arguments(uri: pulumi.Input[str]) -> list[pulumi.Input[str]]:
    """What tells vLLM to stream from there."""
    return [derive(lambda place: f"--model={place.rstrip('/')}", uri), "--load-format=runai_streamer"]


def streaming_environment(credentials: KServeCredentials) -> list[dict[str, Any]]:
    """How the streamer reaches the namespace's store: by the key in the Secret, or by the ServiceAccount's identity."""
    backend = credentials.namespace.backend
    endpoint: dict[str, Any] = {"AWS_ENDPOINT_URL": backend.endpoint_url(), "AWS_REGION": backend.region}
    if credentials.secret is None:
        # AWS's SDK finds the store by its region; a given endpoint would be asked for the role too.
        endpoint = {"AWS_REGION": backend.region}
    else:
        endpoint["AWS_EC2_METADATA_DISABLED"] = "true"
    if _VIRTUAL not in _form(credentials):
        endpoint["RUNAI_STREAMER_S3_USE_VIRTUAL_ADDRESSING"] = "0"
    keys = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": credentials.secret, "key": name}}}
        for name in (_KEYS if credentials.secret else ())
    ]
    return [*keys, *({"name": name, "value": value} for name, value in endpoint.items())]


def _form(credentials: KServeCredentials) -> Any:
    return credentials.namespace.backend.kserve_secret(IssuedKey("", "")).annotations
