"""vLLM on several nodes: a Ray cluster of the pods that KServe makes for one replica.

KServe gives the head RAY_NODE_COUNT, and the workers HEAD_SVC, the name of the Service in front of the head (v0.20,
multiNodeProcess in pkg/controller/v1beta1/inferenceservice/components/predictor.go).
"""

from __future__ import annotations

from typing import Any

WORKER = "worker-container"
"""What KServe calls the one container of a worker."""

ARGUMENTS = ("--distributed-executor-backend=ray",)
_PORT = 6379
_ALIVE = (
    "import ray; ray.init(address='auto', log_to_driver=False); "
    "print('alive', sum(node['Alive'] for node in ray.nodes()))"
)

# The server starts when all nodes are there: before that, Ray would refuse it the GPUs.
_HEAD = f"""\
ray start --head --port={_PORT} --disable-usage-stats --include-dashboard=false
until python3 -c "{_ALIVE}" 2>/dev/null | grep -qx "alive $RAY_NODE_COUNT"; do
  echo "waiting for $RAY_NODE_COUNT nodes"
  sleep 5
done
exec python3 -m vllm.entrypoints.openai.api_server "$@"
"""

_JOIN = f"""\
head="$HEAD_SVC.$POD_NAMESPACE.svc:{_PORT}"
until ray health-check --address "$head"; do
  echo "waiting for $head"
  sleep 5
done
exec ray start --address="$head" --block
"""

HEAD_COMMAND = ["/bin/bash", "-c", _HEAD, "vllm"]
"""The head's command; the server's arguments follow it."""

WORKER_COMMAND = ["/bin/bash", "-c", _JOIN]

ENVIRONMENT: list[dict[str, Any]] = [
    # Of the nodes' several addresses, the one that the other nodes reach.
    {"name": "VLLM_HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
]
"""Variables of head and workers beside those that KServe sets."""
