"""HTTP to one API server, with the addresses, certificates and tokens of a kubeconfig."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from pulumi_modelstore_sandbox.cluster.api_server.answer import NOT_FOUND, OK, Answer
from pulumi_modelstore_sandbox.cluster.api_server.refusals import refusal
from pulumi_modelstore_sandbox.cluster.errors import ClusterError, ServerUnreachable
from pulumi_modelstore_sandbox.cluster.identity import Identity
from pulumi_modelstore_sandbox.cluster.properties import Object
from pulumi_modelstore_sandbox.cluster.resource_type import ResourceType

_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 60.0


class ApiResource(NamedTuple):
    """How the server serves a kind."""

    plural: str
    namespaced: bool


class Connection:
    """One API server; thread-safe."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._lock = threading.Lock()
        self._client: Any = None
        self._served: dict[str, dict[str, ApiResource]] = {}

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send one request; any HTTP status is an answer.

        Raises ServerUnreachable without one, after a few tries.
        """
        import urllib3

        client = self._connected()
        headers = {"Accept": "application/json", "Content-Type": content_type}
        headers |= {auth["key"]: auth["value"] for auth in client.configuration.auth_settings().values()}
        url = f"{client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response = client.rest_client.pool_manager.request(
                method,
                url,
                body=None if body is None else json.dumps(body),
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
                # Every request here can be sent twice: applies and deletes name what they want.
                retries=urllib3.Retry(
                    3,
                    allowed_methods=None,
                    backoff_factor=0.2,
                    raise_on_status=False,
                    redirect=False,
                    status_forcelist=(429, 503),
                ),
            )
        except urllib3.exceptions.HTTPError as error:
            cause = getattr(error, "reason", None) or error
            raise ServerUnreachable(
                "The API server does not answer",
                on=str(self),
                answer=str(cause),
                remedy="Start it, or correct the file that MODELSTORE_SANDBOX_KUBECONFIG names",
            ) from None
        return Answer(response.status, _read(response.data))

    def served(self, kind: ResourceType, *, again: bool = False) -> ApiResource | None:
        """Return how the server serves a kind, None where it does not; `again` asks it anew.

        Raises ServerRefused where the server does not say.
        """
        with self._lock:
            known = self._served.get(kind.api_version)
        if known is None or kind.kind not in known or again:
            answer = self.request("GET", _group_path(kind))
            if answer.status not in {*OK, NOT_FOUND}:
                raise refusal(answer, doing=f"Asking the API server for the kinds of {kind.api_version}", on=str(self))
            known = _kinds(answer.body)
            with self._lock:
                self._served[kind.api_version] = known
        return known.get(kind.kind)

    def __str__(self) -> str:
        return f"{self._connected().configuration.host}, from {self._kubeconfig}"

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _client(self._kubeconfig)
            return self._client


def object_path(kind: ResourceType, served: ApiResource, where: Identity) -> str:
    """Return the URL path of an object."""
    return f"{collection_path(kind, served, where)}/{quote(where.name, safe='')}"


def collection_path(kind: ResourceType, served: ApiResource, where: Identity) -> str:
    """Return the URL path of an object's kind in its namespace."""
    namespace = f"/namespaces/{quote(where.namespace, safe='')}" if served.namespaced else ""
    return f"{_group_path(kind)}{namespace}/{served.plural}"


def _group_path(kind: ResourceType) -> str:
    return f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"


def _kinds(listing: Object) -> dict[str, ApiResource]:
    return {
        item["kind"]: ApiResource(item["name"], bool(item["namespaced"]))
        for item in listing.get("resources", ())
        if "/" not in item["name"]
    }


def _read(data: bytes) -> Object:
    try:
        body = json.loads(data or b"{}")
    except ValueError:
        body = {"message": data[:500].decode(errors="replace")}
    return body if isinstance(body, dict) else {"message": str(body)}


def _client(kubeconfig: Path) -> Any:
    from kubernetes import config

    try:
        load: Any = config.new_client_from_config
        return load(config_file=str(kubeconfig), persist_config=False)
    except (config.ConfigException, OSError, ValueError, TypeError) as error:
        raise ClusterError(
            "The kubeconfig cannot be used",
            on=str(kubeconfig),
            answer=str(error),
            remedy="Correct the file that MODELSTORE_SANDBOX_KUBECONFIG names",
        ) from None
