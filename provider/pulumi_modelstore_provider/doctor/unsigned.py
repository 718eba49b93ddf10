"""Requests without credentials, as anybody could send them: time-outs, TLS settings and proxies as for the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.errors import StoreUnreachable
from pulumi_modelstore_provider.proxies import pool_through_proxy
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.time_limits import time_limits
from pulumi_modelstore_provider.tls import pool_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import PoolManager

_MOST = 1 << 20
"""Bytes of an answer that are read."""


@dataclass(frozen=True)
class Answer:
    """An answer of HTTP; header names count without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(method: str, url: str, connection: Connection) -> Answer:
    """Send one request, once, and follow no redirect. Raises StoreUnreachable, which does not repeat the query."""
    import urllib3

    shown = url.partition("?")[0]
    try:
        with _pool(url, connection) as pool:
            answer = pool.request(method, url, redirect=False, retries=False, preload_content=False)
            try:
                return Answer(answer.status, answer.headers, answer.read(_MOST))
            finally:
                answer.close()
    except urllib3.exceptions.HTTPError as error:
        raise StoreUnreachable(
            f"{method} without credentials got no answer",
            on=shown,
            answer=f"none; {type(error).__name__}",
            remedy="Check the endpoint, its certificate and the network",
        ) from None


def _pool(url: str, connection: Connection) -> PoolManager:
    settings = pool_settings(verify_tls=connection.verify_tls, ca_bundle=connection.ca_bundle, limits=time_limits())
    return pool_through_proxy(url, **settings)
