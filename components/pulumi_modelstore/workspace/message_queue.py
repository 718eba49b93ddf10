"""`MessageQueue`: queues for applications."""

from __future__ import annotations

from pulumi_modelstore.workspace.aws_engines import Sqs
from pulumi_modelstore.workspace.engine_store import EngineStore
from pulumi_modelstore.workspace.store_access import StoreAccess


class MessageQueue(EngineStore[Sqs]):
    """A place for queues, which `MessageQueueClient` in a pod makes, sends to, receives from and deletes.

    The arguments are `EngineStore`'s; on AWS `engine` is `Sqs(...)`.
    """

    @classmethod
    def _on_aws(cls) -> type[Sqs]:
        return Sqs

    @classmethod
    def _variables(cls) -> str:
        return "MODELSTORE_QUEUE"

    def _declare_on_aws(self, engine: Sqs, store: str) -> tuple[StoreAccess, str]:
        from pulumi_modelstore.workspace.aws_access import sqs_access

        return sqs_access(self.given_name, engine, store, self)
