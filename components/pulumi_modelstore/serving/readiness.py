"""`Readiness`: whether a deployment waits until a service answers, and for how long."""

from __future__ import annotations

import re

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore_provider.readiness.kubernetes_api import valid_kubeconfig

_DURATION = re.compile(r"(?=\d)((?P<hours>\d+)h)?((?P<minutes>\d+)m)?((?P<seconds>\d+)s)?")


class Readiness(CheckedSettings):
    """Wait until KServe says that a service is ready; fail with the reason where it does not become so.

    The process of the deployment reads InferenceServices, pods and events of the service's namespace, and needs the
    extra `cluster`. What waits for the service, such as a rollout's route, then waits for this.

    Args:
        timeout: such as `90s`, `30m` or `1h30m`; pods that download a large model need most of it.
        kubeconfig: `default` (KUBECONFIG, the user's own, or that of the pod this runs in), `path:FILE`, or
            `config:KEY` (its text in the stack's configuration).
        context: a context of it; unset, the current one.
    """

    timeout: str = "30m"
    kubeconfig: str = "default"
    context: str | None = None

    @property
    def seconds(self) -> int:
        """The time-out in seconds; 0 where it is none."""
        match = _DURATION.fullmatch(self.timeout)
        if match is None:
            return 0
        hours, minutes, seconds = (int(match[unit] or 0) for unit in ("hours", "minutes", "seconds"))
        return (hours * 60 + minutes) * 60 + seconds

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = []
        if self.seconds < 1:
            found.append(Problem("timeout", f"{self.timeout!r} is no time", "Write it like 90s, 30m or 1h30m"))
        try:
            valid_kubeconfig(self.kubeconfig)
        except ValueError as error:
            found.append(Problem("kubeconfig", "is no reference", str(error)))
        return found
