"""`MinioServer`: MinIO in the cluster."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi

from pulumi_modelstore.backends.minio import Minio
from pulumi_modelstore.serving.environment import SecretKey
from pulumi_modelstore.workspace.object_server import ACCESS_KEY, SECRET_KEY, ObjectServer
from pulumi_modelstore.workspace.server_shape import DATA, ServerShape

_CERTIFICATES = "/etc/minio/certs"


class MinioServer(ObjectServer):
    """A standalone MinIO in a Kubernetes namespace of its own, with its root key in a Secret.

    MinIO's community edition gets no releases and no security fixes any more: `VersityServer` is the one for something
    new. The namespace, the claim and what is on it stay when the server leaves the stack.

    The arguments are `ObjectServer`'s; the image is such as `quay.io/minio/minio:RELEASE...@sha256:...`.
    """

    example: ClassVar[str] = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"

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
                SecretKey(secret=common["name"], key=ACCESS_KEY).variable("MINIO_ROOT_USER"),
                SecretKey(secret=common["name"], key=SECRET_KEY).variable("MINIO_ROOT_PASSWORD"),
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
