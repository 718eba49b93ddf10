"""Says why no answer came: turns the SDK's errors of connection, TLS and time into what a user can act on."""

from __future__ import annotations

from pulumi_modelstore_provider.errors import (
    CredentialsUnavailable,
    DownloadCorrupted,
    ModelstoreError,
    StoreUnreachable,
)

_AGAIN = "run again: what is already there is kept"


def breakdowns() -> tuple[type[Exception], ...]:
    """Return the SDK's errors of requests that got no answer."""
    from botocore import exceptions

    return exceptions.ConnectionError, exceptions.HTTPClientError


def breakdown(error: Exception, failed: str, on: str) -> ModelstoreError:
    """Return the error for `failed` on the object `on`, of what the SDK raised without an answer of the store."""
    from botocore import exceptions

    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return CredentialsUnavailable(failed, on=on, answer=str(error), remedy="Check what the credentials refer to")
    if isinstance(error, exceptions.FlexibleChecksumError):
        return DownloadCorrupted(failed, on=on, answer=str(error), remedy=f"Check what lies in between; {_AGAIN}")
    if isinstance(error, breakdowns()):
        answer, remedy = _reason(error)
        return StoreUnreachable(failed, on=on, answer=answer, remedy=remedy)
    if isinstance(error, exceptions.IncompleteReadError):
        return StoreUnreachable(failed, on=on, answer=f"cut off; {error}", remedy=f"Check the network; {_AGAIN}")
    return ModelstoreError(failed, on=on, answer=str(error))


def _reason(error: Exception) -> tuple[str, str]:
    """What came instead of an answer, and the remedy."""
    from botocore import exceptions

    text = str(error)
    if isinstance(error, exceptions.ConnectionClosedError) and isinstance(cause := error.kwargs.get("error"), OSError):
        text = f"{text} ({cause})"
    if isinstance(error, exceptions.SSLError):
        return _tls(text)
    if isinstance(error, exceptions.ProxyConnectionError):
        return f"none; {text}", "Check HTTPS_PROXY and HTTP_PROXY, or except the endpoint with NO_PROXY"
    if isinstance(error, exceptions.ConnectTimeoutError):
        return "none; no connection in time", f"Check the endpoint, the network and firewalls; {_AGAIN}"
    if isinstance(error, exceptions.ReadTimeoutError):
        return (
            "the connection was accepted, and then nothing came in time",
            f"Check that the store is well and that the endpoint is its address; {_AGAIN}",
        )
    if isinstance(error, exceptions.EndpointConnectionError):
        return _no_connection(text, str(getattr(error, "kwargs", {}).get("error", "")))
    if isinstance(error, exceptions.ConnectionClosedError) and 'URL: "http://' in text:
        return f"none; {text}", f"Write https:// if the store speaks TLS; else check the network and {_AGAIN}"
    return f"none; {text}", f"Check the endpoint and the network; {_AGAIN}"


def _no_connection(text: str, cause: str) -> tuple[str, str]:
    if "resolve" in cause or "Name or service" in cause:
        return "none; the endpoint's host name is unknown", "Check the endpoint's spelling, and this machine's DNS"
    if "refused" in cause:
        return "none; nothing listens there", f"Check the endpoint and the network; {_AGAIN}"
    return f"none; {text}", f"Check the endpoint and the network; {_AGAIN}"


def _tls(text: str) -> tuple[str, str]:
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text:
        return text, "Write http:// if the store has no TLS, or check that the endpoint speaks TLS on this port"
    if any(words in text for words in ("Hostname mismatch", "IP address mismatch", "doesn't match")):
        return text, "Write the endpoint with a host name that is in the store's certificate"
    if "has expired" in text or "not yet valid" in text:
        return text, "Have the store's certificate renewed, or set this machine's clock"
    return text, "Give the store's CA with ca_bundle, or check that the endpoint speaks TLS at all"
