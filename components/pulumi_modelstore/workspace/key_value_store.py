"""`KeyValueStore`: namespaces of keys and values for applications."""

from __future__ import annotations

from pulumi_modelstore.workspace.aws_engines import DynamoDb
from pulumi_modelstore.workspace.engine_store import EngineStore
from pulumi_modelstore.workspace.store_access import StoreAccess


class KeyValueStore(EngineStore[DynamoDb]):
    """A place for namespaces of keys and values, which `KeyValueStoreClient` in a pod makes, fills and deletes.

    The arguments are `EngineStore`'s; on AWS `engine` is `DynamoDb(...)`.
    """

    @classmethod
    def _on_aws(cls) -> type[DynamoDb]:
        return DynamoDb

    @classmethod
    def _variables(cls) -> str:
        return "MODELSTORE_KV"

    def _declare_on_aws(self, engine: DynamoDb, store: str) -> tuple[StoreAccess, str]:
        from pulumi_modelstore.workspace.aws_access import dynamodb_access

        return dynamodb_access(self.given_name, engine, store, self)
