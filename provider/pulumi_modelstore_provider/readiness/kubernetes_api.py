"""A cluster by the client that the package `kubernetes` has: a handful of requests, all of them reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.kubeconfig import load_kubeconfig
from pulumi_modelstore_provider.readiness.snapshot import Object, Snapshot, snapshot_of

_SECONDS = (10, 30)
_LABEL = "serving.kserve.io/inferenceservice"
FORMS = "'default', 'path:FILE' or 'config:KEY'"


def valid_kubeconfig(reference: str) -> str:
    """Return the reference. Raises ValueError where it is none; it is not repeated, for it may be a kubeconfig."""
    kind, separator, name = reference.partition(":")
    if reference == "default" or (separator and kind in ("path", "config") and name.strip() == name and name):
        return reference
    raise ValueError(f"a kubeconfig is given by reference, as {FORMS}")


class KubernetesApi:
    """An API server.

    Args:
        kubeconfig: `default` (KUBECONFIG, the user's own, or that of the pod this runs in), `path:FILE`, or
            `config:KEY` (its text in the stack's configuration).
        context: a context of it; unset, the current one.
        config: look-up of the stack's configuration.
    """

    def __init__(
        self, kubeconfig: str = "default", context: str | None = None, *, config: ConfigLookup | None = None
    ) -> None:
        try:
            import kubernetes
        except ImportError as missing:
            remedy = "Install it: pip install 'pulumi-modelstore[cluster]'"
            raise ModelstoreError("Waiting for a service needs the package kubernetes", remedy=remedy) from missing
        self._client = kubernetes.client.ApiClient(_configuration(kubernetes, kubeconfig, context, config))
        self._core = kubernetes.client.CoreV1Api(self._client)
        self._apps = kubernetes.client.AppsV1Api(self._client)
        self._custom = kubernetes.client.CustomObjectsApi(self._client)

    def look(self, namespace: str, service: str) -> Snapshot:
        """Look at a service, now."""
        place = ("serving.kserve.io", "v1beta1", namespace, "inferenceservices", service)
        found = self._read(
            lambda: self._custom.get_namespaced_custom_object(*place, _request_timeout=_SECONDS), service
        )
        selector = f"{_LABEL}={service}"
        pods = self._items(lambda: self._core.list_namespaced_pod(namespace, label_selector=selector, **_RAW), service)
        events = self._items(
            lambda: self._core.list_namespaced_event(namespace, field_selector="type=Warning", **_RAW), service
        )
        # As KServe names them (v0.20, PredictorServiceName and PredictorWorkerServiceName in pkg/constants).
        names = [f"{service}-predictor", f"{service}-predictor-worker"]
        deployments = [self._deployment(namespace, name, service) for name in names]
        there = [deployment for deployment in deployments if deployment is not None]
        return snapshot_of(service, found, deployments=there, pods=pods, events=events)

    def _deployment(self, namespace: str, name: str, service: str) -> Object | None:
        answer = self._read(lambda: self._apps.read_namespaced_deployment(name, namespace, **_RAW), service)
        return None if answer is None else dict(json.loads(answer.data))

    def _items(self, call: Callable[[], Any], service: str) -> list[Object]:
        answer = self._read(call, service)
        return [] if answer is None else list(json.loads(answer.data)["items"])

    def _read(self, call: Callable[[], Any], service: str) -> Any:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return call()
        except ApiException as refusal:
            if refusal.status == 404:
                return None
            raise ModelstoreError(
                "The cluster refused to tell of a service",
                on=f"InferenceService {service}",
                answer=f"HTTP {refusal.status} {_message(refusal.body) or refusal.reason}",
                remedy="Let the kubeconfig's user get inferenceservices and deployments, and list pods and events",
            ) from None
        except HTTPError as error:
            raise ModelstoreError(
                "The cluster does not answer",
                on=self._client.configuration.host,
                answer=str(error),
                remedy="Check the kubeconfig, and that this machine reaches the cluster",
            ) from None


_RAW: dict[str, Any] = {"_preload_content": False, "_request_timeout": _SECONDS}


def _configuration(kubernetes: Any, kubeconfig: str, context: str | None, config: ConfigLookup | None) -> Any:
    kind, _, name = kubeconfig.partition(":")
    loaded = kubernetes.client.Configuration()
    try:
        if kind == "config":
            import yaml

            text = config(name) if config is not None else None
            if not text:
                remedy = f"Set it with: pulumi config set --secret {name} < kubeconfig"
                raise ModelstoreError(f"The stack's configuration has no {name}", remedy=remedy)
            kubernetes.config.load_kube_config_from_dict(yaml.safe_load(text), context, loaded)
        else:
            file = str(Path(name).expanduser()) if kind == "path" else None
            load_kubeconfig(kubernetes.config, loaded, file=file, context=context)
    except (kubernetes.config.ConfigException, OSError) as error:
        remedy = f"Give a kubeconfig: {FORMS}; in the sandbox nothing becomes ready, so that nothing can wait there"
        raise ModelstoreError(
            "There is no cluster to look at", on=f"kubeconfig {kubeconfig}", answer=str(error), remedy=remedy
        ) from None
    return loaded


def _message(body: Any) -> str:
    try:
        return str(json.loads(body)["message"])
    except (TypeError, ValueError, KeyError):
        return ""
