"""A public and a private object store in one namespace."""

import pulumi

from pulumi_modelstore import AccessKeyPair, ExistingKey, Minio, ObjectStore, S3Compatible, StorageNamespace

config = pulumi.Config()
settings = {"endpoint": config.require("endpoint"), "bucket": config.require("bucket"), "credentials": "env:STORE"}
minio = config.require("kind") == "minio"
namespace = StorageNamespace("apps", backend=Minio(**settings) if minio else S3Compatible(**settings, prefix="team"))
keys = AccessKeyPair("apps", namespace=namespace, keys=None if minio else [ExistingKey.from_config("pod")])
ObjectStore("assets", access="public", namespace=namespace, keys=keys)
ObjectStore("reports", access="private", namespace=namespace, keys=keys, variables="REPORTS")
