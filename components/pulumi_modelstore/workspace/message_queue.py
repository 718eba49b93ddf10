"""`MessageQueue`: queues for applications."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.workspace.aws_engines import Sqs
from pulumi_modelstore.workspace.existing_valkey import ExistingValkey
from pulumi_modelstore.workspace.store_access import (
    SecretPlace,
    WorkspaceStore,
    check_engine,
    checked_store,
    valkey_access,
)
from pulumi_modelstore.workspace.valkey_server import ValkeyServer


class MessageQueue(WorkspaceStore):
    """A place for queues, which `MessageQueueClient` in a pod makes, sends to, receives from and deletes.

    Args:
        name: of the store and, unless it is named, of the Secret.
        engine: `ValkeyServer(...)` of the stack, `ExistingValkey(...)`, or `Sqs(...)` on AWS.
        store: its name on the server, which tells it from other stores there; unset, `name`.
        kubernetes_namespace: where the Secret is, and the pods that use it.
        secret_name: name of the Secret.
        variables: what the Secret's keys begin with, for pods with more than one store.
        labels: labels of the Secret.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    secret_name: pulumi.Output[str]
    """Name of the Secret, for `envFrom` of a pod."""
    kubernetes_namespace: pulumi.Output[str]
    """Where the Secret is."""
    url: pulumi.Output[str]
    """What the client is told of the store, without credentials."""
    policy: pulumi.Output[str]
    """On AWS what a pod's role has to be allowed, as an IAM policy; empty elsewhere."""

    def __init__(
        self,
        name: str,
        *,
        engine: ValkeyServer | ExistingValkey | Sqs,
        store: str | None = None,
        kubernetes_namespace: pulumi.Input[str] = "default",
        secret_name: str | None = None,
        variables: str = "MODELSTORE_QUEUE",
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("MessageQueue", name)
        check_engine(check, engine, Sqs)
        store = checked_store(check, store)
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
        policy = ""
        if isinstance(engine, Sqs):
            from pulumi_modelstore.workspace.aws_access import sqs_access

            access, policy = sqs_access(check.name, engine, store, self)
        else:
            access = valkey_access(engine, store)
        self.policy = pulumi.Output.from_input(policy)
        self._publish(access, place)
