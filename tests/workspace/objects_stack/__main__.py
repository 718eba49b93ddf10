"""A public and a private object store in one namespace, on the backend that the configuration names."""

import pulumi

from pulumi_modelstore import AccessKeyPair, ExistingKey, ObjectStore, StorageNamespace, backend_from_config

backend = backend_from_config()
namespace = StorageNamespace("apps", backend=backend)
brought = None if backend.issues_keys else [ExistingKey.from_config("pod")]
keys = AccessKeyPair("apps", namespace=namespace, keys=brought)
if pulumi.Config().get_bool("public"):
    ObjectStore("assets", access="public", namespace=namespace, keys=keys)
ObjectStore("reports", access="private", namespace=namespace, keys=keys, variables="REPORTS")
