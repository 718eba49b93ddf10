"""What KServe's controller makes of a ServiceAccount and its Secrets: the init container's environment and mounts.

Source: KServe v0.20, `pkg/credentials/service_account_credentials.go` and the packages `s3`, `gcs` and `azure` beside
it, with the `credentials` entry of the released ConfigMap `inferenceservice-config`, which names the keys of a Secret
as AWS and Google do.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

ANNOTATIONS = "serving.kserve.io/"
KEY_NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
PLAIN_SETTINGS = {
    "s3-verifyssl": "S3_VERIFY_SSL",
    "s3-useanoncredential": "awsAnonymousCredential",
    "s3-region": "AWS_DEFAULT_REGION",
    "s3-usevirtualbucket": "S3_USER_VIRTUAL_BUCKET",
    "s3-useaccelerate": "S3_USE_ACCELERATE",
    "s3-cabundle": "AWS_CA_BUNDLE",
    "s3-cabundle-configmap": "AWS_CA_BUNDLE_CONFIGMAP",
}
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
GCS_FILE = "gcloud-application-credentials.json"
GCS_MOUNT = "/var/secrets/"
AZURE_IDENTITY = ("AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
AZURE_KEY = "AZURE_STORAGE_ACCESS_KEY"


def initializer_environment(
    service_account: Mapping[str, Any], secrets: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Variables of the init container; a Secret that the account does not list adds nothing.

    Raises KeyError where the account lists a Secret that does not exist: the pod would not start.
    """
    environment: dict[str, str] = {}
    annotations = service_account["metadata"].get("annotations") or {}
    if ROLE_ANNOTATION in annotations:
        environment |= _settings(annotations, {})
    for reference in service_account.get("secrets") or []:
        secret = secrets[reference["name"]]
        data = decoded(secret)
        # In this order, and for each Secret the first that fits.
        if KEY_NAMES[1] in data:
            environment |= {name: data[name] for name in KEY_NAMES}
            environment |= _settings(secret["metadata"].get("annotations") or {}, data)
        elif GCS_FILE in data:
            environment["GOOGLE_APPLICATION_CREDENTIALS"] = GCS_MOUNT + GCS_FILE
        elif "AZURE_CLIENT_ID" in data:
            environment |= {name: data[name] for name in AZURE_IDENTITY if name in data}
        elif AZURE_KEY in data:
            environment[AZURE_KEY] = data[AZURE_KEY]
    return environment


def mounted_files(service_account: Mapping[str, Any], secrets: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Files in the init container by path: a Secret with Google's credentials is mounted whole."""
    listed = [decoded(secrets[reference["name"]]) for reference in service_account.get("secrets") or []]
    mounted = [data for data in listed if KEY_NAMES[1] not in data and GCS_FILE in data]
    return {GCS_MOUNT + name: content for data in mounted for name, content in data.items()}


def decoded(secret: Mapping[str, Any]) -> dict[str, str]:
    """`data` and, over it, `stringData`, as the API server merges them."""
    data = {name: base64.b64decode(value).decode() for name, value in (secret.get("data") or {}).items()}
    return data | (secret.get("stringData") or {})


def _settings(annotations: Mapping[str, str], data: Mapping[str, str]) -> dict[str, str]:
    """An annotation comes before an entry of the Secret with the variable's name; what is empty is not set."""

    def value(annotation: str, variable: str) -> str:
        return annotations.get(ANNOTATIONS + annotation, data.get(variable, ""))

    settings = {variable: value(annotation, variable) for annotation, variable in PLAIN_SETTINGS.items()}
    endpoint = value("s3-endpoint", "S3_ENDPOINT").strip()
    if endpoint:
        scheme, _, host = endpoint.rpartition("://")
        use_https = {"https": "1", "http": "0"}.get(scheme.lower(), value("s3-usehttps", "S3_USE_HTTPS"))
        settings["S3_USE_HTTPS"] = use_https
        settings["S3_ENDPOINT"] = host
        settings["AWS_ENDPOINT_URL"] = endpoint if scheme else f"{'http' if use_https == '0' else 'https'}://{host}"
    return {variable: setting for variable, setting in settings.items() if setting}
