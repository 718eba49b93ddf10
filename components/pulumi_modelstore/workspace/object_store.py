"""`ObjectStore`: objects of applications in a part of a namespace, public or private."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

import pulumi

from pulumi_modelstore.arguments.bucket_name import objects_prefix_problems
from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.backends.protocol import ObjectAddress
from pulumi_modelstore.backends.s3_endpoint import S3Endpoint
from pulumi_modelstore.keys.source import KeySource
from pulumi_modelstore.namespace import StorageNamespace
from pulumi_modelstore.workspace.store_access import SecretPlace, StoreAccess, WorkspaceStore


class ObjectStore(WorkspaceStore):
    """Objects under a prefix of a namespace's bucket, which `ObjectStoreClient` in a pod writes, reads and lists.

    Leaving the stack takes the Secret and the public access away; the objects stay. On AWS the public access is the
    namespace's: it goes with `AwsS3(public_prefixes=)`.

    Args:
        name: of the store and, unless it is named, of the Secret.
        access: `public`, where anybody reads an object by its URL, and no other in the bucket, and lists none; or
            `private`, where only who gets a presigned URL does, for 900 s by default.
        namespace: whose bucket it is in. On Google Cloud it needs HMAC keys (`Gcs(keys="hmac")`).
        keys: the pair or single key of that namespace with which the pod works; its current key goes into the Secret.
            Unset, on AWS and Azure, the pod's own role or identity is to open the namespace. On Azure it has to where
            the client is to make URLs: a key is a SAS token there, which signs none.
        prefix: the part of the namespace; unset, `objects/<name>`.
        url_endpoint: URL at which browsers reach the store, where it is another one than for pods.
        kubernetes_namespace: where the Secret is, and the pods that use it.
        secret_name: name of the Secret.
        variables: what the Secret's keys begin with, for pods with more than one store.
        labels: labels of the Secret.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program; `public` is one where the store has no
            such thing, or, on AWS, where `AwsS3(public_prefixes=)` does not name the prefix.
    """

    secret_name: pulumi.Output[str]
    """Name of the Secret, for `envFrom` of a pod."""
    kubernetes_namespace: pulumi.Output[str]
    """Where the Secret is."""
    url: pulumi.Output[str]
    """What the client is told of the store, without credentials."""

    def __init__(
        self,
        name: str,
        *,
        access: Literal["public", "private"],
        namespace: StorageNamespace,
        keys: KeySource | None = None,
        prefix: str | None = None,
        url_endpoint: str | None = None,
        kubernetes_namespace: pulumi.Input[str] = "default",
        secret_name: str | None = None,
        variables: str = "MODELSTORE_OBJECTS",
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("ObjectStore", name)
        prefix = check.text("prefix", prefix)
        path = f"objects/{check.name}" if prefix is None else prefix.strip("/")
        misplaced = objects_prefix_problems(path, argument="prefix")
        check.extend(misplaced)
        if access not in ("public", "private"):
            check.add("access", f"{access!r} is neither", 'Choose "public" or "private"')
        if check.uses("namespace", namespace, StorageNamespace):
            check.extend(namespace.backend.object_problems())
            if access == "public" and not misplaced:
                check.extend(namespace.backend.public_problems(path))
            _check_keys(check, keys, namespace)
        place = SecretPlace.checked(
            check,
            variables=variables,
            secret_name=secret_name,
            kubernetes_namespace=kubernetes_namespace,
            labels=labels,
        )
        super().__init__(check, opts)
        if self.refused:
            return
        whole = namespace.key(path)
        after: list[pulumi.Resource] = []
        # On AWS it is a setting of the bucket, whose policy has one owner.
        if access == "public" and isinstance(namespace.backend, S3Endpoint):
            from pulumi_modelstore_provider.resources.public_prefix import PublicPrefix

            public = PublicPrefix(
                f"{check.name}-public",
                connection=namespace.backend.connection(),
                bucket=namespace.bucket_input,
                prefix=whole,
                namespace=namespace.given_name,
                opts=self.child_options(depends_on=[*namespace.guarded_by]),
            )
            after.append(public)
        address = namespace.backend.object_address()
        url = derive(
            lambda bucket, at: _url(address, f"{bucket}/{whole}", access, endpoint=at, url_endpoint=url_endpoint),
            namespace.bucket_input,
            address.endpoint,
        )
        credentials: dict[str, pulumi.Input[str] | None] = {}
        if keys is not None:
            credentials = {"ACCESS_KEY_ID": keys.access_key_id, "SECRET_ACCESS_KEY": keys.secret_access_key}
        self._publish(StoreAccess(url, credentials, after), place)


def _check_keys(check: ArgumentCheck, keys: KeySource | None, namespace: StorageNamespace) -> None:
    if keys is None:
        if not namespace.backend.opens_by_identity:
            remedy = "Pass an AccessKeyPair or AccessKey of the namespace"
            check.add("keys", f"are not given, and {namespace.backend.kind} knows no identities of pods", remedy)
    elif check.uses("keys", keys, KeySource, wanted="AccessKeyPair or AccessKey") and keys.namespace is not namespace:
        remedy = "Pass keys that were declared for the same namespace"
        check.add("keys", f"open another namespace than {namespace.given_name}", remedy)


def _url(address: ObjectAddress, path: str, access: str, *, endpoint: str | None, url_endpoint: str | None) -> str:
    given = {"access": access, **address.options, "endpoint": endpoint, "url_endpoint": url_endpoint}
    query = urlencode({name: value for name, value in given.items() if value}, safe=":/")
    return f"{address.scheme}://{path}?{query}"
