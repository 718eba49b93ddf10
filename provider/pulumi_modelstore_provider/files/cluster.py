"""A cluster as a kubeconfig leads to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError


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
        try:
            api = config.new_client_from_config(config_file=self.kubeconfig, context=self.context)
        except (config.ConfigException, OSError) as error:
            if self.kubeconfig is not None or self.context is not None:
                raise _no_cluster(str(error)) from None
            configuration = client.Configuration()
            try:
                config.load_incluster_config(client_configuration=configuration)
            except config.ConfigException:
                raise _no_cluster(str(error)) from None
            api = client.ApiClient(configuration)
        return client.CoreV1Api(api)


def _no_cluster(answer: str) -> ModelstoreError:
    remedy = "Name a kubeconfig and context, or set KUBECONFIG"
    return ModelstoreError("No cluster is configured", answer=answer, remedy=remedy)


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
