"""The Secret form that KServe's storage initializer reads for any S3 endpoint.

Source: KServe v0.20, pkg/credentials/s3.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.backends.protocol import IssuedKey, KServeSecret

_ANNOTATION = "serving.kserve.io"


def s3_secret(
    key: IssuedKey,
    *,
    endpoint: pulumi.Input[str],
    region: str,
    virtual_bucket: bool = False,
    verify_tls: bool = True,
    ca_bundle_configmap: str | None = None,
) -> KServeSecret:
    """Describe the Secret.

    Args:
        key: the key that pods read with.
        endpoint: URL of the store; its scheme decides over TLS.
        region: the store's region.
        virtual_bucket: whether the bucket is addressed as a host name.
        verify_tls: false makes pods accept any certificate.
        ca_bundle_configmap: ConfigMap in the pods' namespace with a CA bundle under the key `cabundle.crt`.
    """
    annotations = s3_annotations(
        endpoint=endpoint,
        region=region,
        virtual_bucket=virtual_bucket,
        verify_tls=verify_tls,
        ca_bundle_configmap=ca_bundle_configmap,
    )
    data = {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}
    return KServeSecret(annotations, data)


def s3_annotations(
    *,
    endpoint: pulumi.Input[str] | None,
    region: str,
    virtual_bucket: bool = False,
    verify_tls: bool = True,
    ca_bundle_configmap: str | None = None,
) -> dict[str, pulumi.Input[str]]:
    """What KServe reads from a Secret's annotations, or from those of a ServiceAccount that has a role of AWS.

    Without an `endpoint` pods find S3 by the region, as every SDK of AWS does.
    """
    annotations: dict[str, pulumi.Input[str]] = {}
    if endpoint is not None:
        annotations[f"{_ANNOTATION}/s3-endpoint"] = derive(_host_and_port, endpoint)
        annotations[f"{_ANNOTATION}/s3-usehttps"] = derive(
            lambda url: "0" if urlsplit(url).scheme == "http" else "1", endpoint
        )
    annotations[f"{_ANNOTATION}/s3-region"] = region
    if virtual_bucket:
        annotations[f"{_ANNOTATION}/s3-usevirtualbucket"] = "true"
    if not verify_tls:
        annotations[f"{_ANNOTATION}/s3-verifyssl"] = "0"
    if ca_bundle_configmap:
        annotations[f"{_ANNOTATION}/s3-cabundle-configmap"] = ca_bundle_configmap
    return annotations


def _host_and_port(url: str) -> str:
    return urlsplit(url).netloc
