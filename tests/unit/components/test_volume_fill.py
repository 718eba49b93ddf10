"""What a volume's fill declares: the Job, what waits for it, and what is refused or warned about."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    ArtifactFill,
    AwsS3,
    BucketFill,
    BucketFolder,
    CloudflareR2,
    EmptyDir,
    FillJob,
    GpuInferenceService,
    HubCredentials,
    HuggingFaceFill,
    ImageFill,
    InvalidArguments,
    LocalDisk,
    ModelArtifact,
    ModelVolume,
    Mount,
    NodeGroup,
    Registry,
    RegistryCredentials,
    SecretKeyPair,
    Security,
    StorageNamespace,
)
from pulumi_modelstore_provider.fills.specification import parse_specification
from unit.components.declared import Declared, declare

COMMIT = "0a" * 20
IMAGE = "quay.io/team/llama@sha256:" + "0a" * 32
HUB = HuggingFaceFill(repository="Qwen/Qwen3-0.6B", revision=COMMIT, token_secret="hub")


def volume(**arguments: Any) -> Declared:
    return declare(lambda: ModelVolume("qwen", **{"size": "5Gi", "fill": HUB} | arguments) and None)


def pod(**arguments: Any) -> dict[str, Any]:
    spec: dict[str, Any] = volume(**arguments)["qwen-fill"].inputs["spec"]["template"]["spec"]
    return spec


def refused(**arguments: Any) -> list[str]:
    with pytest.raises(InvalidArguments) as raised:
        volume(**arguments)
    return [str(problem) for problem in raised.value.problems]


def test_the_job_runs_the_program_of_its_config_map(tmp_path: Path) -> None:
    declared = volume()
    program, job = declared["qwen-fill-program"].inputs, declared["qwen-fill"].inputs
    assert declared["qwen-fill"].dependencies == ["qwen-claim", "qwen-fill-program"]
    assert job["metadata"]["name"] == program["metadata"]["name"]
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["python", "/modelstore/fill.pyz", "fill", "/modelstore/fill.json", "/model-cache"]
    specification = parse_specification(program["data"]["fill.json"])
    assert specification.source["repository"] == "Qwen/Qwen3-0.6B"

    # Python alone, without any installed package, as in a bare image.
    body = base64.b64decode(program["binaryData"]["fill.pyz"])
    assert len(body) < 200_000, "a ConfigMap holds 1 MiB"
    (tmp_path / "fill.pyz").write_bytes(body)
    (tmp_path / "fill.json").write_text(program["data"]["fill.json"])
    command = [sys.executable, "-I", "-S", tmp_path / "fill.pyz", "wait", tmp_path / "fill.json", tmp_path]
    done = subprocess.run([*command, "--timeout=0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "The volume is not complete after 0 seconds" in done.stdout
    assert volume()["qwen-fill-program"].inputs["binaryData"] == program["binaryData"], "the same bytes each time"


def test_another_source_is_another_job_and_other_resources_are_not() -> None:
    def name(**arguments: Any) -> str:
        text: str = volume(**arguments)["qwen-fill"].inputs["metadata"]["name"]
        return text

    other = HuggingFaceFill(repository="Qwen/Qwen3-0.6B", revision="0b" * 20, token_secret="hub")
    assert name() != name(fill=other)
    assert name() == name(fill_job=FillJob(memory="8Gi"))
    long = declare(lambda: ModelVolume("q" * 63, size="1Gi", fill=HUB) and None)
    assert len(long["q" * 63 + "-fill"].inputs["metadata"]["name"]) <= 63


def test_the_token_is_a_reference_and_the_pod_is_not_root() -> None:
    spec = pod(fill_job=FillJob(pull_secrets=("harbor",), service_account="loader", environment={"PIP_NO_INDEX": "1"}))
    container = spec["containers"][0]
    token = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "HF_TOKEN"}}}
    assert token in container["env"]
    assert {"name": "PIP_NO_INDEX", "value": "1"} in container["env"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "readOnlyRootFilesystem": True,
    }
    assert spec["imagePullSecrets"] == [{"name": "harbor"}]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("loader", False)
    assert "runAsUser" not in pod(fill_job=FillJob(user=None))["containers"][0]["securityContext"]


def test_credentials_of_the_stack_come_before_the_job_that_reads_with_them() -> None:
    def program(place: str) -> None:
        hub = HubCredentials("gated", token="hf_x", kubernetes_namespace="llm")
        account = Registry(host="harbor.example.org", username="robot", password="hush")
        pulls = RegistryCredentials("harbor", registries=[account], kubernetes_namespace="llm")
        fill = HuggingFaceFill(repository="Qwen/Qwen3-0.6B", revision=COMMIT, token_secret=hub)
        job = FillJob(image="harbor.example.org/python:3.12-slim", pull_secrets=("other", pulls))
        ModelVolume("qwen", size="5Gi", fill=fill, fill_job=job, kubernetes_namespace=place)

    job = declare(lambda: program("llm"))["qwen-fill"]
    spec = job.inputs["spec"]["template"]["spec"]
    assert spec["imagePullSecrets"] == [{"name": "other"}, {"name": "harbor"}]
    (token,) = [item for item in spec["containers"][0]["env"] if item["name"] == "HF_TOKEN"]
    assert token["valueFrom"] == {"secretKeyRef": {"name": "gated", "key": "HF_TOKEN"}}
    assert {"gated-secret", "harbor-secret"} <= set(job.dependencies)
    with pytest.raises(InvalidArguments) as refused:
        declare(lambda: program("other"))
    assert [str(problem) for problem in refused.value.problems] == [
        f'{argument}: has its Secret in "llm", and the volume is in "other", whose pods cannot read it. '
        "Declare both for one namespace."
        for argument in ("fill.token_secret", "fill_job.pull_secrets[1]")
    ]


def test_the_job_goes_where_the_volume_is() -> None:
    group = NodeGroup(name="h100", selector={"pool": "h100"})
    spec = pod(placement=LocalDisk(node_group=group))
    assert spec["nodeSelector"] == {"pool": "h100"}
    assert spec["volumes"][0] == {
        "name": "model",
        "persistentVolumeClaim": {"claimName": "qwen-model-storage"},
    }


def test_an_image_runs_beside_the_fill_or_is_mounted() -> None:
    beside = pod(fill=ImageFill(image=IMAGE))
    assert beside["shareProcessNamespace"]
    sidecar = beside["initContainers"][0]
    assert (sidecar["image"], sidecar["restartPolicy"]) == (IMAGE, "Always")
    assert sidecar["command"][2] == "ln -sfn /proc/$$/root/models /model-image/files && sleep infinity"
    # Who reads another process's root must be the same user.
    assert sidecar["securityContext"]["runAsUser"] == beside["containers"][0]["securityContext"]["runAsUser"]

    fill = ImageFill(image=IMAGE, method="image-volume", path="/weights/llama", pull_policy="IfNotPresent")
    mounted = pod(fill=fill)
    assert "initContainers" not in mounted
    assert mounted["volumes"][-1] == {
        "name": "model-image",
        "image": {"reference": IMAGE, "pullPolicy": "IfNotPresent"},
    }
    assert fill.reach() == {"path": "/model-image/weights/llama"}


@pytest.mark.parametrize(
    ("method", "version", "said"),
    [
        ("image-volume", "1.30.4", "fill.method: needs Kubernetes 1.31, configuration kubernetesVersion is 1.30"),
        ("sidecar", "v1.28.9-eks-1", "fill.method: needs Kubernetes 1.29, configuration kubernetesVersion is 1.28"),
        ("sidecar", "latest", "configuration kubernetesVersion: 'latest' is no version. Write it like"),
        ("image-volume", "1.34", "warned"),
        ("image-volume", "1.35.1+k3s1", ""),
        ("sidecar", "1.29", ""),
    ],
)
def test_an_image_needs_a_cluster_that_can_take_it(method: Any, version: str, said: str) -> None:
    def program() -> None:
        ModelVolume("llama", size="30Gi", fill=ImageFill(image=IMAGE, method=method))

    config = {"kubernetesVersion": version}
    if said in ("", "warned"):
        warned = [text for text in declare(program, config=config).warnings if "feature gate ImageVolume" in text]
        assert bool(warned) == (said == "warned")
        return
    with pytest.raises(InvalidArguments, match=re.escape(said)):
        declare(program, config=config)


def test_what_moves_is_warned_about() -> None:
    assert volume().warnings == []
    assert "names an image by tag" in volume(fill=ImageFill(image="quay.io/team/llama:v1")).warnings[0]


def test_scratch_space_is_filled_by_each_pod_and_that_is_warned_about() -> None:
    declared = volume(placement=EmptyDir())
    assert "qwen-fill" not in declared.resources
    assert "each pod brings the model again at each start" in declared.warnings[0]
    assert volume(placement=EmptyDir(), preload=False).warnings == []


def test_nothing_is_brought_without_preload() -> None:
    assert volume(preload=False).children("qwen") == ["qwen-claim", "qwen-claim-size"]
    assert volume(fill=None).children("qwen") == ["qwen-claim", "qwen-claim-size"]


def test_replicas_wait_for_the_mark_or_fill_their_own_space() -> None:
    def program() -> None:
        model = ModelVolume("qwen", size="5Gi", fill=HUB)
        scratch = ModelVolume("draft", placement=EmptyDir(), fill=HUB)
        GpuInferenceService(
            "qwen",
            model=model,
            gpu=None,
            mounts=[Mount(volume=scratch, mount_as="/draft")],
            security=Security(user=2000),
        )

    predictor = declare(program)["qwen-service"].inputs["spec"]["predictor"]
    filled, waiting = predictor["initContainers"]
    assert (filled["name"], waiting["name"]) == ("fill-mount-0", "wait-for-model-volume")
    assert filled["command"][2] == "fill"
    assert filled["volumeMounts"][0] == {"name": "mount-0", "mountPath": "/model-cache"}
    assert waiting["command"][2] == "wait"
    assert waiting["volumeMounts"][0] == {"name": "model-volume", "mountPath": "/model-cache", "readOnly": True}
    assert not [item for item in waiting["env"] if item["name"] == "HF_TOKEN"]
    volumes = {item["name"]: item for item in predictor["volumes"]}
    assert volumes["model-volume"]["persistentVolumeClaim"] == {"claimName": "qwen-model-storage", "readOnly": True}
    for container in (filled, waiting):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes.keys()


def test_a_fill_into_a_folder_is_served_from_there() -> None:
    made: list[ModelVolume] = []
    fill = HuggingFaceFill(repository="Qwen/Qwen3-0.6B", revision=COMMIT, folder="qwen/v1")
    declared = declare(lambda: made.append(ModelVolume("qwen", size="5Gi", fill=fill)))
    assert made[0].uri == "pvc://qwen-model-storage/qwen/v1"
    assert json.loads(declared["qwen-fill-program"].inputs["data"]["fill.json"])["folder"] == "qwen/v1"


def from_artifact(source: Path, **settings: Any) -> Declared:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models", region="eu-west-1"))
        keys = AccessKeyPair("reader", namespace=namespace, read_only=True)
        artifact = ModelArtifact("llama", namespace=namespace, source=source, version="v2", tags=["latest"])
        fill = ArtifactFill(**{"model": artifact.at("latest"), "keys": keys} | settings)
        ModelVolume("llama", fill=fill, kubernetes_namespace="team-a")

    return declare(program)


def test_an_artifact_is_read_with_a_key_of_a_secret(model_folder: Path) -> None:
    declared = from_artifact(model_folder)
    job = declared["llama-fill"]
    assert {"llama-upload", "llama-fill-keys", "llama-claim"} <= set(job.dependencies)
    # The size follows what is brought in.
    assert declared["llama-claim"].inputs["spec"]["resources"]["requests"]["storage"] == "1Gi"
    secret = declared["llama-fill-keys"].inputs
    assert set(secret["data"]["[secret]"]) == {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY"}
    environment = job.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {
        "name": "MODELSTORE_FILL_SECRET_ACCESS_KEY",
        "valueFrom": {"secretKeyRef": {"name": secret["metadata"]["name"], "key": "SECRET_ACCESS_KEY"}},
    } in environment
    document = json.loads(declared["llama-fill-program"].inputs["data"]["fill.json"])
    assert document["source"] == {
        "type": "artifact",
        "namespace": "models",
        "modelPrefix": "models/llama/",
        "version": "v2",
    }
    assert document["reach"]["bucket"] == "team-models"
    assert document["reach"]["connection"]["credentials"] == "env:MODELSTORE_FILL"
    assert len(declared["llama-fill-program"].inputs["binaryData"]["fill.pyz"]) < 700_000, "a ConfigMap holds 1 MiB"


def test_an_artifact_is_read_with_a_role_where_no_keys_are_given(model_folder: Path) -> None:
    declared = from_artifact(model_folder, keys=None)
    assert "llama-fill-keys" not in declared.resources
    document = json.loads(declared["llama-fill-program"].inputs["data"]["fill.json"])
    assert document["reach"]["connection"]["credentials"] == "default"


def test_objects_of_another_cloud_come_with_a_key_of_the_users_secret() -> None:
    backend = CloudflareR2(bucket="weights", account_id="0a" * 16)
    folder = BucketFolder(backend=backend, path="llama/", allow=("*.safetensors",))
    fill = BucketFill(source_folder=folder, key_pair=SecretKeyPair(secret="r2"), folder="llama")
    declared = volume(fill=fill)
    document = json.loads(declared["qwen-fill-program"].inputs["data"]["fill.json"])
    assert (document["source"]["prefix"], document["source"]["allow"]) == ("llama/", ["*.safetensors"])
    assert document["reach"]["bucket"] == "weights"
    assert document["reach"]["connection"]["credentials"] == "env:MODELSTORE_FILL"
    environment = declared["qwen-fill"].inputs["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {
        "name": "MODELSTORE_FILL_SECRET_ACCESS_KEY",
        "valueFrom": {"secretKeyRef": {"name": "r2", "key": "AWS_SECRET_ACCESS_KEY"}},
    } in environment
    again = volume(fill=BucketFill(source_folder=folder, as_of="2026-11"))
    assert again["qwen-fill"].inputs["metadata"]["name"] != declared["qwen-fill"].inputs["metadata"]["name"]


def test_what_is_no_artifact_or_no_key_of_it_is_refused(model_folder: Path) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        other = StorageNamespace("other", backend=AwsS3(bucket="other-models"))
        artifact = ModelArtifact("llama", namespace=namespace, source=model_folder)
        keys = AccessKeyPair("reader", namespace=other)
        ModelVolume("one", size="1k", fill=ArtifactFill(model=artifact, keys=keys))
        ModelVolume("two", size="1Gi", fill=ArtifactFill(model="s3://bucket/llama", keys="AKIA"))

    with pytest.raises(InvalidArguments) as raised:
        declare(program)
    assert [str(problem) for problem in raised.value.problems] == [
        (
            "size: 1000 bytes (0.0 GB) is less than the model's 1027 bytes (0.0 GB). 1Gi would do, with 15% headroom; "
            "left out, the size is derived."
        ),
        'fill.keys: open another namespace than the one that holds the model. Pass keys of namespace "models".',
        ("fill.keys: str is no AccessKeyPair or AccessKey. Pass keys that were declared for the model's namespace."),
        (
            "fill.model: str is no version in a namespace. Pass a ModelArtifact, artifact.at(tag), or "
            "ModelArtifact.lookup(...)."
        ),
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"fill": "Qwen/Qwen3-0.6B"}, "fill: str is not FillSettings"),
        ({"fill": HuggingFaceFill(repository="qwen")}, 'fill.repository: "qwen" is no repository'),
        ({"fill": HuggingFaceFill(repository="a/b.git")}, "fill.repository: a repository is written as 'owner/name'"),
        ({"fill": HuggingFaceFill(repository="a/b", revision="v1%2e0")}, "fill.revision: a revision is a branch"),
        ({"fill": HuggingFaceFill(repository="a/b", revision="--help")}, "fill.revision: '--help' is no revision"),
        ({"fill": HuggingFaceFill(repository="a/b", include=("--x",))}, "fill.include: '--x' is no pattern"),
        ({"fill": HuggingFaceFill(repository="a/b", folder="../up")}, 'fill.folder: "../up" is no folder'),
        ({"fill": HuggingFaceFill(repository="a/b", endpoint="https://me:pw@hub/")}, "fill.endpoint: is no URL"),
        ({"fill": HuggingFaceFill(repository="a/b", token_secret="My Secret")}, "fill.token_secret:"),
        ({"fill": ImageFill(image="oci://quay.io/a")}, 'fill.image: "oci://quay.io/a" is no image reference'),
        ({"fill": ImageFill(image=IMAGE, path="/a/../b")}, 'fill.path: "/a/../b" is no folder of an image'),
        ({"fill": ImageFill(image=IMAGE), "placement": EmptyDir()}, "fill.method: is sidecar"),
        ({"fill": BucketFill(source_folder="s3://x")}, "fill.source_folder: str is no folder of a bucket"),
        (
            {"fill": BucketFill(source_folder=BucketFolder(backend="s3"))},
            "fill.source_folder.backend: str is no backend",
        ),
        ({"access_mode": "ReadOnlyMany"}, "access_mode: is ReadOnlyMany, and a fill writes"),
        ({"fill_job": FillJob(image="python 3.12")}, 'fill_job.image: "python 3.12" is no name of an image'),
        ({"fill_job": FillJob(user=0)}, "fill_job.user: is 0"),
        ({"fill_job": FillJob(memory="lots")}, "fill_job.memory: 'lots' is no quantity"),
        ({"fill_job": FillJob(stale_after=1)}, "fill_job.stale_after: is 1 seconds"),
        ({"fill_job": FillJob(environment={"HF_TOKEN": "hf_x"})}, 'fill_job.environment["HF_TOKEN"]: is a secret'),
        ({"preload": "no"}, "preload: str is no flag"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], problem: str) -> None:
    found = refused(**arguments)
    assert len(found) == 1
    assert problem in found[0]
