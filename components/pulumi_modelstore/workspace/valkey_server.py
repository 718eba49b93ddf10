"""`ValkeyServer`: Valkey in the cluster, for key-value stores and queues."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.arguments.kubernetes import labels_problems, quantity, quantity_problems
from pulumi_modelstore.kserve.secret_data import declare_secret
from pulumi_modelstore.serving.environment import SecretKey
from pulumi_modelstore.workspace.server_shape import DATA, ServerShape, ServerSize, check_server, declare_server

PORT = 6379
CONFIGURATION = "/etc/valkey/valkey.conf"
AUTHENTICATION = "/etc/valkey/auth.conf"
"""A file and no argument: every process of the node sees arguments."""

# The user of the official image.
_USER = 999
# The log doubles before it is rewritten (`auto-aof-rewrite-percentage` 100), which needs room for a third.
_LOG_TIMES = 3


class ValkeyServer(CheckedComponent):
    """One Valkey server that has on its disk what it confirmed, and refuses what has no room.

    Every change is in its append-only file before it is answered (`appendfsync always`), so that neither a killed
    server nor a lost node loses a message. Full memory refuses writes; the claim holds three times the data, so that
    the disk does not fill up first.

    Args:
        name: of the server, and of its Service, Secret and StatefulSet.
        image: by digest, such as `docker.io/valkey/valkey:8.1@sha256:...`.
        kubernetes_namespace: where it runs; its stores' Secrets may be elsewhere.
        storage: of its claim, at least 1.8 times `memory`. The claim stays when the server leaves the stack.
        storage_class: of the claim; None for the cluster's default.
        memory: requested and limit; 60% of it hold data.
        cpu: requested cores.
        password_generation: raise it for another password; the server and the pods of its stores are to be restarted.
        evictable: whether draining a node may stop it: clients wait until it runs elsewhere. False holds drains up.
        labels: labels of all objects.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    url: pulumi.Output[str]
    """`valkey://<name>.<namespace>.svc:6379/0`."""
    secret_name: pulumi.Output[str]
    """Name of the Secret with its password, under `password`."""
    password: pulumi.Output[str]
    """The password, as a secret."""

    def __init__(
        self,
        name: str,
        *,
        image: pulumi.Input[str],
        kubernetes_namespace: pulumi.Input[str] = "default",
        storage: str = "10Gi",
        storage_class: str | None = None,
        memory: str = "2Gi",
        cpu: str = "250m",
        password_generation: int = 0,
        evictable: bool = True,
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("ValkeyServer", name)
        size = ServerSize(storage, storage_class, memory, cpu)
        example = "docker.io/valkey/valkey:8.1"
        check_server(check, kubernetes_namespace, size, image, password_generation, example=example)
        labels = check.mapping("labels", labels)
        check.extend(labels_problems(labels, argument="labels"))
        evictable = check.flag("evictable", evictable)
        data_bytes = _data_bytes(check, size)
        super().__init__(check, opts)
        self.after: tuple[pulumi.Resource, ...] = ()
        """What must be there before a store is used."""
        if self.refused:
            return
        from pulumi_modelstore_provider.resources.generated_password import GeneratedPassword

        password = GeneratedPassword(
            f"{check.name}-password", generation=password_generation, opts=self.child_options()
        ).password
        shape = ServerShape(
            name=check.name,
            kubernetes_namespace=kubernetes_namespace,
            size=size,
            image=image,
            command=("valkey-server", CONFIGURATION),
            environment=(SecretKey(secret=check.name, key="password").variable("REDISCLI_AUTH"),),
            port=PORT,
            probe={"exec": {"command": ["sh", "-c", 'test "$(valkey-cli -h 127.0.0.1 ping)" = PONG']}},
            user=_USER,
            memory_limited=True,
            configuration={CONFIGURATION: configuration(data_bytes)},
            secret_files={AUTHENTICATION: "auth.conf"},
            evictable=evictable,
            labels=labels,
        )
        values = {"password": password, "auth.conf": password.apply(lambda known: f"requirepass {known}\n")}
        secret = declare_secret(f"{check.name}-secret", shape.metadata(), values, self.child_options())
        self.after = (declare_server(check.name, shape, self, after=[secret]),)
        self.url_input = derive(lambda space: f"valkey://{check.name}.{space}.svc:{PORT}/0", kubernetes_namespace)
        self.url = pulumi.Output.from_input(self.url_input)
        self.secret_name = pulumi.Output.from_input(check.name)
        self.password = password
        self.register_outputs({"url": self.url, "secretName": self.secret_name})


def configuration(data_bytes: int) -> str:
    """The text of valkey.conf for a server that holds that many bytes of data."""
    lines = {
        "include": AUTHENTICATION,
        "port": PORT,
        "dir": DATA,
        "appendonly": "yes",
        "appendfsync": "always",
        # The append-only file is all there is to restore from: snapshots would need room of their own.
        "save": '""',
        "maxmemory": data_bytes,
        "maxmemory-policy": "noeviction",
        "tcp-keepalive": 60,
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _data_bytes(check: ArgumentCheck, size: ServerSize) -> int:
    if quantity_problems(size.memory, argument="") or quantity_problems(size.storage, argument=""):
        return 0
    # The rest is for connections, scripts, and pages that change while the log is rewritten.
    data = int(quantity(size.memory) * 60 / 100)
    if quantity(size.storage) < data * _LOG_TIMES:
        remedy = f"Give {-(-data * _LOG_TIMES // 1024**2)}Mi or more, or less memory"
        found = f"{size.storage} may be full before 60% of memory={size.memory} are"
        check.add("storage", found, remedy)
    return data
