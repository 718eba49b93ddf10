"""`VersityServer`: versitygw in the cluster, S3 on the files of a claim."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi

from pulumi_modelstore.backends.s3_compatible import S3Compatible
from pulumi_modelstore.serving.environment import SecretKey
from pulumi_modelstore.workspace.object_server import ACCESS_KEY, SECRET_KEY, ObjectServer
from pulumi_modelstore.workspace.server_shape import DATA, ServerShape

_CERTIFICATES = "/etc/versitygw/certs"


class VersityServer(ObjectServer):
    """A standalone versitygw in a Kubernetes namespace of its own, with its root key in a Secret.

    Chosen among the S3 servers that are maintained because it is one program under the Apache license whose objects are
    plain files: a folder a bucket on the claim, readable without it. Its claim needs extended attributes, as ext4 and
    XFS have. The namespace, the claim and what is on it stay when the server leaves the stack.

    The arguments are `ObjectServer`'s; the image is such as `docker.io/versity/versitygw:v1.8.0@sha256:...`.
    """

    example: ClassVar[str] = "docker.io/versity/versitygw:v1.8.0"

    @classmethod
    def _port(cls) -> int:
        return 7070

    def _shape(self, **common: Any) -> ServerShape:
        certificate, key = f"{_CERTIFICATES}/tls.crt", f"{_CERTIFICATES}/tls.key"
        tls = ("--cert", certificate, "--key", key) if self.tls_secret else ()
        port = ("--port", f":{self._port()}")
        return ServerShape(
            **common,
            command=("versitygw", "--region", self.region, *port, *tls, "--health", "/health", "posix", DATA),
            environment=(
                SecretKey(secret=common["name"], key=ACCESS_KEY).variable("ROOT_ACCESS_KEY_ID"),
                SecretKey(secret=common["name"], key=SECRET_KEY).variable("ROOT_SECRET_ACCESS_KEY"),
            ),
            port=self._port(),
            probe=self._probe("/health"),
            user=1000,
            tls_files={certificate: "tls.crt", key: "tls.key"} if self.tls_secret else {},
        )

    def backend(
        self,
        bucket: str,
        *,
        endpoint: pulumi.Input[str] | None = None,
        credentials: str = "env:VERSITY",
        **settings: Any,
    ) -> S3Compatible:
        """Return the backend of a `StorageNamespace` in a bucket of this server, with `keys=[server.root_key]`.

        Args:
            bucket: its name; the namespace makes it where the deployer reaches the endpoint, else `bucket_job` does.
            endpoint: URL at which deployer and pods reach the server; unset, the one within the cluster.
            credentials: where the deployer finds the root key, which is in the Secret: `env:PREFIX` or `profile:NAME`.
            settings: further ones of `S3Compatible`.
        """
        return S3Compatible(
            endpoint=self.url_or(endpoint), bucket=bucket, region=self.region, credentials=credentials, **settings
        )
