"""Bad arguments: all of a program at once, whatever the program does with the refused components."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.settings import set_root_resource

from pulumi_modelstore import (
    AccessKeyPair,
    AwsS3,
    Gpu,
    GpuInferenceService,
    InvalidArguments,
    ModelArtifact,
    StorageNamespace,
)
from unit.components.declared import declare


def test_problems_of_all_components_are_reported_together(tmp_path: Path) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="Bad"))
        keys = AccessKeyPair("reader", namespace=namespace, rotation=-1)
        artifact = ModelArtifact("llama", namespace=namespace, source=tmp_path / "nowhere", version="a/b")
        credentials = namespace.kserve_credentials("reader", keys=keys)
        GpuInferenceService("llama", model=artifact, credentials=credentials, gpu=Gpu(count=0), min_replicas=-1)
        pulumi.export("bucket", namespace.bucket)
        pulumi.export("key", keys.access_key_id)

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    found = [(r.component, r.name, [p.argument for p in r.problems]) for r in refused.value.refusals]
    assert found == [
        ("StorageNamespace", "models", ["backend.bucket"]),
        ("AccessKeyPair", "reader", ["rotation"]),
        ("ModelArtifact", "llama", ["source", "version"]),
        ("GpuInferenceService", "llama", ["min_replicas", "gpu.count"]),
    ]
    text = str(refused.value)
    assert text.startswith("6 invalid arguments")
    assert "rotation: -1 is no generation. Begin with 0 and raise it by one to rotate." in text


def test_refusal_is_reported_even_where_the_program_fails_over_it() -> None:
    def program() -> None:
        StorageNamespace("", backend=AwsS3(bucket="team-models"))
        raise KeyError("the program's own mistake")

    with pytest.raises(InvalidArguments, match="name: is empty"):
        declare(program)


def test_refused_components_declare_nothing_and_neither_does_what_uses_them() -> None:
    seen = []

    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="Bad"))
        keys = AccessKeyPair("reader", namespace=namespace)
        seen.extend([namespace.refused, keys.refused])
        # With a good one beside it: what is right is declared all the same.
        StorageNamespace("other", backend=AwsS3(bucket="team-models"))

    with pytest.raises(InvalidArguments):
        declare(program)
    assert seen == [True, True]


def test_a_program_after_a_refused_one_starts_afresh() -> None:
    with pytest.raises(InvalidArguments):
        declare(lambda: StorageNamespace("models", backend=AwsS3(bucket="Bad")) and None)
    declared = declare(lambda: StorageNamespace("models", backend=AwsS3(bucket="good-one")) and None)
    assert "models-bucket" in declared.resources


def test_without_a_stack_the_constructor_raises() -> None:
    set_root_resource(None)
    with pytest.raises(InvalidArguments, match=r"backend\.bucket"):
        StorageNamespace("models", backend=AwsS3(bucket="Bad"))


def test_report_is_a_run_error_so_that_engines_print_it_without_a_traceback() -> None:
    assert issubclass(InvalidArguments, pulumi.RunError)


def test_wrong_objects_are_named_by_type() -> None:
    def program() -> None:
        AccessKeyPair("reader", namespace="models")  # type: ignore[arg-type]
        GpuInferenceService("llama", model=None, gpu=1)  # type: ignore[arg-type]

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert [str(problem) for problem in refused.value.problems] == [
        "namespace: str is not a StorageNamespace. Pass the StorageNamespace object itself.",
        "model: NoneType is no model. Pass a ModelArtifact, artifact.at(tag), or a storage URI.",
        "gpu: int is not Gpu. Pass Gpu(count=...) or None.",
    ]
