"""Where requests for one bucket go, as the SDK would send them, for the usual ways of configuring it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pulumi_modelstore_provider.s3.signing import quoted_path

_HOST_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn")
_UNUSUAL = ("use_accelerate_endpoint", "use_dualstack_endpoint", "use_fips_endpoint", "payload_signing_enabled")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """`host` and `port` to connect to, `authority` for the Host header, `base` what stands before each key."""

    scheme: str
    host: str
    port: int
    authority: str
    base: str

    def path(self, key: str) -> str:
        """Return the quoted path of an object."""
        return f"{self.base}/{quoted_path(key)}"

    def url(self, key: str) -> str:
        """Return an object's address, for messages."""
        return self.url_of(self.path(key))

    def url_of(self, path: str) -> str:
        """Return the address of what lies at a quoted path."""
        return f"{self.scheme}://{self.authority}{path}"


def bucket_address(client: Any, bucket: str) -> BucketAddress | None:
    """Return where `client` of the SDK sends requests for `bucket`; None where that is not for certain.

    Not for certain: acceleration, dual stack, FIPS, signatures other than version 4, and names that no host can have.
    """
    config = client.meta.config
    settings: dict[str, Any] = config.s3 or {}
    if config.signature_version != "s3v4" or any(settings.get(name) for name in _UNUSUAL):
        return None
    if getattr(config, "use_dualstack_endpoint", None) or getattr(config, "use_fips_endpoint", None):
        return None
    endpoint = urlsplit(client.meta.endpoint_url)
    host, style = endpoint.hostname, settings.get("addressing_style") or "auto"
    if (
        endpoint.scheme not in ("http", "https")
        or not host
        or endpoint.query
        or client.meta.region_name == "aws-global"
    ):
        return None
    base = endpoint.path.rstrip("/")
    port = endpoint.port or (443 if endpoint.scheme == "https" else 80)
    # The SDK leaves out a port that is the scheme's own.
    suffix = "" if port == (443 if endpoint.scheme == "https" else 80) else f":{port}"
    written = f"[{host}]" if ":" in host else host
    # Where only the endpoint is told, the SDK puts the bucket into the path, except on AWS.
    if style == "path" or (style == "auto" and not host.endswith(_AWS_HOSTS)):
        return BucketAddress(endpoint.scheme, host, port, f"{written}{suffix}", f"{base}/{bucket}")
    if not _HOST_LABEL.fullmatch(bucket) or base or _is_ip(host):
        return None
    host = f"{bucket}.{host}"
    return BucketAddress(endpoint.scheme, host, port, f"{host}{suffix}", "")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
