"""What the S3 servers of the cluster have in common: their namespace, root key, endpoint, and buckets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.kubernetes import labels_problems, subdomain_name_problems
from pulumi_modelstore.keys.existing_key import ExistingKey
from pulumi_modelstore.kserve.kubernetes_object import KubernetesObject
from pulumi_modelstore.kserve.secret_data import declare_secret
from pulumi_modelstore.workspace.server_shape import ServerShape, ServerSize, check_server, declare_server

ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
"""Keys of the server's Secret: with `envFrom` a pod's S3 client is the server's root."""


class ObjectServer(CheckedComponent):
    """A standalone S3 server in a Kubernetes namespace of its own, its root key in a Secret; one subclass a server.

    Args:
        name: of the server, and of its Service, Secret and StatefulSet.
        image: by digest.
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

    example: ClassVar[str]
    """Name of its image with a tag, for messages."""

    endpoint: pulumi.Output[str]
    """`http://<name>.<namespace>.svc:<port>`, or https."""
    secret_name: pulumi.Output[str]
    """Name of the Secret with the root key, as `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`."""
    root_key: ExistingKey
    """The root key; its secret part is a secret output."""

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
        check = ArgumentCheck(type(self).__name__, name)
        space = check.name if kubernetes_namespace is None else kubernetes_namespace
        size = ServerSize(storage, storage_class, memory, cpu)
        check_server(check, space, size, image, password_generation, example=self.example)
        create_namespace, evictable = (
            check.flag("create_namespace", create_namespace),
            check.flag("evictable", evictable),
        )
        labels = check.mapping("labels", labels)
        check.extend(labels_problems(labels, argument="labels"))
        if tls_secret is not None:
            check.extend(subdomain_name_problems(tls_secret, argument="tls_secret"))
        super().__init__(check, opts)
        self.after: tuple[pulumi.Resource, ...] = ()
        """What must be there before the server is used."""
        self.region = region
        self.space = space
        self.tls_secret = tls_secret or ""
        self.endpoint_input = f"{'https' if tls_secret else 'http'}://{check.name}.{space}.svc:{self._port()}"
        self.root_key = ExistingKey("", "")
        if self.refused:
            return
        from pulumi_modelstore_provider.resources.generated_password import GeneratedPassword

        password = GeneratedPassword(
            f"{check.name}-password", generation=password_generation, opts=self.child_options()
        ).password
        shape = self._shape(
            name=check.name,
            kubernetes_namespace=space,
            size=size,
            image=image,
            tls_secret=self.tls_secret,
            evictable=evictable,
            labels=labels,
        )
        before: list[pulumi.Resource] = []
        if create_namespace:
            before = [_namespace(check.name, space, shape.labels, self.child_options(retain_on_delete=True))]
        values: dict[str, pulumi.Input[str]] = {ACCESS_KEY: self._root(), SECRET_KEY: password}
        secret = declare_secret(
            f"{check.name}-secret", shape.metadata(), values, self.child_options(depends_on=[*before])
        )
        self.after = (declare_server(check.name, shape, self, after=[*before, secret]),)
        self.endpoint = pulumi.Output.from_input(self.endpoint_input)
        self.secret_name = pulumi.Output.from_input(check.name)
        self.root_key = ExistingKey(self._root(), password)
        self.register_outputs({"endpoint": self.endpoint, "secretName": self.secret_name})

    @classmethod
    def _root(cls) -> str:
        return "modelstore-root"

    @classmethod
    @abstractmethod
    def _port(cls) -> int:
        """The port of its S3 interface."""

    @abstractmethod
    def _shape(self, **common: Any) -> ServerShape:
        """The StatefulSet's particulars."""

    def _probe(self, path: str) -> dict[str, Any]:
        scheme = "HTTPS" if self.tls_secret else "HTTP"
        return {"httpGet": {"path": path, "port": "server", "scheme": scheme}}

    def bucket_job(self, bucket: str, *, image: pulumi.Input[str], name: str | None = None) -> KubernetesObject | None:
        """Declare a Job in the cluster that makes a bucket, for deployers who do not reach the server from outside.

        Over TLS it trusts the `ca.crt` of the server's `tls_secret`.

        Args:
            bucket: its name.
            image: with the AWS CLI, by digest, such as `docker.io/amazon/aws-cli:2@sha256:...`.
            name: of the Job; unset, `<server>-<bucket>`.

        Returns:
            The Job, for `depends_on` of what uses the bucket; None where the server or an argument was refused.

        Raises:
            InvalidArguments: at preview, with every problem of the whole program.
        """
        from pulumi_modelstore.workspace.bucket_job import declare_bucket_job

        return declare_bucket_job(self, bucket, image=image, name=name)

    def url_or(self, endpoint: pulumi.Input[str] | None) -> pulumi.Input[str]:
        """The endpoint that was given, or the one within the cluster."""
        return self.endpoint_input if endpoint is None else derive(lambda url: url.rstrip("/"), endpoint)


def _namespace(
    resource: str, name: str, labels: Mapping[str, str], options: pulumi.ResourceOptions
) -> KubernetesObject:
    metadata = {"name": name, **({"labels": dict(labels)} if labels else {})}
    # Kept: with it would go the claim, and every model on it.
    return KubernetesObject(
        f"{resource}-namespace", api_version="v1", kind="Namespace", manifest={"metadata": metadata}, opts=options
    )
