"""A cluster as a kubeconfig leads to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.kubeconfig import load_kubeconfig


class NotInCluster(ModelstoreError):
    """The claim, or its namespace, does not exist."""


@dataclass(frozen=True)
class Cluster:
    """Which cluster, and which namespace of it.

    Args:
        namespace: Kubernetes namespace.
        kubeconfig: path of the kubeconfig; None for `KUBECONFIG`, `~/.kube/config`, or the pod's own account.
        context: of the kubeconfig; None for its current one.
    """

    namespace: str = "default"
    kubeconfig: str | None = None
    context: str | None = None

    def core(self) -> Any:
        """A client of the core API. Raises ModelstoreError where no cluster is configured."""
        try:
            from kubernetes import client
            from kubernetes import config as kubernetes_config
        except ImportError:
            raise ModelstoreError(
                "Files of a claim are reached with the Python package kubernetes, which is not installed",
                remedy="Install it: pip install 'pulumi-modelstore[files]'",
            ) from None
        # It has no types.
        config: Any = kubernetes_config
        loaded = client.Configuration()
        try:
            load_kubeconfig(config, loaded, file=self.kubeconfig, context=self.context)
        except (config.ConfigException, OSError) as error:
            remedy = "Name a kubeconfig and context, or set KUBECONFIG"
            raise ModelstoreError("No cluster is configured", answer=str(error), remedy=remedy) from None
        return client.CoreV1Api(client.ApiClient(loaded))


@contextmanager
def told(failed: str, on: str) -> Iterator[None]:
    """Turn what the API server answers, or that nothing does, into a ModelstoreError."""
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        remedy = _REMEDIES.get(error.status or 0, "")
        kind = NotInCluster if error.status == _NOT_FOUND else ModelstoreError
        raise kind(failed, on=on, answer=_message(error), remedy=remedy) from None
    except HTTPError as error:
        remedy = "Check that the cluster is up and that the kubeconfig leads to it"
        raise ModelstoreError(failed, on=on, answer=str(error), remedy=remedy) from None


_NOT_FOUND = 404
_REMEDIES = {
    401: "Log in to the cluster again",
    403: "It takes the right to create, get, delete and exec pods, and to get claims, in that namespace",
    404: "Check the names of the claim and of the namespace",
}


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return f"{error.status} {error.reason}"
