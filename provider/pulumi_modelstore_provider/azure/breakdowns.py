"""Says why no answer came: turns the SDK's errors of connection, TLS and time into what a user can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_modelstore_provider.errors import ModelstoreError, StoreUnreachable

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

_AGAIN = "run again: what is already there is kept"


def breakdown(error: Exception, failed: str, on: str) -> ModelstoreError:
    """Return the error for `failed` on the object `on`, of what the SDK raised without an answer of the service."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    if isinstance(error, ServiceRequestError | ServiceResponseError):
        answer, remedy = _reason(getattr(error, "inner_exception", None) or error)
        return StoreUnreachable(failed, on=on, answer=answer, remedy=remedy)
    return ModelstoreError(failed, on=on, answer=str(error).partition("\n")[0])


def cut_off(error: HttpResponseError, failed: str, on: str) -> StoreUnreachable | None:
    """Return the error where the SDK counts an answer as refused that broke off in its body."""
    from azure.core.exceptions import AzureError

    broke = error.inner_exception
    if error.status_code is not None or not isinstance(broke, AzureError):
        return None
    answer, remedy = _reason(broke.inner_exception or broke)
    return StoreUnreachable(failed, on=on, answer=answer, remedy=remedy)


def _reason(error: BaseException) -> tuple[str, str]:
    """What came instead of an answer, and the remedy."""
    from requests import exceptions

    text = str(error)
    if isinstance(error, exceptions.SSLError):
        return _tls(text)
    if isinstance(error, exceptions.ProxyError):
        return f"none; {text}", "Check HTTPS_PROXY and HTTP_PROXY, or except the endpoint with NO_PROXY"
    if isinstance(error, exceptions.ConnectTimeout):
        return "none; no connection in time", f"Check the endpoint, the network and firewalls; {_AGAIN}"
    if isinstance(error, exceptions.ReadTimeout) or "Read timed out" in text:
        return (
            "the connection was accepted, and then nothing came in time",
            f"Check that the service is well and that the endpoint is its address; {_AGAIN}",
        )
    if "Failed to resolve" in text:
        return (
            "none; the endpoint's host name is unknown",
            "Check the storage account's name (one that does not exist has no address) and this machine's DNS",
        )
    if "Connection refused" in text:
        return "none; nothing listens there", f"Check the endpoint and the network; {_AGAIN}"
    return f"none; {text}", f"Check the endpoint and the network; {_AGAIN}"


def refuses_certificate(error: BaseException | None) -> bool:
    """Tell whether TLS was not agreed on: that is the same the next time."""
    from requests.exceptions import SSLError

    return isinstance(getattr(error, "inner_exception", None), SSLError)


def _tls(text: str) -> tuple[str, str]:
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text:
        return text, "Write http:// if the service has no TLS, or check that the endpoint speaks TLS on this port"
    if "Hostname mismatch" in text or "IP address mismatch" in text:
        return text, "Write the endpoint with a host name that is in the service's certificate"
    if "has expired" in text or "not yet valid" in text:
        return text, "Have the service's certificate renewed, or set this machine's clock"
    return text, "Give the service's CA with ca_bundle, or check that the endpoint speaks TLS at all"
