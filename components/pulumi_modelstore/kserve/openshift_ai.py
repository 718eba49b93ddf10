"""The Secret of a namespace's key as a connection of OpenShift AI (Open Data Hub).

Source: Open Data Hub's dashboard, "connection types". Its operator owns the Secret `storage-config`, which is left
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.backends.protocol import IssuedKey
from pulumi_modelstore.namespace import StorageNamespace


@dataclass(frozen=True)
class Connection:
    """What makes a connection of a Secret with an S3 key."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    data: Mapping[str, pulumi.Input[str]]


def check_connection(check: ArgumentCheck, namespace: Any, identity: Any) -> None:
    """Check that there is a Secret, with a key of S3."""
    if identity is not None:
        remedy = "Pass keys, or leave openshift_ai out"
        check.add("openshift_ai", "is set beside identity, which has no Secret", remedy)
        return
    if not isinstance(namespace, StorageNamespace) or namespace.refused:
        return
    if "AWS_SECRET_ACCESS_KEY" not in namespace.backend.kserve_secret(IssuedKey("", "")).data:
        remedy = "Leave it out; KServe on OpenShift reads the Secret as it is"
        check.add("openshift_ai", f"is set for {namespace.backend.kind}, and its connections are of S3 only", remedy)


def connection_of(namespace: StorageNamespace) -> Connection:
    """The connection to a namespace's bucket."""
    backend = namespace.backend
    return Connection(
        labels={"opendatahub.io/dashboard": "true", "opendatahub.io/managed": "true"},
        annotations={
            "opendatahub.io/connection-type": "s3",
            "openshift.io/display-name": namespace.given_name,
        },
        data={
            "AWS_S3_ENDPOINT": backend.endpoint_url(),
            "AWS_S3_BUCKET": namespace.bucket_input,
            "AWS_DEFAULT_REGION": backend.region,
        },
    )
