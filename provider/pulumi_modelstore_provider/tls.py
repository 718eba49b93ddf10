"""Which certificates are accepted: those of the usual authorities, of a CA bundle, or, where asked for, any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.time_limits import TimeLimits


def verification(*, verify_tls: bool, ca_bundle: str | None) -> bool | str | None:
    """Return what SDKs take as `verify`: False for any certificate, the bundle's path, or None for the usual trust.

    Raises ModelstoreError when the bundle is not there.
    """
    if not verify_tls:
        return False
    if ca_bundle is None:
        return None
    bundle = Path(ca_bundle).expanduser()
    if not bundle.is_file():
        raise ModelstoreError(
            f"The CA bundle {ca_bundle!r} is not there",
            remedy="Give the path of a PEM file that exists where pulumi runs",
        )
    return str(bundle)


def pool_settings(*, verify_tls: bool, ca_bundle: str | None, limits: TimeLimits) -> dict[str, Any]:
    """Return the arguments of urllib3's PoolManager for trust and time-outs. Raises as `verification` does."""
    import urllib3

    found = verification(verify_tls=verify_tls, ca_bundle=ca_bundle)
    if found is False:
        # Said once, in the stack's own settings, and not again with each request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return {
        "cert_reqs": "CERT_NONE" if found is False else "CERT_REQUIRED",
        "ca_certs": found if isinstance(found, str) else None,
        "timeout": urllib3.Timeout(connect=limits.connect, read=limits.read),
    }
