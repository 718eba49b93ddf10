"""Waiting for a service on a real API server, whose objects are written as KServe, kubelet and scheduler write them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.declared import path, service
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.readiness import waiting
from pulumi_modelstore_provider.readiness.kubernetes_api import KubernetesApi
from pulumi_modelstore_provider.readiness.waiting import NotReady, wait_until_ready
from pulumi_modelstore_provider.resources.service_ready import ServiceReadyProvider
from servers.apiserver import ApiServer

pytest.importorskip("kubernetes", reason="the extra `cluster` is not installed")

SERVICES = "/apis/serving.kserve.io/v1beta1"
MERGE = "application/merge-patch+json"
READY = {"conditions": [{"type": "Ready", "status": "True"}, {"type": "PredictorReady", "status": "True"}]}
UNREADY = [{"type": "Ready", "status": "False"}]
FAR = 600.0


class Stage:
    """A namespace in which services, pods and events are written, and the time that passes meanwhile."""

    def __init__(self, apiserver: ApiServer, namespace: str) -> None:
        self.apiserver, self.namespace = apiserver, namespace
        self.time = 0.0
        self.later: Iterator[Callable[[], object]] = iter(())
        self.numbers = itertools.count()

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        next(self.later, lambda: None)()

    def service(self) -> None:
        self.apiserver.request("POST", path(self.namespace, "inferenceservices", SERVICES), _typed(service()))

    def status(self, **status: Any) -> None:
        place = path(self.namespace, "inferenceservices/llm/status", SERVICES)
        self.apiserver.request("PATCH", place, {"status": status}, MERGE)

    def change(self, uri: str) -> None:
        place = path(self.namespace, "inferenceservices/llm", SERVICES)
        patch = {"spec": {"predictor": {"model": {"storageUri": uri}}}}
        self.apiserver.request("PATCH", place, patch, MERGE)

    def deployment(self, **status: Any) -> None:
        labels = {"app": "isvc.llm-predictor"}
        template = {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "kserve-container", "image": "x"}]},
        }
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        place = path(self.namespace, "deployments", "/apis/apps/v1")
        self.apiserver.request("POST", place, {"metadata": {"name": "llm-predictor"}, "spec": spec})
        self.deployed(**status)

    def deployed(self, **status: Any) -> None:
        place = path(self.namespace, "deployments/llm-predictor/status", "/apis/apps/v1")
        status["readyReplicas"] = status["availableReplicas"]
        self.apiserver.request("PATCH", place, {"status": status}, MERGE)

    def pod(self, **status: Any) -> str:
        name = f"llm-predictor-{next(self.numbers)}"
        container = {"name": "kserve-container", "image": "vllm"}
        metadata = {"name": name, "labels": {"serving.kserve.io/inferenceservice": "llm"}}
        pods = path(self.namespace, "pods")
        self.apiserver.request("POST", pods, {"metadata": metadata, "spec": {"containers": [container]}})
        self.apiserver.request("PATCH", f"{pods}/{name}/status", {"status": status}, MERGE)
        return name

    def event(self, about: str, kind: str, reason: str, message: str) -> None:
        body = {
            "metadata": {"name": f"{about}.{next(self.numbers)}"},
            "involvedObject": {"kind": kind, "name": about, "namespace": self.namespace},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "lastTimestamp": "2024-03-20T10:00:00Z",
        }
        self.apiserver.request("POST", path(self.namespace, "events"), body)

    def wait(self, *later: Callable[[], object], timeout: float = FAR) -> list[str]:
        """Wait, with one of `later` happening in each pause; returns what was told."""
        told: list[str] = []
        self.later = iter(later)
        api = KubernetesApi(f"path:{self.apiserver.kubeconfig}")
        wait_until_ready(api, self.namespace, "llm", timeout=timeout, clock=self, told=told.append)
        return told

    def refusal(self, *later: Callable[[], object], timeout: float = FAR) -> str:
        with pytest.raises(NotReady) as refused:
            self.wait(*later, timeout=timeout)
        assert f"InferenceService {self.namespace}/llm" in str(refused.value)
        return str(refused.value)


def _typed(manifest: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"} | manifest


def container(name: str = "kserve-container", *, last: dict[str, Any] | None = None, **state: Any) -> dict[str, Any]:
    found = {"name": name, "image": "quay.io/team/x:v1", "imageID": "", "ready": False, "restartCount": 4}
    return found | {"state": state} | ({"lastState": {"terminated": last}} if last else {})


@pytest.fixture
def stage(apiserver: ApiServer, namespace: str) -> Stage:
    stage = Stage(apiserver, namespace)
    stage.service()
    return stage


def test_a_service_comes_up(stage: Stage) -> None:
    loading = [{"type": "PodScheduled", "status": "True"}, {"type": "Initialized", "status": "False"}]
    told = stage.wait(
        lambda: stage.pod(phase="Pending", conditions=loading),
        lambda: stage.apiserver.request(
            "DELETE", f"{path(stage.namespace, 'pods')}/llm-predictor-0?gracePeriodSeconds=0"
        ),
        lambda: stage.status(conditions=UNREADY),
        lambda: stage.status(**READY),
    )
    assert told == [
        "it has no condition Ready yet",
        "pod llm-predictor-0: it downloads the model",
        "it has no condition Ready yet",
    ]
    assert stage.time == 35.0, "it is ready after 20 seconds, and stays so"


def test_what_was_ready_before_a_change_is_not_ready(stage: Stage) -> None:
    """KServe keeps its service Ready while the Deployment replaces pods, and observes the Deployment's generation."""
    stage.status(**READY, observedGeneration=1)
    stage.deployment(replicas=1, updatedReplicas=1, availableReplicas=1, observedGeneration=1)
    told = stage.wait(
        lambda: stage.change("s3://bucket/models/llm/2/"),
        lambda: stage.deployed(replicas=2, updatedReplicas=1, availableReplicas=1),
        lambda: stage.deployed(replicas=1, updatedReplicas=1, availableReplicas=1),
    )
    assert told == ["Deployment llm-predictor still replaces pods: 1 of 1 are new, 1 of 2 are ready"]
    assert stage.time == 30.0, "it must stay ready for 15 seconds"
    new = stage.pod(phase="Running", conditions=[{"type": "Ready", "status": "False"}])
    assert f"pod {new}: the runtime does not answer its probes yet" in stage.refusal(timeout=10)


