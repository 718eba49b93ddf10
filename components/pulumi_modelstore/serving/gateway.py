"""The Gateway API route by which requests reach the versions of a model, each with a share.

Source: Gateway API v1, `HTTPRoute`; weights of one rule are relative to their sum.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_modelstore.arguments.kubernetes import label_name_problems, subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

# KServe's Service in front of a predictor (v0.20, PredictorServiceName and CommonDefaultHttpPort in pkg/constants).
_SERVICE = "{}-predictor"
_PORT = 80
_HOSTNAME = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class Gateway(CheckedSettings):
    """A Gateway of the cluster.

    Args:
        name: of the Gateway, such as `kserve-ingress-gateway`.
        namespace: where it is; unset, the services' own. It must admit routes of theirs (`allowedRoutes`).
        listener: name of one of its listeners; unset, all.
    """

    name: str
    namespace: str | None = None
    listener: str | None = None

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = subdomain_name_problems(self.name, argument="name")
        if self.namespace is not None:
            found += label_name_problems(self.namespace, argument="namespace")
        if self.listener is not None:
            found += subdomain_name_problems(self.listener, argument="listener")
        return found

    def parent(self) -> dict[str, Any]:
        """The route's reference to it."""
        given = {"name": self.name, "namespace": self.namespace, "sectionName": self.listener}
        return {"group": "gateway.networking.k8s.io", "kind": "Gateway"} | {
            name: value for name, value in given.items() if value is not None
        }


def hostname_problems(hostnames: Sequence[str]) -> list[Problem]:
    """What is wrong with the names that clients ask for."""
    return [
        Problem(
            f"hostnames[{number}]", f'"{name}" is no host name', "Write it like llama.example.org, without a scheme"
        )
        for number, name in enumerate(hostnames)
        if len(name) > 253 or not _HOSTNAME.fullmatch(name)
    ]


def route(gateway: Gateway, hostnames: Sequence[str], shares: Mapping[str, int]) -> dict[str, Any]:
    """The HTTPRoute's `spec`: each InferenceService by name with its share of the requests."""
    backends = [
        {"group": "", "kind": "Service", "name": _SERVICE.format(service), "port": _PORT, "weight": share}
        for service, share in shares.items()
    ]
    return {
        "parentRefs": [gateway.parent()],
        **({"hostnames": list(hostnames)} if hostnames else {}),
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": backends}],
    }
