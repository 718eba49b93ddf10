"""The proxy that the environment names for an address: HTTPS_PROXY, HTTP_PROXY and NO_PROXY."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pulumi_modelstore_provider.errors import keep_out_of_texts

if TYPE_CHECKING:
    from urllib3 import PoolManager


def pool_through_proxy(url: str, **settings: Any) -> PoolManager:
    """Return a pool that reaches `url` through its proxy, or directly where it has none.

    Args:
        url: what will be asked for.
        settings: of urllib3's PoolManager.
    """
    import urllib3

    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if not proxy or urllib.request.proxy_bypass(parts.netloc):
        return urllib3.PoolManager(**settings)
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    login = urlsplit(proxy)
    headers = None
    if login.username is not None:
        password = unquote(login.password or "")
        keep_out_of_texts(password)
        pair = f"{unquote(login.username)}:{password}"
        headers = urllib3.make_headers(proxy_basic_auth=pair)
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **settings)
