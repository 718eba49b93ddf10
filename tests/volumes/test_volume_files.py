"""`VolumeFiles`: the handlers of the resource against a stand-in cluster, and what the component refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="the stand-in of a cluster is an aiohttp server")

from pulumi_modelstore import EmptyDir, InvalidArguments, ModelVolume, Registry, RegistryCredentials, VolumeFiles
from pulumi_modelstore_provider.artifacts.source import read_source
from pulumi_modelstore_provider.errors import ModelstoreError, SourceChanged
from pulumi_modelstore_provider.resources.volume_files import VolumeFilesProvider
from unit.components.declared import declare
from volumes.cluster_standin import StandInCluster, standin_cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[StandInCluster]:
    with standin_cluster(tmp_path, "models") as cluster:
        yield cluster


class Stack:
    """One resource, as an engine would drive it."""

    def __init__(self, cluster: StandInCluster, source: Path) -> None:
        self.cluster, self.source, self.provider = cluster, source, VolumeFilesProvider()
        self.outs: dict[str, Any] = {}
        self.id = ""

    @property
    def there(self) -> dict[str, str]:
        folder = self.cluster.claims["models"] / "adapters"
        files = (path for path in folder.rglob("*") if path.is_file() and ".modelstore" not in path.parts)
        return {path.relative_to(folder).as_posix(): path.read_text() for path in files}

    def props(self, **changed: Any) -> dict[str, Any]:
        return {
            "claim": "models",
            "kubernetesNamespace": "team-a",
            "folder": "adapters",
            "files": read_source(self.source, base=self.source).as_inputs(),
            "source": str(self.source),
            "kubeconfig": str(self.cluster.kubeconfig),
            "urn": "",
            **changed,
        }

    def up(self, **changed: Any) -> bool:
        """Whether something was to be done, which is done then."""
        props = self.props(**changed)
        assert self.provider.check(self.outs, props).failures == []
        if not self.id:
            created = self.provider.create(props)
            self.id, self.outs = str(created.id), dict(created.outs or {})
            return True
        if not self.provider.diff(self.id, self.outs, props).changes:
            return False
        self.outs = dict(self.provider.update(self.id, self.outs, props).outs or {})
        return True

    def refresh(self) -> bool:
        """Whether it is still there; what was found is recorded."""
        found = self.provider.read(self.id, self.outs)
        self.outs = dict(found.outs or {})
        return bool(found.id)


@pytest.fixture
def stack(cluster: StandInCluster, tmp_path: Path) -> Stack:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a.bin").write_text("a")
    (source / "deep" / "b.bin").write_text("b")
    return Stack(cluster, source)


def test_files_follow_the_source_and_others_stay(stack: Stack) -> None:
    assert stack.up()
    assert stack.there == {"a.bin": "a", "deep/b.bin": "b"}
    assert stack.id == "team-a/models:/adapters"
    (stack.cluster.claims["models"] / "adapters" / "theirs.bin").write_text("theirs")
    assert not stack.up()

    (stack.source / "a.bin").write_text("A")
    (stack.source / "deep" / "b.bin").unlink()
    (stack.source / "deep").rmdir()
    assert stack.up()
    assert stack.there == {"a.bin": "A", "theirs.bin": "theirs"}
    assert not (stack.cluster.claims["models"] / "adapters" / "deep").exists()
    assert stack.cluster.pods == {}


def test_drift_is_seen_and_mended(stack: Stack) -> None:
    stack.up()
    assert stack.refresh()
    assert not stack.up(), "nothing has drifted"
    (stack.cluster.claims["models"] / "adapters" / "a.bin").write_text("x")
    assert stack.refresh()
    assert list(stack.outs["files"]) == ["deep/b.bin"]
    assert stack.up()
    assert stack.there == {"a.bin": "a", "deep/b.bin": "b"}

    del stack.cluster.claims["models"]
    assert not stack.refresh()


def test_many_files_are_compared_by_their_tree(stack: Stack) -> None:
    for number in range(300):
        (stack.source / f"{number}.txt").write_text(str(number))
    stack.up()
    assert set(stack.outs["files"]) == {"tree", "files", "bytes"}
    assert stack.refresh()
    assert not stack.up()
    for number in range(1, 300):
        (stack.source / f"{number}.txt").unlink()
    assert stack.up()
    assert sorted(stack.there) == ["0.txt", "a.bin", "deep/b.bin"]


def test_leaving_the_stack(stack: Stack) -> None:
    stack.up()
    stack.provider.delete(stack.id, stack.props())
    assert stack.there == {"a.bin": "a", "deep/b.bin": "b"}
    (stack.cluster.claims["models"] / "adapters" / "theirs.bin").write_text("theirs")
    stack.provider.delete(stack.id, stack.props(onDelete="purge"))
    assert stack.there == {"theirs.bin": "theirs"}
    del stack.cluster.claims["models"]
    stack.provider.delete(stack.id, stack.props(onDelete="purge"))


def test_what_cannot_be_brought(stack: Stack) -> None:
    props = stack.props()
    (stack.source / "a.bin").write_text("changed since")
    with pytest.raises(SourceChanged, match="The source changed since the program ran"):
        stack.provider.create(props)
    with pytest.raises(ModelstoreError, match=r'persistentvolumeclaims "other" not found'):
        stack.provider.create(stack.props(claim="other"))
    failures = stack.provider.check({}, {"files": {"a": "b"}, "claim": ""}).failures
    assert {failure.property for failure in failures} == {"claim", "source", "files.a"}


def test_the_component_declares_its_files_after_the_claim(stack: Stack) -> None:
    def program() -> None:
        volume = ModelVolume("llama", size="1Gi", kubernetes_namespace="team-a")
        VolumeFiles("adapters", volume=volume, source=stack.source, folder="/adapters/", on_delete="purge")

    files = declare(program)["adapters-files"]
    assert files.dependencies == ["llama-claim"]
    inputs = files.inputs
    assert (inputs["claim"], inputs["kubernetesNamespace"], inputs["folder"]) == (
        "llama-model-storage",
        "team-a",
        "adapters",
    )
    assert set(inputs["files"]) == {"a.bin", "deep/b.bin"}
    assert inputs["onDelete"] == "purge"


def test_an_image_of_a_private_registry_is_pulled_with_credentials_of_the_stack(stack: Stack) -> None:
    def program(place: str) -> None:
        account = Registry(host="harbor.example.org", username="robot", password="hush")
        pulls = RegistryCredentials("harbor", registries=[account], kubernetes_namespace="team-a")
        files = {"source": stack.source, "kubernetes_namespace": place, "image": "harbor.example.org/python:3.12"}
        VolumeFiles("adapters", volume="models", pull_secrets=["other", pulls], **files)

    files = declare(lambda: program("team-a"))["adapters-files"]
    assert files.inputs["pullSecrets"] == ["other", "harbor"]
    assert "harbor-secret" in files.dependencies
    with pytest.raises(InvalidArguments, match=r'pull_secrets\[1\]: are in "team-a", and they are needed in "team-b"'):
        declare(lambda: program("team-b"))


def test_bad_arguments(stack: Stack) -> None:
    def program() -> None:
        scratch = ModelVolume("scratch", placement=EmptyDir())
        VolumeFiles("one", volume=scratch, source=stack.source / "nowhere", kubernetes_namespace="x", user=0)
        VolumeFiles("two", volume="My Claim", source=stack.source, folder="../up", on_delete="never", pull_secrets="s")

    with pytest.raises(InvalidArguments) as raised:
        declare(program)
    assert [problem.argument for problem in raised.value.problems] == [
        "volume",
        "kubernetes_namespace",
        "source",
        "user",
        "volume",
        "folder",
        "pull_secrets",
        "on_delete",
    ]
