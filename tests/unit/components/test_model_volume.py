"""What a volume declares, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_modelstore import (
    AwsS3,
    AzureFiles,
    Efs,
    EmptyDir,
    FsxLustre,
    InvalidArguments,
    LocalDisk,
    LocalPath,
    ModelArtifact,
    ModelNodeGroup,
    ModelSize,
    ModelVolume,
    Nfs,
    NodeGroup,
    StorageNamespace,
    Toleration,
    TopoLvm,
    VolumeClass,
)
from unit.components.declared import Declared, declare

GROUP = NodeGroup(name="h100", selector={"pool": "h100"}, tolerations=(Toleration(key="nvidia.com/gpu"),))


def volume(**arguments: Any) -> Declared:
    return declare(lambda: ModelVolume("llama", **arguments) and None)


def refused(**arguments: Any) -> list[str]:
    with pytest.raises(InvalidArguments) as raised:
        volume(**arguments)
    return [str(problem) for problem in raised.value.problems]


def claim(**arguments: Any) -> dict[str, Any]:
    inputs: dict[str, Any] = volume(**arguments)["llama-claim"].inputs
    return inputs


def size_of(**arguments: Any) -> str:
    text: str = claim(**arguments)["spec"]["resources"]["requests"]["storage"]
    return text


def test_a_claim_with_everything() -> None:
    declared = volume(
        size="80Gi",
        storage_class="fast",
        access_mode="ReadWriteMany",
        nodes=3,
        kubernetes_namespace="team-a",
        labels={"team": "a"},
        annotations={"example.org/a": "b"},
    )
    assert declared["llama-claim"].type == "kubernetes:core/v1:PersistentVolumeClaim"
    assert declared["llama-claim"].inputs == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "llama-model-storage",
            "namespace": "team-a",
            "labels": {"team": "a"},
            "annotations": {"example.org/a": "b"},
        },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "80Gi"}},
            "storageClassName": "fast",
        },
    }
    assert declared["llama"].outputs == {
        "claimName": "llama-model-storage",
        "size": "80Gi",
        "mountPath": "/model-cache",
    }
    assert declared["llama-claim"].request.retainOnDelete
    assert not volume(size="1Gi", on_delete="delete")["llama-claim"].request.retainOnDelete


@pytest.mark.parametrize(
    ("storage_class", "ignored"),
    [(Efs(), ["spec.resources"]), (Nfs(server="nfs.example.org"), ["spec.resources"]), (FsxLustre(), []), ("fast", [])],
)
def test_another_size_changes_no_claim_that_is_not_held_to_its_own(storage_class: Any, ignored: list[str]) -> None:
    request = volume(size="1Gi", storage_class=storage_class)["llama-claim"].request
    assert list(request.ignoreChanges) == ignored


@pytest.mark.parametrize(
    ("storage_class", "fixed_by"),
    [(FsxLustre(), "FSx for Lustre"), (AzureFiles(), None), (TopoLvm(), None), ("fast", None), ("", None)],
)
def test_the_size_of_a_claim_is_recorded_once_it_has_it(storage_class: Any, fixed_by: str | None) -> None:
    placement = {"placement": LocalDisk(node_group=GROUP)} if isinstance(storage_class, TopoLvm) else {}
    declared = volume(size="1200Gi", storage_class=storage_class, kubernetes_namespace="llm", **placement)
    record = declared["llama-claim-size"]
    assert record.inputs["claim"] == "llm/llama-model-storage"
    assert (record.inputs["size"], record.inputs["bytes"]) == ("1200Gi", 1200 * 1024**3)
    assert record.inputs.get("fixedBy") == fixed_by
    assert "llama-claim" in record.dependencies


@pytest.mark.parametrize("settings", [{"storage_class": Efs()}, {"placement": EmptyDir()}])
def test_no_size_is_recorded_where_none_holds(settings: dict[str, Any]) -> None:
    assert "llama-claim-size" not in volume(size="1Gi", **settings).resources


def test_the_class_is_the_volumes_then_the_stacks_then_the_clusters() -> None:
    def of_class(config: dict[str, str], **arguments: Any) -> str | None:
        declared = declare(lambda: ModelVolume("llama", size="5Ti", **arguments) and None, config=config)
        name: str | None = declared["llama-claim"].inputs["spec"].get("storageClassName")
        return name

    assert of_class({}) is None
    assert of_class({"storageClass": "fast"}) == "fast"
    assert of_class({"storageClass": "fast"}, storage_class="other") == "other"
    assert of_class({"storageClass": "fast"}, storage_class="") is None
    assert of_class({"storageClass": '{"kind": "efs", "fileSystemId": "fs-1"}'}) == "efs"
    assert of_class({"storageClass": "fast"}, storage_class=FsxLustre(class_name="scratch")) == "scratch"
    with pytest.raises(InvalidArguments, match=r"storageClass\.kind: 'ef' is no storage class\. Write efs"):
        of_class({"storageClass": '{"kind": "ef"}'})


def test_a_size_follows_the_model(model_folder: Path) -> None:
    assert size_of(model=ModelSize(parameters="7B", precision="FP16")) == "15Gi"
    assert size_of(model=ModelSize(parameters="7B", precision="FP16"), headroom=0) == "14Gi"
    assert size_of(model=ModelSize(parameters="7B", precision="FP16"), storage_class=FsxLustre()) == "1200Gi"
    assert size_of(model=ModelSize(parameters="7B", precision="FP16"), storage_class=AzureFiles()) == "100Gi"

    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        artifact = ModelArtifact("llama", namespace=namespace, source=model_folder)
        ModelVolume("derived", model=artifact)
        ModelVolume("given", model=artifact.reference, size=5000)

    declared = declare(program)
    assert declared["derived-claim"].inputs["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert declared["given-claim"].inputs["spec"]["resources"]["requests"]["storage"] == "5000"


@pytest.mark.parametrize(("size", "storage_class"), [(80, ""), ("80", "fast"), ("80", AzureFiles())])
def test_a_size_without_its_unit_is_warned_about(size: str | int, storage_class: Any) -> None:
    declared = volume(size=size, storage_class=storage_class)
    assert declared.warnings == ["size 80 is 80 bytes; write 80Gi if that is meant"]
    assert volume(size=80 * 1024**3, storage_class="").warnings == []


def test_a_claim_that_takes_long_to_bind_is_not_waited_for() -> None:
    assert claim(size="1Ti", storage_class=FsxLustre())["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert "annotations" not in claim(size="1Ti", storage_class=Efs())["metadata"]


def test_a_given_size_becomes_one_that_the_class_gives_and_says_so() -> None:
    declared = volume(size="80Gi", storage_class=FsxLustre())
    assert declared["llama-claim"].inputs["spec"]["resources"]["requests"]["storage"] == "1200Gi"
    assert declared.warnings == ["FSx for Lustre gives no volume of 80Gi: it will have 1200Gi"]
    assert volume(size="80Gi", storage_class=Efs()).warnings == []


def test_a_size_below_the_model_is_refused_with_both_numbers_and_one_that_would_do() -> None:
    model = ModelSize(parameters="7B", precision="FP16")
    assert refused(size="10Gi", model=model) == [
        (
            "size: 10Gi (10.7 GB) is less than the model's 14000000000 bytes (14.0 GB). "
            "15Gi would do, with 15% headroom; left out, the size is derived."
        )
    ]
    assert "1200Gi would do" in refused(size="10Gi", model=model, storage_class=FsxLustre())[0]


def test_a_class_of_the_stack_comes_first() -> None:
    def program() -> None:
        shared = VolumeClass("models", settings=Efs(file_system_id="fs-1", class_name="models"), cluster_default=True)
        ModelVolume("llama", size="20Gi", storage_class=shared, access_mode="ReadWriteMany")

    declared = declare(program)
    assert declared["llama-claim"].inputs["spec"]["storageClassName"] == "models"
    assert declared["llama-claim"].dependencies == ["models-class"]
    assert declared["models-class"].inputs == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "models",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "efs.csi.aws.com",
        "parameters": {"provisioningMode": "efs-ap", "fileSystemId": "fs-1", "directoryPerms": "700"},
        "reclaimPolicy": "Retain",
        "allowVolumeExpansion": False,
        "volumeBindingMode": "Immediate",
    }


def test_the_mode_is_one_that_the_class_has() -> None:
    assert claim(size="1Gi")["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim(size="1Gi", storage_class=Efs())["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim(size="1Gi", storage_class=Nfs())["spec"]["accessModes"] == ["ReadWriteMany"]


def test_scratch_space_declares_no_claim() -> None:
    declared = volume(placement=EmptyDir(medium="Memory"), size="20Gi")
    assert declared.children("llama") == []

    made: list[ModelVolume] = []
    declare(lambda: made.append(ModelVolume("llama", placement=EmptyDir(medium="Memory"), size="20Gi")))
    assert made[0].pod_volume("weights") == {"name": "weights", "emptyDir": {"medium": "Memory", "sizeLimit": "20Gi"}}
    assert made[0].uri == ""


def test_what_consumers_ask() -> None:
    made: dict[str, ModelVolume] = {}

    def program() -> None:
        made["local"] = ModelVolume(
            "local", size="1Gi", storage_class=LocalPath(), placement=LocalDisk(node_group=GROUP)
        )
        made["once"] = ModelVolume("once", size="1Gi", model=ModelSize(parameters="1M"), placement=GROUP)
        made["many"] = ModelVolume("many", size="1Gi", access_mode="ReadWriteMany")

    declare(program)
    assert made["once"].reference.uri == "pvc://once-model-storage"
    assert made["once"].reference.total_bytes == 2_000_000
    assert list(made["once"].reference.after) == list(made["once"].objects)
    assert made["local"].scheduling == {
        "nodeSelector": {"pool": "h100"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    }
    assert made["once"].scheduling == made["local"].scheduling
    assert made["many"].scheduling == {}
    assert made["once"].pod_volume("weights", read_only=True) == {
        "name": "weights",
        "persistentVolumeClaim": {"claimName": "once-model-storage", "readOnly": True},
    }
    assert [problem.found for problem in made["local"].nodes_problems(2, argument="replicas")] == [
        'is 2, and volume "local" is a disk of one node: pods elsewhere would never start'
    ]
    assert [problem.found for problem in made["once"].nodes_problems(3, argument="replicas")] == [
        'is 3, and volume "once" is ReadWriteOnce: pods of one node can mount it, the others would never start'
    ]
    assert made["many"].nodes_problems(3, argument="replicas") == []
    assert made["local"].nodes_problems(1, argument="replicas") == []
    assert [problem.argument for problem in made["local"].mount_problems("llama", argument="mounts[0]")] == [
        "mounts[0]"
    ]
    assert made["local"].mount_problems("/", argument="mounts[0]") == []
    assert made["many"].mount_problems("llama", argument="mounts[0]") == []


def later() -> Any:
    import pulumi

    return pulumi.Output.from_input("later")


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ({}, ["size: is missing, and no model tells it"]),
        ({"size": "lots"}, ["size: 'lots' is no quantity. Write it like 500m, 4, 16Gi or 1.5Ti"]),
        ({"size": "80 GB"}, ["size: '80 GB' is no quantity. Write 80G"]),
        ({"size": "80GiB"}, ["size: '80GiB' is no quantity. Write 80Gi"]),
        ({"size": "0Gi"}, ["size: is zero"]),
        ({"size": "1Gi", "access_mode": "RWX"}, ["access_mode: 'RWX' is no access mode. Write ReadWriteMany"]),
        ({"size": "1Gi", "access_mode": "often"}, ["'often' is no access mode. Choose one of ReadWriteOnce,"]),
        ({"size": True}, ["size: bool is no size"]),
        ({"size": 1.5}, ["size: float is no size"]),
        ({"size": "1Gi", "headroom": -0.1}, ["headroom: -0.1 is no share"]),
        ({"model": ModelSize(parameters="many")}, ["model.parameters: 'many' is no number"]),
        ({"model": "llama"}, ["model: str tells no size"]),
        ({"size": "200Ti", "storage_class": AzureFiles()}, ["is more than Azure Files's largest, 100Ti"]),
        ({"size": "1Gi", "storage_class": 3}, ["storage_class: int is no storage class"]),
        ({"size": "1Gi", "storage_class": "Fast One"}, ['storage_class: "Fast One" is no name']),
        ({"size": "1Gi", "storage_class": FsxLustre(deployment_type="PERSISTENT_2", throughput=50)},
         ["storage_class.throughput: 50 is none that PERSISTENT_2 has. Choose one of 125, 250, 500, 1000"]),
        ({"size": "1Ti", "storage_class": FsxLustre(), "access_mode": "ReadWriteOnce"},
         ["access_mode: ReadWriteOnce is no mode of FSx for Lustre. Choose ReadWriteMany, or another storage class"]),
        ({"size": "1Gi", "nodes": 2},
         ['nodes: is 2, and volume "llama" is ReadWriteOnce: pods of one node can mount it']),
        ({"size": "1Gi", "nodes": 0.5}, ["nodes: 0.5 is no number"]),
        ({"size": "1Gi", "storage_class": TopoLvm()},
         ["placement: TopoLVM gives disks of single nodes, and no node group is named"]),
        ({"size": "1Gi", "storage_class": Efs(), "placement": LocalDisk(node_group=GROUP)},
         ["storage_class: Amazon EFS gives no disks of nodes"]),
        ({"size": "1Gi", "placement": LocalDisk(node_group=GROUP), "access_mode": "ReadWriteMany", "nodes": 2},
         ["access_mode: ReadWriteMany is for several nodes, and the volume is a disk of one", "nodes: is 2"]),
        ({"size": "1Gi", "placement": NodeGroup(name="H100", selector={})},
         ['placement.name: "H100" is no name', "placement.selector: is empty"]),
        ({"size": "1Gi", "placement": NodeGroup(name="a", selector={"a": "b"}, tolerations=(Toleration(value="x"),))},
         ["placement.tolerations[0].value: is given, and Exists compares none"]),
        ({"size": "1Gi", "placement": "local"}, ["placement: str is no placement"]),
        ({"placement": EmptyDir(), "storage_class": "fast"}, ['class "fast" is given for scratch space']),
        ({"size": "1Gi", "mount_path": "models"}, ["mount_path: 'models' is no absolute path"]),
        ({"size": "1Gi", "mount_path": "/a/../b"}, ["mount_path: '/a/../b' is no absolute path"]),
        ({"size": "1Gi", "claim_name": "Claim"}, ['claim_name: "Claim" is no name']),
        ({"size": "1Gi", "on_delete": "purge"}, ["on_delete: 'purge' is neither"]),
        ({"size": "1Gi", "labels": {"a b": "c"}}, ['labels: "a b" is no key']),
    ],
)  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any], problems: list[str]) -> None:
    found = refused(**arguments)
    assert len(found) == len(problems)
    for problem, text in zip(found, problems, strict=True):
        assert text in problem


def test_outputs_where_a_preview_needs_values() -> None:
    for argument in ("size", "headroom", "nodes", "mount_path", "access_mode", "model"):

        def program(argument: str = argument) -> None:
            ModelVolume("llama", **{"size": "1Gi", argument: later()})

        with pytest.raises(InvalidArguments, match=f"{argument}: "):
            declare(program)


def test_the_disks_of_a_node_group() -> None:
    declared = declare(lambda: ModelNodeGroup("cache", group=GROUP, storage_limit="1500Gi", path="/mnt/nvme") and None)
    nodes = declared["cache-nodes"]
    assert nodes.type == "kubernetes:serving.kserve.io/v1alpha1:LocalModelNodeGroup"
    assert nodes.inputs["metadata"] == {"name": "h100"}
    volume = nodes.inputs["spec"]["persistentVolumeSpec"]
    assert (volume["local"], volume["capacity"]) == ({"path": "/mnt/nvme"}, {"storage": "1500Gi"})
    assert volume["nodeAffinity"]["required"]["nodeSelectorTerms"] == [
        {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["h100"]}]}
    ]
    with pytest.raises(InvalidArguments) as raised:
        declare(lambda: ModelNodeGroup("cache", group="h100", storage_limit="lots", path="models") and None)
    assert [problem.argument for problem in raised.value.problems] == ["group", "storage_limit", "path"]


@pytest.mark.parametrize(
    "settings",
    [Efs, lambda: FsxLustre(deployment_type="PERSISTENT_1"), lambda: Nfs(server="nfs.example.org")],
)
def test_a_class_is_declared_with_what_it_needs(settings: Callable[[], Any]) -> None:
    with pytest.raises(InvalidArguments, match="is missing, and the class cannot be declared without it"):
        declare(lambda: VolumeClass("models", settings=settings()) and None)
