"""When a request to the blob service is sent again, and how long is waited before."""

from __future__ import annotations

from typing import Any

from azure.storage.blob import ExponentialRetry

from pulumi_modelstore_provider.azure.breakdowns import refuses_certificate

_FIRST_PAUSE = 1
_BASE = 2
_JITTER = 1
"""Seconds: about 1, 3 and 5 before the second, third and fourth attempt."""

_LONGEST_WANTED = 30.0
"""Seconds that the service may ask for by Retry-After before its wish is cut."""


class Backoff(ExponentialRetry):
    """The SDK's policy, which leaves alone what no repetition mends and waits as long as the service asks for."""

    def __init__(self, attempts: int) -> None:
        super().__init__(
            initial_backoff=_FIRST_PAUSE,
            increment_base=_BASE,
            retry_total=attempts - 1,
            random_jitter_range=_JITTER,
        )

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Return the seconds to wait."""
        wanted = 0.0
        answer = getattr(settings["history"][-1], "http_response", None) if settings["history"] else None
        if answer is not None:
            text = answer.headers.get("Retry-After", "")
            wanted = min(float(text), _LONGEST_WANTED) if text.isdecimal() else 0.0
        return max(wanted, super().get_backoff_time(settings))

    def increment(
        self, settings: dict[str, Any], request: Any, response: Any = None, error: Exception | None = None
    ) -> bool:
        """Tell whether to send once more."""
        return not refuses_certificate(error) and super().increment(settings, request, response, error)  # type: ignore[arg-type]