def test_a_revision_of_knative_that_is_not_ready(stage: Stage) -> None:
    revisions = {"latestCreatedRevision": "llm-predictor-00002", "latestReadyRevision": "llm-predictor-00001"}
    stage.status(**READY, components={"predictor": revisions})
    assert "revision llm-predictor-00002 is not ready yet, llm-predictor-00001 is" in stage.refusal(timeout=30)
    ready = {"predictor": {"latestReadyRevision": "llm-predictor-00002"}}
    # Scaled to zero it has no pods, which KServe calls pending, and events of an earlier quota.
    stage.event("llm-predictor-6f7b", "ReplicaSet", "FailedCreate", "exceeded quota: gpus")
    stage.wait(lambda: stage.status(components=ready, modelStatus={"transitionStatus": "InProgress"}))


def test_without_a_service(apiserver: ApiServer, namespace: str) -> None:
    stage = Stage(apiserver, namespace)
    assert "the InferenceService does not exist" in stage.refusal()
    assert stage.time == 120.0


UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
PULL = {"reason": "ImagePullBackOff", "message": "Back-off pulling image: 401 Unauthorized"}
DOWNLOAD = {"exitCode": 1, "reason": "Error", "message": "S3 error [403] HeadBucket"}
ROOT = 'container has runAsNonRoot and image will run as root (pod: "llm_llm(1)", container: kserve-container)'
FAILURES: dict[str, tuple[dict[str, Any], str, str]] = {
    "gpu": (
        {"conditions": [UNSCHEDULABLE | {"message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."}]},
        "no node takes it: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
        "ask for fewer (gpu=Gpu(count=...))",
    ),
    "taint": (
        {"conditions": [UNSCHEDULABLE | {"message": "1 node(s) had untolerated taint {gpu: true}"}]},
        "no node takes it: 1 node(s) had untolerated taint {gpu: true}",
        "tolerate their taints",
    ),
    "image": (
        {"containerStatuses": [container(waiting=PULL)]},
        "the image quay.io/team/x:v1 of kserve-container cannot be pulled: ImagePullBackOff: Back-off",
        "RegistryCredentials(...)",
    ),
    "secret": (
        {
            "containerStatuses": [
                container(waiting={"reason": "CreateContainerConfigError", "message": 'secret "hub" not found'})
            ]
        },
        'kserve-container cannot be started: CreateContainerConfigError: secret "hub" not found',
        "Declare what the message names",
    ),
    "root": (
        {"containerStatuses": [container(waiting={"reason": "CreateContainerConfigError", "message": ROOT})]},
        f"kserve-container cannot be started: CreateContainerConfigError: {ROOT}",
        "where it only works as root, security=Security(non_root=False)",
    ),
    "download": (
        {
            "initContainerStatuses": [
                container("storage-initializer", waiting={"reason": "CrashLoopBackOff"}, last=DOWNLOAD)
            ]
        },
        "the download ended with 1 after 4 restart(s): S3 error [403] HeadBucket",
        "modelstore doctor",
    ),
    "memory of the download": (
        {
            "initContainerStatuses": [
                container("storage-initializer", terminated={"exitCode": 137, "reason": "OOMKilled"})
            ]
        },
        "storage-initializer was killed for using more memory than its limit",
        "storage_initializer=StorageInitializer(memory=...)",
    ),
    "server": (
        {
            "containerStatuses": [
                container(waiting={"reason": "CrashLoopBackOff"}, last={"exitCode": 1, "message": "CUDA"})
            ]
        },
        "kserve-container ended with 1 after 4 restart(s): CUDA",
        "kubectl logs --previous -c kserve-container",
    ),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_what_a_pod_fails_of_is_the_reason(stage: Stage, kind: str) -> None:
    status, said, remedy = FAILURES[kind]
    stage.status(conditions=[{"type": "PredictorReady", "status": "False", "reason": "MinimumReplicasUnavailable"}])
    name = stage.pod(phase="Pending", **status)
    refusal = stage.refusal()
    assert f"pod {name}: {said}" in refusal
    assert remedy in refusal
    # Nodes may be added; an image, a Secret or a key changes by somebody's doing only.
    assert stage.time == (FAR if kind in ("gpu", "taint") else 120.0)


def test_a_pull_that_fails_once_is_none(stage: Stage) -> None:
    name = stage.pod(phase="Pending", containerStatuses=[container(waiting=PULL)])
    running = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": None}
    place = f"{path(stage.namespace, 'pods')}/{name}/status"
    told = stage.wait(
        lambda: stage.apiserver.request("PATCH", place, {"status": running}, MERGE), lambda: stage.status(**READY)
    )
    assert "cannot be pulled" in told[0]


def test_a_quota_is_the_reason_where_no_pod_was_made(stage: Stage) -> None:
    stage.event("llm-predictor-6f7b", "ReplicaSet", "FailedCreate", "exceeded quota: gpus, requested: nvidia.com/gpu=8")
    stage.event("other-predictor-6f7b", "ReplicaSet", "FailedCreate", "of another service")
    refusal = stage.refusal(timeout=60)
    assert "no pod could be created: exceeded quota: gpus, requested: nvidia.com/gpu=8" in refusal
    assert "ResourceQuota" in refusal


def test_a_volume_that_cannot_be_mounted_is_the_reason(stage: Stage) -> None:
    name = stage.pod(phase="Pending", conditions=[{"type": "Initialized", "status": "False"}])
    stage.event(name, "Pod", "FailedMount", "persistentvolumeclaim not bound")
    assert f"pod {name}: a volume cannot be mounted: persistentvolumeclaim not bound" in stage.refusal(timeout=60)


def test_a_runtime_that_does_not_exist_is_the_reason(stage: Stage) -> None:
    failure = {"reason": "RuntimeNotRecognized", "message": "no runtime kserve-vllm"}
    stage.status(modelStatus={"transitionStatus": "InvalidSpec", "lastFailureInfo": failure})
    refusal = stage.refusal()
    assert "RuntimeNotRecognized: no runtime kserve-vllm" in refusal
    assert "pass VllmRuntime(...)" in refusal


def test_a_condition_is_the_reason_where_nothing_else_is(stage: Stage) -> None:
    conditions = [
        {"type": "IngressReady", "status": "False", "reason": "NoGateway", "message": "the Gateway is missing"},
        {"type": "PredictorReady", "status": "True"},
        {"type": "Ready", "status": "False"},
    ]
    stage.status(conditions=conditions)
    assert "IngressReady is not true (NoGateway: the Gateway is missing)" in stage.refusal(timeout=30)


def test_the_resource_waits_for_a_service_and_keeps_what_it_was_told(
    stage: Stage, apiserver: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.status(**READY)
    props = {
        "kubernetesNamespace": stage.namespace,
        "service": "llm",
        "declared": "0a",
        "timeout": 60,
        "kubeconfig": f"path:{apiserver.kubeconfig}",
    }
    provider = ServiceReadyProvider()
    assert provider.check({}, props).failures == []
    assert [item.property for item in provider.check({}, props | {"kubeconfig": "apiVersion"}).failures] == [
        "kubeconfig"
    ]
    monkeypatch.setattr(waiting, "MachineClock", lambda: stage)
    made = provider.create(props)
    assert made.id == f"{stage.namespace}/llm"
    assert provider.diff(made.id, made.outs or {}, props | {"timeout": 90}).changes is False
    assert provider.diff(made.id, made.outs or {}, props | {"declared": "0b"}).changes is True
    assert provider.diff(made.id, made.outs or {}, props | {"service": "other"}).replaces == ["service"]


def test_a_cluster_that_is_not_there(stage: Stage, tmp_path: Any) -> None:
    with pytest.raises(ModelstoreError, match=r"There is no cluster to look at \(kubeconfig path:.*none\)"):
        KubernetesApi(f"path:{tmp_path / 'none'}")
    with pytest.raises(ModelstoreError, match="configuration has no clusterConfig"):
        KubernetesApi("config:clusterConfig", config=lambda _: None)
    text = stage.apiserver.kubeconfig.read_text()
    assert KubernetesApi("config:cluster", config=lambda _: text).look(stage.namespace, "llm").service is not None
    closed = text.replace(stage.apiserver.url, "https://127.0.0.1:1")
    nobody = KubernetesApi("config:cluster", config=lambda _: closed)
    with pytest.raises(ModelstoreError, match="The cluster does not answer"):
        nobody.look(stage.namespace, "llm")
    foreign = text.replace(stage.apiserver.token, "another-token")
    stranger = KubernetesApi("config:cluster", config=lambda _: foreign)
    with pytest.raises(ModelstoreError, match="refused to tell"):
        stranger.look(stage.namespace, "llm")


def test_the_cluster_whose_pod_this_runs_in(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubernetes.config import incluster_config, kube_config

    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    with pytest.raises(ModelstoreError, match=r"kubeconfig default.*in the sandbox nothing becomes ready"):
        KubernetesApi()
    (tmp_path / "token").write_text(stage.apiserver.token)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(stage.apiserver.certificate))
    host, _, port = stage.apiserver.url.removeprefix("https://").partition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert KubernetesApi().look(stage.namespace, "llm").service is not None
    with pytest.raises(ModelstoreError, match="There is no cluster to look at"):
        KubernetesApi(context="another")
    # Several kubeconfigs, as kubectl takes them.
    monkeypatch.setattr(
        kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", f"{tmp_path / 'none'}:{stage.apiserver.kubeconfig}"
    )
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    assert KubernetesApi().look(stage.namespace, "llm").service is not None
