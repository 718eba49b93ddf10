"""What changes the number of a service's replicas between its bounds.

Source: KServe v0.20, validateScalingHPACompExtension and its siblings in
pkg/apis/serving/v1beta1/inference_service_validation.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from pulumi_modelstore.arguments.kubernetes import quantity_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

CLASS = "serving.kserve.io/autoscalerClass"
_URL = ("http://", "https://")


class Hpa(CheckedSettings):
    """Kubernetes' HorizontalPodAutoscaler, in Standard mode; never to zero.

    Args:
        metric: of the pods.
        target: for `cpu` a percentage of the request, 1 to 100; for `memory` MiB.
    """

    autoscaler_class: ClassVar[str | None] = "hpa"
    mode: ClassVar[str] = "Standard"
    to_zero: ClassVar[bool] = False

    kind: Literal["hpa"] = "hpa"
    metric: Literal["cpu", "memory"] = "cpu"
    target: int = 80

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        # KServe's webhook takes no more than 100 for memory either.
        if 1 <= self.target <= 100:
            return []
        return [Problem("target", f"is {self.target}", "Give a whole number from 1 to 100")]

    def fields(self) -> dict[str, Any]:
        """The predictor's fields."""
        return {"scaleMetric": self.metric, "scaleTarget": self.target}


class Keda(CheckedSettings):
    """KEDA by a query to Prometheus, in Standard mode: to zero where `min_replicas` is 0.

    Args:
        query: such as `sum(vllm:num_requests_running{model_name="llama"})`.
        server: URL of Prometheus.
        threshold: value of the query for each replica.
    """

    autoscaler_class: ClassVar[str | None] = "keda"
    mode: ClassVar[str] = "Standard"
    to_zero: ClassVar[bool] = True

    kind: Literal["keda"] = "keda"
    query: str
    server: str
    threshold: str = "1"

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = quantity_problems(self.threshold, argument="threshold")
        if not self.query.strip():
            found.append(Problem("query", "is empty", "Give a query of Prometheus"))
        if not self.server.startswith(_URL):
            found.append(
                Problem("server", f'"{self.server}" is no URL', "Write it like http://prometheus.monitoring:9090")
            )
        return found

    def fields(self) -> dict[str, Any]:
        """The predictor's fields."""
        metric = {"backend": "prometheus", "serverAddress": self.server, "query": self.query}
        target = {"type": "Value", "value": self.threshold}
        return {"autoScaling": {"metrics": [{"type": "External", "external": {"metric": metric, "target": target}}]}}


class Kpa(CheckedSettings):
    """Knative's own autoscaler, in Knative mode: to zero where `min_replicas` is 0.

    Args:
        metric: requests at once, or requests a second.
        target: of the metric for each replica.
    """

    autoscaler_class: ClassVar[str | None] = None
    mode: ClassVar[str] = "Knative"
    to_zero: ClassVar[bool] = True

    kind: Literal["kpa"] = "kpa"
    metric: Literal["concurrency", "rps"] = "concurrency"
    target: int = 10

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        return [] if self.target >= 1 else [Problem("target", f"is {self.target}", "Give at least 1")]

    def fields(self) -> dict[str, Any]:
        """The predictor's fields."""
        return {"scaleMetric": self.metric, "scaleTarget": self.target}


class Unscaled(CheckedSettings):
    """Nothing of KServe's changes the number, in Standard mode.

    Args:
        by: `none` keeps `min_replicas`; `external` leaves it to an autoscaler of the cluster's.
    """

    mode: ClassVar[str] = "Standard"
    to_zero: ClassVar[bool] = False

    kind: Literal["unscaled"] = "unscaled"
    by: Literal["none", "external"] = "none"

    @property
    def autoscaler_class(self) -> str:
        """Name of the class."""
        return self.by

    def problems(self) -> list[Problem]:
        """Nothing can be wrong with it."""
        return []

    def fields(self) -> dict[str, Any]:
        """No field of the predictor."""
        return {}


Autoscaling: TypeAlias = Hpa | Keda | Kpa | Unscaled
KINDS = (Hpa, Keda, Kpa, Unscaled)


def autoscaling_annotations(autoscaling: Any) -> Mapping[str, str]:
    """The annotation that names the class; none for Knative's own, and for what KServe does unasked."""
    name = autoscaling.autoscaler_class if isinstance(autoscaling, KINDS) else None
    return {} if name is None else {CLASS: name}


def autoscaling_problems(autoscaling: Autoscaling, *, mode: str, nodes: int, bounds: tuple[Any, Any]) -> list[Problem]:
    """What is wrong with an autoscaler for a service of that mode, nodes a replica, and bounds."""
    found = [problem.under("autoscaling") for problem in autoscaling.problems()]
    name = type(autoscaling).__name__
    if autoscaling.mode != mode:
        others = ", ".join(f"{kind.__name__}(...)" for kind in KINDS if kind.mode == mode)
        found.append(Problem("autoscaling", f"{name} is of {autoscaling.mode} mode, not of {mode}", f"Pass {others}"))
    if nodes > 1 and autoscaling.autoscaler_class != "none":
        said = f"is {name}, and KServe scales no service on {nodes} nodes"
        found.append(Problem("autoscaling", said, "Leave it out"))
    if isinstance(autoscaling, Unscaled) and autoscaling.by == "none" and bounds[0] != bounds[1]:
        said = f"is {bounds[1]}, and nothing scales the service above min_replicas {bounds[0]}"
        found.append(Problem("max_replicas", said, "Leave it out, or pass Hpa(...) or Keda(...)"))
    return found
