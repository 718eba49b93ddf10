"""A fill from a version of a model in a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.keys.source import KeySource
from pulumi_modelstore.kserve.secret_data import declare_secret
from pulumi_modelstore.volumes.fills.settings import FillSettings, PodParts

VARIABLE = "MODELSTORE_FILL"
"""Prefix of the variables with the key that reads."""
_PARTS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
CERTIFICATE = "store.crt"
"""Name of the file with the store's certificates."""
_CLIENTS = {
    "azure-blob": {"azure.identity": "azure-identity>=1.19", "azure.storage.blob": "azure-storage-blob>=12.25"},
    "gcs": {"google.cloud.storage": "google-cloud-storage>=2.19"},
}
_EVERY_STORE = {"boto3": "boto3>=1.40", "pydantic": "pydantic>=2.11,<3"}


class ArtifactFill(FillSettings):
    """A version of a model, downloaded in parallel from the namespace that holds it, each file compared by digest.

    Args:
        model: a `ModelArtifact`, `artifact.at(tag)`, or what `ModelArtifact.lookup(...)` gives.
        keys: `AccessKeyPair(...)` or `AccessKey(...)` of the namespace; a Secret with the current key is declared
            beside the volume. Unset, the pod reads with the role of `FillJob(service_account=...)`.
    """

    kind: Literal["artifact"] = "artifact"
    model: Any
    keys: Any = None

    @property
    def reference(self) -> ModelReference | None:
        """The version, None where `model` is none."""
        found = self.model.reference if isinstance(self.model, ModelArtifact) else self.model
        return found if isinstance(found, ModelReference) else None

    @property
    def uses_refused(self) -> bool:
        """Whether the model or the keys were refused themselves."""
        keys_refused = isinstance(self.keys, KeySource) and self.keys.refused
        return keys_refused or (self.reference is not None and self.reference.refused)

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = super().problems()
        if self.keys is not None and not isinstance(self.keys, KeySource):
            said = f"{type(self.keys).__name__} is no AccessKeyPair or AccessKey"
            found.append(Problem("keys", said, "Pass keys that were declared for the model's namespace"))
        if self.uses_refused:
            return found
        reference = self.reference
        if reference is None or reference.namespace is None or not reference.model_prefix or not reference.version:
            remedy = "Pass a ModelArtifact, artifact.at(tag), or ModelArtifact.lookup(...)"
            return [*found, Problem("model", f"{type(self.model).__name__} is no version in a namespace", remedy)]
        if isinstance(self.keys, KeySource) and self.keys.namespace is not reference.namespace:
            remedy = f'Pass keys of namespace "{reference.namespace.given_name}"'
            found.append(Problem("keys", "open another namespace than the one that holds the model", remedy))
        if (bundle := getattr(reference.namespace.backend, "ca_bundle", None)) is not None:
            try:
                Path(bundle).expanduser().read_text(encoding="ascii")
            except (OSError, ValueError) as error:
                said = f"has a store whose ca_bundle {bundle!r} cannot be read: {error}"
                found.append(Problem("model", said, "Name a PEM file of this machine, which goes into the Job"))
        return found

    def source(self) -> dict[str, Any]:
        """The model's place in its namespace, and the version."""
        reference = self.reference
        assert reference is not None  # noqa: S101 - checked before
        assert reference.namespace is not None  # noqa: S101 - checked before
        return {
            "type": self.kind,
            "namespace": reference.namespace.given_name,
            "modelPrefix": reference.model_prefix,
            "version": reference.version,
        }

    def reach(self) -> pulumi.Input[dict[str, Any]]:
        """The store as a pod reaches it."""
        namespace = self.reference.namespace if self.reference is not None else None
        assert namespace is not None  # noqa: S101 - checked before
        with_keys = self.keys is not None
        connection = namespace.backend.key_connection() if with_keys else namespace.backend.connection()

        def settings(known: Mapping[str, Any], bucket: str) -> dict[str, Any]:
            credentials = f"env:{VARIABLE}" if with_keys else "default"
            return {"connection": in_the_pod(known, credentials), "bucket": bucket}

        return derive(settings, connection, namespace.bucket_input)

    def files(self) -> dict[str, str]:
        """The certificate of a store that needs one."""
        namespace = self.reference.namespace if self.reference is not None else None
        bundle = getattr(namespace.backend, "ca_bundle", None) if namespace is not None else None
        return {} if bundle is None else {CERTIFICATE: Path(bundle).expanduser().read_text(encoding="ascii")}

    def packages(self) -> dict[str, str]:
        """What the store's client is made of."""
        namespace = self.reference.namespace if self.reference is not None else None
        return client_packages(namespace.backend.kind if namespace is not None else "")

    def needs_stores(self) -> bool:
        """It needs the package's own download."""
        return True

    def environment(self, secret: str) -> list[dict[str, Any]]:
        """The key, by reference to the Secret that `objects` declares."""
        if self.keys is None:
            return []
        return [
            {"name": f"{VARIABLE}_{part}", "valueFrom": {"secretKeyRef": {"name": secret, "key": part}}}
            for part in _PARTS
        ]

    def parts(self, security: Mapping[str, Any]) -> PodParts:  # noqa: ARG002 - it needs no further container
        """The version must be in the store."""
        return PodParts(after=tuple(self.reference.after) if self.reference is not None else ())

    def declare_secret(
        self, name: str, secret: str, kubernetes_namespace: pulumi.Input[str], parent: pulumi.Resource
    ) -> list[pulumi.Resource]:
        """Declare the Secret with the current key, where keys are given."""
        if self.keys is None:
            return []
        values = (self.keys.access_key_id, self.keys.secret_access_key)
        data = dict(zip(_PARTS, values, strict=True))
        metadata = {"name": secret, "namespace": kubernetes_namespace}
        return [declare_secret(f"{name}-fill-keys", metadata, data, pulumi.ResourceOptions(parent=parent))]


def in_the_pod(connection: Mapping[str, Any], credentials: str) -> dict[str, Any]:
    """A connection with credentials and certificates where the filling container finds them."""
    found = {**connection, "credentials": credentials}
    if found.get("caBundle") is not None:
        found["caBundle"] = f"/modelstore/{CERTIFICATE}"
    return found


def client_packages(backend: str) -> dict[str, str]:
    """What the client of a kind of backend is made of, for `FillSettings.packages`."""
    return {**_EVERY_STORE, **_CLIENTS.get(backend, {})}
