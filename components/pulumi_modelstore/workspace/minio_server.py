"""`MinioServer`: MinIO in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi

from pulumi_modelstore.backends.minio import Minio
from pulumi_modelstore.workspace.object_server import ACCESS_KEY, SECRET_KEY, ObjectServer
from pulumi_modelstore.workspace.secret_data import from_secret
from pulumi_modelstore.workspace.server_shape import DATA, ServerShape, ServerSize

_CERTIFICATES = "/etc/minio/certs"


class MinioServer(ObjectServer):
    """A standalone MinIO in a Kubernetes namespace of its own, with its root key in a Secret.

    MinIO's community edition gets no releases and no security fixes any more: `VersityServer` is the one for something
    new. The namespace, the claim and what is on it stay when the server leaves the stack.

    Args:
        name: of the server, and of its Service, Secret and StatefulSet.
        image: by digest, such as `quay.io/minio/minio:RELEASE...@sha256:...`.
        kubernetes_namespace: where it runs; unset, `name`.
        create_namespace: whether that namespace is the stack's to make.
        storage: of its claim.
        storage_class: of the claim; None for the cluster's default.
        memory: requested.
        cpu: requested cores.
        region: what clients sign requests with.
        tls_secret: name of a Secret of type `kubernetes.io/tls` in the namespace; None for plain HTTP.
        password_generation: raise it for another root password; the server is to be restarted then.
        evictable: whether draining a node may stop it: clients wait until it runs elsewhere. False holds drains up.
        labels: labels of all objects.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    example: ClassVar[str] = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"

    endpoint: pulumi.Output[str]
    """`http://<name>.<namespace>.svc:9000`, or https."""
    secret_name: pulumi.Output[str]
    """Name of the Secret with the root key, as `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`."""

    def __init__(
        self,
        name: str,
        *,
        image: pulumi.Input[str],
        kubernetes_namespace: str | None = None,
        create_namespace: bool = True,
        storage: str = "500Gi",
        storage_class: str | None = None,
        memory: str = "4Gi",
        cpu: str = "1",
        region: str = "us-east-1",
        tls_secret: str | None = None,
        password_generation: int = 0,
        evictable: bool = True,
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            name,
            image=image,
            kubernetes_namespace=kubernetes_namespace,
            create_namespace=create_namespace,
            size=ServerSize(storage, storage_class, memory, cpu),
            region=region,
            tls_secret=tls_secret,
            password_generation=password_generation,
            evictable=evictable,
            labels=labels,
            opts=opts,
        )

    @classmethod
    def _port(cls) -> int:
        return 9000

    def _shape(self, **common: Any) -> ServerShape:
        certificates = _CERTIFICATES if self.tls_secret else "/tmp"  # noqa: S108 - the pod's own
        address = f":{self._port()}"
        files = {f"{_CERTIFICATES}/public.crt": "tls.crt", f"{_CERTIFICATES}/private.key": "tls.key"}
        return ServerShape(
            **common,
            command=("minio", "server", "--quiet", "--address", address, "--certs-dir", certificates, DATA),
            environment=(
                from_secret("MINIO_ROOT_USER", secret=common["name"], key=ACCESS_KEY),
                from_secret("MINIO_ROOT_PASSWORD", secret=common["name"], key=SECRET_KEY),
                {"name": "MINIO_REGION", "value": self.region},
                {"name": "MINIO_BROWSER", "value": "off"},
                {"name": "MINIO_UPDATE", "value": "off"},
            ),
            port=self._port(),
            probe=self._probe("/minio/health/live"),
            user=1000,
            tls_files=files if self.tls_secret else {},
        )

    def backend(
        self,
        bucket: str,
        *,
        endpoint: pulumi.Input[str] | None = None,
        credentials: str = "env:MINIO",
        **settings: Any,
    ) -> Minio:
        """Return the backend of a `StorageNamespace` in a bucket of this server.

        Args:
            bucket: its name; the namespace makes it where the deployer reaches the endpoint, else `bucket_job` does.
            endpoint: URL at which deployer and pods reach the server; unset, the one within the cluster.
            credentials: where the deployer finds the root key, which is in the Secret: `env:PREFIX` or `profile:NAME`.
            settings: further ones of `Minio`.
        """
        return Minio(
            endpoint=self.url_or(endpoint), bucket=bucket, region=self.region, credentials=credentials, **settings
        )
