"""Runtime, parallelism, environment, mounts and place of a service, and what of them is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    EmptyDir,
    Gpu,
    GpuInferenceService,
    Hpa,
    HuggingFaceFill,
    InvalidArguments,
    Keda,
    Kpa,
    LocalDisk,
    ModelReference,
    ModelSize,
    ModelVolume,
    Mount,
    NodeGroup,
    Parallel,
    PodPlacement,
    Probe,
    Probes,
    Readiness,
    Resources,
    SecretKey,
    Security,
    Toleration,
    Unscaled,
    VllmRuntime,
)
from unit.components.declared import Declared, declare

VLLM = VllmRuntime(image="vllm/vllm-openai:v0.11.0")
GPU_NODES = NodeGroup(name="gpu", selector={"pool": "gpu"}, tolerations=(Toleration(key="gpu"),))


def serve(**arguments: Any) -> Declared:
    arguments = {"model": "pvc://models/llama"} | arguments
    return declare(lambda: GpuInferenceService("llama", **arguments) and None)


def predictor(declared: Declared) -> dict[str, Any]:
    found: dict[str, Any] = declared["llama-service"].inputs["spec"]["predictor"]
    return found


def refusals(**arguments: Any) -> list[str]:
    with pytest.raises(InvalidArguments) as refused:
        serve(**arguments)
    return [str(problem) for problem in refused.value.problems]


def test_a_runtime_for_vllm_is_declared_beside_the_service() -> None:
    runtime = VllmRuntime(image="vllm/vllm-openai:v0.11.0", arguments=("--max-model-len=8192",), port=9000)
    declared = serve(runtime=runtime, gpu=Gpu(count=2, memory="80Gi", utilization=0.85))
    object_ = declared["llama-runtime"].inputs
    assert object_["metadata"] == {"name": "llama-vllm", "namespace": "default"}
    (container,) = object_["spec"]["containers"]
    assert container["args"] == [
        "--port=9000",
        "--served-model-name={{.Name}}",
        "--model=/mnt/models",
        "--tensor-parallel-size=2",
        "--gpu-memory-utilization=0.85",
        "--max-model-len=8192",
    ]
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "readinessProbe")} == {9000}
    assert predictor(declared)["model"]["runtime"] == "llama-vllm"
    assert predictor(declared)["securityContext"]["runAsNonRoot"] is True
    assert "args" not in predictor(declared)["model"], "the sizes stand in the runtime already"
    assert "llama-runtime" in declared["llama-service"].dependencies


def test_an_image_that_may_become_another_one_is_warned_about() -> None:
    digest = "vllm/vllm-openai@sha256:" + "0a" * 32
    for image, warned in {"vllm/vllm-openai": True, "reg:5000/vllm": True, digest: False, VLLM.image: False}.items():
        assert (
            any("has no fixed version" in said for said in serve(runtime=VllmRuntime(image=image)).warnings) == warned
        )


def test_sizes_of_a_runtime_by_name_are_added_to_its_command_line() -> None:
    parallel = Parallel(tensor=2, pipeline=2)
    declared = serve(runtime="mine", gpu=Gpu(count=4), parallel=parallel, arguments=["--max-model-len=4096"])
    added = ["--tensor-parallel-size=2", "--pipeline-parallel-size=2", "--max-model-len=4096"]
    assert predictor(declared)["model"]["args"] == added


def test_gpus_that_a_runtime_would_leave_idle_are_warned_about() -> None:
    declared = serve(runtime="kserve-vllmserver", gpu=Gpu(count=4))
    assert [said for said in declared.warnings if "pass parallel=Parallel(tensor=4)" in said] != []
    root = Security(non_root=False)
    told = serve(runtime="kserve-vllmserver", gpu=Gpu(count=4), parallel=Parallel(tensor=4), security=root)
    assert told.warnings == []


@pytest.mark.parametrize(
    "runtime", [VLLM, "aml-vllm-0.11.2-cpu", "kserve-huggingfaceserver", pulumi.Output.from_input("mine")]
)
def test_no_pod_runs_as_root_by_default(runtime: Any) -> None:
    declared = serve(runtime=runtime)
    assert predictor(declared)["securityContext"] == {
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsNonRoot": True,
    }
    assert declared.warnings == []
    as_root = serve(runtime=runtime, security=Security(non_root=False))
    assert predictor(as_root)["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}


def test_the_one_runtime_that_starts_as_root_is_warned_about() -> None:
    for runtime in ("kserve-vllmserver", None):
        declared = serve(runtime=runtime)
        assert predictor(declared)["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
        assert [said for said in declared.warnings if "serves vLLM as root" in said] != []
        assert serve(runtime=runtime, security=Security(non_root=False)).warnings == []
    assert "runAsNonRoot" in predictor(serve(model_format="sklearn"))["securityContext"]


def test_what_a_pod_is_given() -> None:
    model = predictor(
        serve(
            environment={"HF_TOKEN": SecretKey(secret="hub"), "A": "b", "LATER": pulumi.Output.from_input("x")},
            mounts=[
                Mount(volume="data", mount_from="/sets/one/", mount_as="/data", read_only=True),
                Mount(volume="data", mount_as="/all"),
                Mount(volume="home", mount_as="/home"),
            ],
            shared_memory="8Gi",
            placement=PodPlacement(node_selector={"gpu": "h100"}, tolerations=(Toleration(key="gpu"),)),
            probes=Probes(startup=Probe(failures=9), readiness=None, liveness=Probe(path="/health", initial_delay=5)),
            security=Security(user=1000, volume_group=2000),
        )
    )
    container = model.pop("model")
    assert container["env"] == [
        {"name": "A", "value": "b"},
        {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "HF_TOKEN"}}},
        {"name": "LATER", "value": "x"},
    ]
    assert container["volumeMounts"] == [
        {"name": "devshm", "mountPath": "/dev/shm"},
        {"name": "mount-0", "mountPath": "/data", "subPath": "sets/one", "readOnly": True},
        {"name": "mount-0", "mountPath": "/all"},
        {"name": "mount-1", "mountPath": "/home"},
    ]
    assert (container["startupProbe"]["failureThreshold"], "readinessProbe" in container) == (9, False)
    assert container["livenessProbe"]["initialDelaySeconds"] == 5
    assert model == {
        "minReplicas": 1,
        "maxReplicas": 1,
        "securityContext": {
            "seccompProfile": {"type": "RuntimeDefault"},
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "fsGroup": 2000,
        },
        "volumes": [
            {"name": "devshm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}},
            {"name": "mount-0", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "mount-1", "persistentVolumeClaim": {"claimName": "home"}},
        ],
        "nodeSelector": {"gpu": "h100"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
    }


def test_weights_that_cannot_fit_are_refused_with_the_arithmetic() -> None:
    said = "are 25769803776 bytes, the model has 48000000000; a runtime takes 90% of them, 23192823398 bytes"
    (problem,) = refusals(gpu=Gpu(memory="24Gi"), model_size=ModelSize(parameters="24B"))
    assert said in problem
    # Two GPUs that each have a copy of their own hold no more than one.
    (problem,) = refusals(gpu=Gpu(count=2, memory="24Gi"), parallel=Parallel(tensor=1), model_size="48G")
    assert f"gpu.memory: 1 x 24Gi {said}" in problem
    serve(gpu=Gpu(count=4, memory="24Gi"), parallel=Parallel(tensor=2, pipeline=2), model_size="48G")


def test_a_mig_profile_says_its_memory() -> None:
    (problem,) = refusals(gpu=Gpu(resource="nvidia.com/mig-3g.40gb"), model_size=ModelSize(parameters="24B"))
    assert "1 x 40Gi are 42949672960 bytes" in problem


def test_only_a_download_needs_room_on_the_node() -> None:
    def storage(uri: str) -> Any:
        model = ModelReference(uri, total_bytes=14 * 2**30)
        requests = predictor(serve(model=model, service_account_name="x"))["model"]["resources"]["requests"]
        return requests.get("ephemeral-storage")

    assert [storage(uri) for uri in ("s3://bucket/llama/", "hf://team/llama")] == ["24Gi", "24Gi"]
    assert [storage(uri) for uri in ("pvc://claim", "oci://registry/llama:v1")] == [None, None]


def test_a_volume_is_served_from_and_waited_for() -> None:
    def program() -> None:
        volume = ModelVolume("llama", model=ModelSize(parameters="8B"), placement=GPU_NODES)
        scratch = ModelVolume("scratch", size="10Gi", placement=EmptyDir())
        placement = PodPlacement(node_selector={"zone": "a"}, tolerations=(Toleration(key="gpu"),))
        mounts = [Mount(volume=scratch, mount_as="/scratch"), Mount(volume=volume, mount_as="/raw", mount_from="raw")]
        GpuInferenceService("llama", model=volume, model_path="/hub/", mounts=mounts, placement=placement)

    declared = declare(program)
    pod = predictor(declared)
    assert pod["model"]["storageUri"] == "pvc://llama-model-storage/hub"
    assert pod["volumes"] == [
        {"name": "mount-0", "emptyDir": {"sizeLimit": "10Gi"}},
        {"name": "mount-1", "persistentVolumeClaim": {"claimName": "llama-model-storage"}},
    ]
    assert pod["nodeSelector"] == {"pool": "gpu", "zone": "a"}
    assert pod["tolerations"] == [{"key": "gpu", "operator": "Exists"}]
    assert "llama-claim" in declared["llama-service"].dependencies


def volume_refusals(volume: dict[str, Any], **service: Any) -> list[str]:
    def program() -> None:
        model = ModelVolume("llama", **{"size": "30Gi", "model": ModelSize(parameters="8B")} | volume)
        GpuInferenceService("llama", model=model, **service)

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("volume", "service", "said"),
    [
        ({}, {"max_replicas": 2}, 'max_replicas: is 2, and volume "llama" is ReadWriteOnce'),
        ({"placement": LocalDisk(node_group=GPU_NODES)}, {"max_replicas": 2}, "is a disk of one node"),
        ({}, {"parallel": Parallel(nodes=2), "runtime": VLLM}, "parallel.nodes: is 2, and volume"),
        ({"kubernetes_namespace": "other"}, {}, 'volume "llama" is in "other"'),
        ({}, {"gpu": Gpu(memory="8Gi")}, "1 x 8Gi are 8589934592 bytes, the model has 16000000000"),
        ({"placement": EmptyDir()}, {}, "scratch space that each pod has anew"),
        ({"placement": LocalDisk(node_group=GPU_NODES)}, {"model_path": "hub"}, "which is mounted whole"),
        ({}, {"model_path": "../x"}, 'model_path: "../x" leads out of the volume'),
        (
            {"placement": GPU_NODES},
            {"placement": PodPlacement(node_selector={"pool": "a"})},
            "placement: placement wants",
        ),
    ],
)
def test_volumes_that_the_pods_could_not_all_use(volume: dict[str, Any], service: dict[str, Any], said: str) -> None:
    (problem,) = volume_refusals(volume, **service)
    assert said in problem


@pytest.mark.parametrize(
    ("volume", "service", "strategy"),
    [
        ({}, {}, {"type": "Recreate"}),
        ({"access_mode": "ReadWriteMany"}, {}, None),
        ({"access_mode": "ReadWriteOncePod"}, {}, {"type": "Recreate"}),
        ({"placement": LocalDisk(node_group=GPU_NODES)}, {}, None),
        ({}, {"placement": PodPlacement(node_selector={"kubernetes.io/hostname": "gpu-1"})}, None),
        ({}, {"deployment_mode": "Knative"}, None),
    ],
)
def test_old_pods_let_go_of_a_volume_that_new_ones_could_not_mount(
    volume: dict[str, Any], service: dict[str, Any], strategy: dict[str, Any] | None
) -> None:
    def program() -> None:
        GpuInferenceService("llama", model=ModelVolume("llama", size="30Gi", **volume), **service)

    assert predictor(declare(program)).get("deploymentStrategy") == strategy


def test_an_image_is_mounted_only_where_the_cluster_can_do_it() -> None:
    def warnings(version: str) -> list[str]:
        def program() -> None:
            digest = "oci+native://reg/llama@sha256:" + "0a" * 32
            GpuInferenceService("llama", model=digest, runtime="vllm")

        return declare(program, config={"kubernetesVersion": version}).warnings

    assert warnings("1.35") == []
    assert "Kubernetes 1.34 mounts images where its API server and kubelets" in warnings("1.34")[0]
    with pytest.raises(InvalidArguments, match=r"model: needs Kubernetes 1\.33, .* is 1\.32\. Write oci://"):
        warnings("1.32")


SHARED = '[{"volume": "team-files", "mountAs": "/shared", "readOnly": true}]'


def test_services_have_the_stacks_mounts_unless_they_name_their_own() -> None:
    def mounted(config: str = SHARED, **arguments: Any) -> list[dict[str, Any]]:
        def program() -> None:
            GpuInferenceService("llama", model="pvc://models/llama", runtime="vllm", **arguments)

        declared = predictor(declare(program, config={"mounts": config}))
        assert len(declared.get("volumes", ())) == len(declared["model"].get("volumeMounts", ()))
        return list(declared["model"].get("volumeMounts", ()))

    assert mounted() == [{"name": "mount-0", "mountPath": "/shared", "readOnly": True}]
    assert mounted(mounts=[]) == []
    assert [mount["mountPath"] for mount in mounted(mounts=[Mount(volume="own", mount_as="/own")])] == ["/own"]
    for config, said in {
        "team-files": r"configuration mounts: is no list of mounts\. Write it like \[\{",
        '["team-files"]': "configuration mounts: is no list of mounts",
        '[{"volume": "team-files"}]': r"configuration mounts\[0\]\.mount_?[aA]s: ",
        '[{"volume": "team-files", "mountAs": "shared"}]': r'mounts\[0\]\.mount_as: "shared" is no place',
    }.items():
        with pytest.raises(InvalidArguments, match=said):
            mounted(config)


def test_replicas_of_one_node_share_a_volume() -> None:
    def program() -> None:
        placement = PodPlacement(node_selector={"kubernetes.io/hostname": "gpu-1"})
        GpuInferenceService("llama", model=ModelVolume("llama", size="30Gi"), max_replicas=2, placement=placement)

    assert predictor(declare(program))["maxReplicas"] == 2


@pytest.mark.parametrize(
    ("volume", "warned"),
    [
        ({}, ['volume "llama" is ReadWriteOnce, and service "a" mounts it too']),
        ({"access_mode": "ReadWriteMany"}, []),
        ({"placement": LocalDisk(node_group=GPU_NODES)}, []),
        ({"placement": EmptyDir()}, []),
    ],
)
def test_two_services_on_a_volume_of_one_node_are_warned_about(volume: dict[str, Any], warned: list[str]) -> None:
    def program() -> None:
        mounts = [Mount(volume=ModelVolume("llama", size="30Gi", **volume), mount_as="/llama")]
        for name in ("a", "b"):
            GpuInferenceService(name, model="pvc://models", mounts=mounts, runtime="vllm")

    warnings = declare(program).warnings
    assert [said for said, start in zip(warnings, warned, strict=True) if said.startswith(start)] == warnings


def test_two_services_on_a_volume_of_one_pod_are_refused() -> None:
    def program() -> None:
        volume = ModelVolume("llama", size="30Gi", access_mode="ReadWriteOncePod")
        GpuInferenceService("a", model=volume)
        GpuInferenceService("b", model=volume)
        GpuInferenceService("c", model="pvc://models", mounts=[Mount(volume=volume, mount_as="/llama")])

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    said = '"llama" is ReadWriteOncePod, and service "a" has it already. Give the volume access_mode="ReadWriteMany".'
    assert [str(problem) for problem in refused.value.problems] == [f"model: {said}", f"mounts[0].volume: {said}"]


QUERY = Keda(query="sum(requests)", server="http://prometheus:9090")


def test_only_what_scales_to_zero_may() -> None:
    declared = serve(min_replicas=0, max_replicas=3, autoscaling=QUERY)
    assert declared["llama-service"].inputs["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "keda"
    pod = predictor(declared)
    assert (pod["minReplicas"], pod["maxReplicas"]) == (0, 3)
    (metric,) = pod["autoScaling"]["metrics"]
    assert metric["external"]["target"] == {"type": "Value", "value": "1"}
    assert refusals(min_replicas=0, autoscaling=Hpa())[0].startswith("min_replicas: is 0, and Standard mode does not")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"autoscaling": Hpa(target=101)}, "autoscaling.target: is 101"),
        ({"autoscaling": Keda(query=" ", server="prometheus")}, "autoscaling.query: is empty"),
        ({"autoscaling": Keda(query="x", server="prometheus")}, 'autoscaling.server: "prometheus" is no URL'),
        (
            {"autoscaling": Kpa()},
            "autoscaling: Kpa is of Knative mode, not of Standard. Pass Hpa(...), Keda(...), Unscaled",
        ),
        (
            {"autoscaling": QUERY, "deployment_mode": "Knative"},
            "Keda is of Standard mode, not of Knative. Pass Kpa(...).",
        ),
        ({"autoscaling": Unscaled(), "max_replicas": 2}, "max_replicas: is 2, and nothing scales the service above"),
        ({"autoscaling": "hpa"}, "autoscaling: str is no autoscaler"),
        ({"autoscaling": Hpa(), "parallel": Parallel(nodes=2), "runtime": VLLM}, "scales no service on 2 nodes"),
    ],
)
def test_autoscalers_that_do_not_fit(arguments: dict[str, Any], said: str) -> None:
    problems = refusals(**arguments)
    assert any(said in problem for problem in problems), problems


def test_a_deployment_waits_for_what_it_changed() -> None:
    readiness = Readiness(timeout="1h30m", kubeconfig="config:cluster", context="gpu")
    waits = [
        serve(runtime=runtime, readiness=readiness, arguments=arguments)["llama-ready"]
        for runtime, arguments in ((VLLM, []), (VLLM, []), (VLLM, ["--enforce-eager"]), (VllmRuntime(image="x:2"), []))
    ]
    assert waits[0].type == "pulumi-python:dynamic/modelstore:ServiceReady"
    given = {
        key: waits[0].inputs[key] for key in ("service", "kubernetesNamespace", "timeout", "kubeconfig", "context")
    }
    assert given == {
        "service": "llama",
        "kubernetesNamespace": "default",
        "timeout": 5400,
        "kubeconfig": "config:cluster",
        "context": "gpu",
    }
    assert "llama-service" in waits[0].dependencies
    declared = [wait.inputs["declared"] for wait in waits]
    assert (declared[0] == declared[1], len(set(declared))) == (True, 3)
    assert "llama-ready" not in serve().resources


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"readiness": Readiness(timeout="soon")}, "readiness.timeout: 'soon' is no time"),
        ({"readiness": Readiness(timeout="0s")}, "readiness.timeout: '0s' is no time"),
        ({"readiness": Readiness(kubeconfig="apiVersion: v1")}, "readiness.kubeconfig: is no reference"),
        ({"readiness": "30m"}, "readiness: str is not Readiness"),
        (
            {"environment": {"HF_TOKEN": "hf_" + "a" * 30}},
            'Put it into a Secret and pass SecretKey("its name", key="HF_',
        ),
        ({"environment": {"VLLM_API_KEY": pulumi.Output.secret("x")}}, "would stand in clear in the InferenceService"),
        ({"environment": {"NOTE": "AKIA" + "A" * 16}}, 'environment["NOTE"]: is a secret'),
        ({"environment": {"PYTHONPATH": "/x"}}, "is a variable that KServe refuses"),
        ({"environment": {"A-B": "x"}}, "is no name of a variable"),
        ({"environment": {"A": 5}}, 'environment["A"]: int is no text'),
        ({"environment": {"A": SecretKey(secret="No Name")}}, 'environment["A"].secret: "No Name" is no name'),
        ({"arguments": ["--api-key=abc"]}, "arguments[0]: is a secret on a command line"),
        ({"arguments": ["--api-key", "abc"]}, "arguments[0]: is a secret on a command line"),
        ({"mounts": [Mount(volume="c", mount_as="/mnt/models")]}, "mounts[0].mount_as"),
        ({"mounts": [Mount(volume="c", mount_as="/mnt/models/lora")]}, "is below /mnt/models, which KServe mounts"),
        ({"mounts": [Mount(volume="c", mount_as="data")]}, '"data" is no place in a container'),
        ({"mounts": [Mount(volume="c", mount_as="/d", mount_from="../x")]}, "leads out of the volume"),
        ({"mounts": [Mount(volume="c", mount_as="/d"), Mount(volume="b", mount_as="/d/")]}, "mounts something already"),
        ({"mounts": ["claim"]}, "mounts[0]: str is not Mount"),
        ({"shared_memory": "16Gi"}, "shared_memory: 16Gi is all of the container's memory of 16Gi"),
        ({"gpu": Gpu(count=4), "parallel": Parallel(tensor=8)}, "tensor 8 x pipeline 1 are 8 GPUs"),
        ({"gpu": None, "parallel": Parallel(tensor=1)}, "parallel.tensor: is given for a service without GPUs"),
        ({"parallel": Parallel(pipeline=0)}, "parallel.pipeline: is 0"),
        ({"gpu": Gpu(utilization=1.5)}, "gpu.utilization: is 1.5"),
        ({"runtime": VllmRuntime(image="x y")}, 'runtime.image: "x y" is no name of an image'),
        ({"runtime": VllmRuntime(image="x:1", port=80)}, "runtime.port: 80 is no port for it"),
        ({"runtime": VllmRuntime(image="x:1", user=0)}, "runtime.user: is 0"),
        ({"runtime": VllmRuntime(image="x:1", arguments=("--port=1",))}, "runtime.arguments: --port is one that"),
        ({"runtime": VLLM, "probes": Probes()}, "probes: are given beside a VllmRuntime"),
        ({"probes": Probes(startup=Probe(path="x", period=0))}, "probes.startup.path"),
        ({"placement": PodPlacement(tolerations=(Toleration(value="x"),))}, "placement.tolerations[0].value"),
        ({"security": Security(user=0)}, "security.user: is 0, which is root"),
        ({"model_name": "llama"}, "from 0.16 on KServe refuses a name"),
        ({"model_size": "lots"}, "model_size: 'lots' is no quantity"),
        ({"model": ModelReference("pvc://c", total_bytes=5), "model_size": "1G"}, "known to have 5 bytes"),
        ({"model_path": "x"}, "model_path: is given for a model that is no ModelVolume"),
        ({"model": "oci+native://reg/llama:v1", "kserve_version": "0.19"}, "needs KServe 0.20, kserve_version is 0.19"),
        ({"deployment_mode": "Serverless"}, "'Serverless' is no mode that a service is deployed in. Choose Knative"),
        ({"deployment_mode": "RawDeployment"}, "Choose Standard"),
        ({"kserve_version": "latest"}, "kserve_version: 'latest' is no version"),
        ({"kserve_version": "0.11"}, "kserve_version: 0.11 is older than 0.15"),
        ({"deployment_mode": "Serverless"}, "deployment_mode: 'Serverless' is no mode"),
        ({"wait_for_fill": "no"}, "wait_for_fill: str is no flag"),
    ],
)
def test_contradictions_are_refused(arguments: dict[str, Any], said: str) -> None:
    problems = refusals(**arguments)
    assert any(said in problem for problem in problems), problems
    assert "hf_aaa" not in str(problems)
    assert "AKIAA" not in str(problems)


def test_the_mode_is_spelt_as_the_release_knows_it() -> None:
    modes = {
        (mode, version): serve(deployment_mode=mode, kserve_version=version)["llama-service"].inputs["metadata"]
        for mode in ("Standard", "Knative")
        for version in ("0.15", "v0.20.1")
    }
    spelt = {key: metadata["annotations"]["serving.kserve.io/deploymentMode"] for key, metadata in modes.items()}
    assert spelt == {
        ("Standard", "0.15"): "RawDeployment",
        ("Knative", "0.15"): "Serverless",
        ("Standard", "v0.20.1"): "Standard",
        ("Knative", "v0.20.1"): "Knative",
    }
    assert predictor(serve(kserve_version="0.15", model_name="llama"))["model"]["name"] == "llama"


def test_knative_scales_to_zero_and_says_what_it_needs() -> None:
    declared = serve(deployment_mode="Knative", min_replicas=0, placement=PodPlacement(node_selector={"a": "b"}))
    assert (predictor(declared)["minReplicas"], predictor(declared)["maxReplicas"]) == (0, 1)
    assert [said for said in declared.warnings if "kubernetes.podspec-nodeselector" in said] != []


def test_knative_is_told_what_volumes_need_of_it() -> None:
    def needs(mount: Callable[[], Mount]) -> list[bool]:
        def program() -> None:
            GpuInferenceService("llama", model="pvc://models", deployment_mode="Knative", mounts=[mount()])

        (said,) = [said for said in declare(program).warnings if "config-features" in said]
        names = ("persistent-volume-claim", "persistent-volume-write", "init-containers")
        return [f"podspec-{name}" in said for name in names]

    def filled() -> Mount:
        hub = HuggingFaceFill(repository="Qwen/Qwen3-0.6B", revision="0a" * 20)
        return Mount(volume=ModelVolume("hub", size="10Gi", placement=EmptyDir(), fill=hub), mount_as="/hub")

    assert needs(lambda: Mount(volume="data", mount_as="/data", read_only=True)) == [True, True, False]
    assert needs(filled) == [False, False, True]


def test_pods_wait_for_a_fill_in_knative_mode_where_they_are_told_to() -> None:
    def service(**arguments: Any) -> Declared:
        def program() -> None:
            hub = HuggingFaceFill(repository="Qwen/Qwen3-0.6B", revision="0a" * 20)
            volume = ModelVolume("hub", size="10Gi", fill=hub)
            GpuInferenceService("llama", model=volume, runtime="kserve-vllmserver", **arguments)

        return declare(program)

    def told(declared: Declared, name: str) -> bool:
        return any(f"podspec-{name}" in said for said in declared.warnings if "config-features" in said)

    unset, waiting = service(deployment_mode="Knative"), service(deployment_mode="Knative", wait_for_fill=True)
    assert "initContainers" not in predictor(unset)
    assert [said for said in unset.warnings if 'do not wait for the fill of volume "hub"' in said] != []
    assert not told(unset, "init-containers")
    assert not told(unset, "persistent-volume-claim")

    in_standard_mode = predictor(service())
    for part in ("initContainers", "volumes"):
        assert predictor(waiting)[part] == in_standard_mode[part]
    assert told(waiting, "init-containers")
    assert told(waiting, "persistent-volume-claim")
    assert not told(waiting, "persistent-volume-write"), "the claim is read only"
    assert not [said for said in waiting.warnings if "do not wait" in said]

    aware = service(deployment_mode="Knative", wait_for_fill=False)
    assert predictor(aware) == predictor(unset)
    assert not [said for said in aware.warnings if "do not wait" in said]
    assert "initContainers" not in predictor(service(wait_for_fill=False))


def test_several_nodes_have_workers() -> None:
    declared = serve(
        runtime=VLLM,
        gpu=Gpu(count=8, resource="nvidia.com/mig-1g.10gb"),
        parallel=Parallel(nodes=2),
        resources=Resources(cpu="8", memory="64Gi"),
        mounts=[Mount(volume="data", mount_as="/data")],
        placement=PodPlacement(node_selector={"pool": "gpu"}),
    )
    annotations = declared["llama-service"].inputs["metadata"]["annotations"]
    assert annotations["serving.kserve.io/autoscalerClass"] == "none"
    assert annotations["serving.kserve.io/gpu-resource-types"] == '["nvidia.com/mig-1g.10gb"]'
    pod = predictor(declared)
    worker = pod["workerSpec"]
    assert (worker["pipelineParallelSize"], worker["tensorParallelSize"]) == (2, 8)
    assert [container["name"] for container in worker["containers"]] == ["worker-container"]
    assert worker["containers"][0]["resources"] == pod["model"]["resources"]
    assert worker["volumes"] == pod["volumes"]
    assert worker["nodeSelector"] == {"pool": "gpu"}
    runtime = declared["llama-runtime"].inputs["spec"]
    assert runtime["containers"][0]["args"][-3:] == [
        "--tensor-parallel-size=8",
        "--pipeline-parallel-size=2",
        "--distributed-executor-backend=ray",
    ]
    assert [container["name"] for container in runtime["workerSpec"]["containers"]] == ["worker-container"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": "s3://b/llama/", "service_account_name": "x"}, "on 2 nodes KServe takes pvc:// or oci:// only"),
        ({"model": "oci://reg/llama:v1", "kserve_version": "0.15"}, "on 2 nodes KServe takes pvc:// only"),
        ({"max_replicas": 2}, "max_replicas: is above 1, and on 2 nodes KServe deploys one replica"),
        ({"deployment_mode": "Knative"}, "deployment_mode: is Knative, on 2 nodes"),
        ({"runtime": None}, "runtime: is left to KServe, and on 2 nodes"),
        ({"runtime": "kserve-vllmserver"}, "kserve-vllmserver has no workerSpec"),
        ({"environment": {"TENSOR_PARALLEL_SIZE": "2"}}, "is set by KServe on 2 nodes"),
        ({"parallel": Parallel(tensor=1, nodes=2), "gpu": Gpu(count=2)}, "2 node(s) x 2 are 4"),
        ({"gpu": Gpu(memory="80Gi"), "model_size": "200G"}, "2 x 80Gi are 171798691840 bytes"),
    ],
)
def test_what_kserve_does_not_do_on_several_nodes(arguments: dict[str, Any], said: str) -> None:
    problems = refusals(**{"runtime": VLLM, "parallel": Parallel(nodes=2)} | arguments)
    assert any(said in problem for problem in problems), problems
