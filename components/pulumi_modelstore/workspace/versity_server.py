"""`VersityServer`: versitygw in the cluster, S3 on the files of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi

from pulumi_modelstore.backends.s3_compatible import S3Compatible
from pulumi_modelstore.workspace.object_server import ACCESS_KEY, SECRET_KEY, ObjectServer
from pulumi_modelstore.workspace.secret_data import from_secret
from pulumi_modelstore.workspace.server_shape import DATA, ServerShape, ServerSize

_CERTIFICATES = "/etc/versitygw/certs"


class VersityServer(ObjectServer):
    """A standalone versitygw in a Kubernetes namespace of its own, with its root key in a Secret.

    Chosen among the S3 servers that are maintained because it is one program under the Apache license whose objects are
    plain files: a folder a bucket on the claim, readable without it. Its claim needs extended attributes, as ext4 and
    XFS have. The namespace, the claim and what is on it stay when the server leaves the stack.

    Args:
        name: of the server, and of its Service, Secret and StatefulSet.
        image: by digest, such as `docker.io/versity/versitygw:v1.8.0@sha256:...`.
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

    example: ClassVar[str] = "docker.io/versity/versitygw:v1.8.0"

    endpoint: pulumi.Output[str]
    """`http://<name>.<namespace>.svc:7070`, or https."""
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
        return 7070

    def _shape(self, **common: Any) -> ServerShape:
        certificate, key = f"{_CERTIFICATES}/tls.crt", f"{_CERTIFICATES}/tls.key"
        tls = ("--cert", certificate, "--key", key) if self.tls_secret else ()
        port = ("--port", f":{self._port()}")
        return ServerShape(
            **common,
            command=("versitygw", "--region", self.region, *port, *tls, "--health", "/health", "posix", DATA),
            environment=(
                from_secret("ROOT_ACCESS_KEY_ID", secret=common["name"], key=ACCESS_KEY),
                from_secret("ROOT_SECRET_ACCESS_KEY", secret=common["name"], key=SECRET_KEY),
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
