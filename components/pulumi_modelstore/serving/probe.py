"""When a serving container counts as started, ready and alive."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

MOST_PORT = 65535


class Probe(CheckedSettings):
    """An HTTP GET that must answer with a status from 200 to 399.

    Args:
        path: such as `/v1/models`, which vLLM answers once the model is loaded.
        port: unset, that of the runtime.
        initial_delay: seconds before the first one.
        period: seconds between two.
        timeout: seconds in which an answer must come.
        failures: how many in a row count.
    """

    path: str = "/v1/models"
    port: int | None = None
    initial_delay: int = 0
    period: int = 10
    timeout: int = 5
    failures: int = 3

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = []
        if not self.path.startswith("/"):
            found.append(Problem("path", f'"{self.path}" is no path of a URL', "Begin it with a slash"))
        if self.port is not None and not 1 <= self.port <= MOST_PORT:
            found.append(Problem("port", f"{self.port} is no port", f"Choose one from 1 to {MOST_PORT}"))
        if self.initial_delay < 0:
            found.append(Problem("initial_delay", f"is {self.initial_delay}", "Give seconds from 0"))
        counts = {"period": self.period, "timeout": self.timeout, "failures": self.failures}
        return found + [Problem(name, f"is {n}", "Give at least 1") for name, n in counts.items() if n < 1]

    def manifest(self, *, port: int) -> dict[str, Any]:
        """The container's probe."""
        probe: dict[str, Any] = {
            "httpGet": {"path": self.path, "port": self.port or port},
            "periodSeconds": self.period,
            "timeoutSeconds": self.timeout,
            "failureThreshold": self.failures,
        }
        return probe | ({"initialDelaySeconds": self.initial_delay} if self.initial_delay else {})


class Probes(CheckedSettings):
    """The probes of a serving container.

    Args:
        startup: until it succeeds the other two wait; by default for 30 minutes, for the loading of a large model.
        readiness: whether requests are sent there.
        liveness: after which failures the container is started anew; unset, only when its process ends.
    """

    startup: Probe | None = Probe(period=30, timeout=10, failures=60)
    readiness: Probe | None = Probe()
    liveness: Probe | None = None

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        named = {"startup": self.startup, "readiness": self.readiness, "liveness": self.liveness}
        return [problem.under(name) for name, probe in named.items() if probe for problem in probe.problems()]

    def manifest(self, *, port: int) -> dict[str, Any]:
        """The container's probes by the names of their fields."""
        named = {"startupProbe": self.startup, "readinessProbe": self.readiness, "livenessProbe": self.liveness}
        return {field: probe.manifest(port=port) for field, probe in named.items() if probe}
