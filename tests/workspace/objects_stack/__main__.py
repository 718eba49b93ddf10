"""A public and a private object store in one namespace."""

import pulumi

from pulumi_modelstore import AccessKeyPair, ExistingKey, ObjectStore, S3Compatible, StorageNamespace

config = pulumi.Config()
settings = {"endpoint": config.require("endpoint"), "bucket": config.require("bucket"), "credentials": "env:STORE"}
namespace = StorageNamespace("apps", backend=S3Compatible(**settings, prefix="team"))
keys = AccessKeyPair("apps", namespace=namespace, keys=[ExistingKey.from_config("pod")])
ObjectStore("assets", access="public", namespace=namespace, keys=keys)
ObjectStore("reports", access="private", namespace=namespace, keys=keys, variables="REPORTS")
