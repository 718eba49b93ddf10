"""What the stores with an engine have in common: a server that speaks Valkey's protocol, or one of AWS's services."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Generic, TypeVar

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.workspace.aws_engines import AwsEngine
from pulumi_modelstore.workspace.existing_valkey import ExistingValkey
from pulumi_modelstore.workspace.store_access import SecretPlace, StoreAccess, WorkspaceStore, checked_store
from pulumi_modelstore.workspace.valkey_server import ValkeyServer

OnAws = TypeVar("OnAws", bound=AwsEngine)


class EngineStore(WorkspaceStore, Generic[OnAws]):
    """A store on an engine; one subclass a kind of store.

    Args:
        name: of the store and, unless it is named, of the Secret.
        engine: `ValkeyServer(...)` of the stack, `ExistingValkey(...)`, or on AWS the one for that kind of store.
        store: its name on the server, which tells it from other stores there; unset, `name`.
        kubernetes_namespace: where the Secret is, and the pods that use it.
        secret_name: name of the Secret.
        variables: what the Secret's keys begin with, for pods with more than one store; unset, `MODELSTORE_KV` or
            `MODELSTORE_QUEUE`, where the client looks.
        labels: labels of the Secret.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    policy: pulumi.Output[str]
    """On AWS what a pod's role has to be allowed, as an IAM policy; empty elsewhere."""

    def __init__(
        self,
        name: str,
        *,
        engine: ValkeyServer | ExistingValkey | OnAws,
        store: str | None = None,
        kubernetes_namespace: pulumi.Input[str] = "default",
        secret_name: str | None = None,
        variables: str | None = None,
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck(type(self).__name__, name)
        if isinstance(engine, ExistingValkey | self._on_aws()):
            if check.uses_settings(engine):
                check.extend(engine.problems(), under="engine")
        else:
            wanted = f"ValkeyServer, ExistingValkey or {self._on_aws().__name__}"
            check.uses("engine", engine, ValkeyServer, wanted=wanted)
        store = checked_store(check, store)
        place = SecretPlace.checked(
            check,
            variables=self._variables() if variables is None else variables,
            secret_name=secret_name,
            kubernetes_namespace=kubernetes_namespace,
            labels=labels,
        )
        super().__init__(check, opts)
        if self.refused:
            return
        policy = ""
        if isinstance(engine, ValkeyServer | ExistingValkey):
            access = _valkey_access(engine, store)
        else:
            access, policy = self._declare_on_aws(engine, store)
        self.policy = pulumi.Output.from_input(policy)
        self._publish(access, place)

    @classmethod
    @abstractmethod
    def _on_aws(cls) -> type[OnAws]:
        """The engine on AWS for this kind of store."""

    @classmethod
    @abstractmethod
    def _variables(cls) -> str:
        """What the environment variables of its client begin with."""

    @abstractmethod
    def _declare_on_aws(self, engine: OnAws, store: str) -> tuple[StoreAccess, str]:
        """Declare what the store needs there; return how it is reached, and the policy."""


def _valkey_access(engine: ValkeyServer | ExistingValkey, store: str) -> StoreAccess:
    if isinstance(engine, ValkeyServer):
        url, credentials, after = engine.url_input, {"PASSWORD": engine.password}, engine.after
        return StoreAccess(derive(lambda known: f"{known}?store={store}", url), credentials, after)
    url = derive(lambda known: f"{known.rstrip('/')}?store={store}", engine.url)
    return StoreAccess(url, {"PASSWORD": engine.password, "USERNAME": engine.username})
