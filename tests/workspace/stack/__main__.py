"""Stores for applications, on a server in the cluster."""

import pulumi

from pulumi_modelstore import ExistingValkey, KeyValueStore, MessageQueue, ValkeyServer

DIGEST = "0" * 64
cache = ValkeyServer(
    "cache",
    image=f"docker.io/valkey/valkey:8.1@sha256:{DIGEST}",
    kubernetes_namespace="stores",
    storage="4Gi",
    memory="512Mi",
    storage_class="fast",
    labels={"team": "apps"},
)
sessions = KeyValueStore("sessions", engine=cache, kubernetes_namespace="apps")
KeyValueStore("elsewhere", engine=ExistingValkey.from_config("elsewhere"), kubernetes_namespace="apps")
jobs = MessageQueue("jobs", engine=cache, kubernetes_namespace="apps", variables="JOBS")
pulumi.export("secret", sessions.secret_name)
pulumi.export("url", cache.url)
pulumi.export("password", cache.password)
