from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pulumi_modelstore import AwsS3, InvalidArguments, ModelArtifact, StorageNamespace
from pulumi_modelstore.artifacts.tags import TagTable
from unit.components.declared import Declared, declare


def artifact(source: Path | str, *, prefix: str = "", **arguments: object) -> Declared:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models", prefix=prefix))
        ModelArtifact("llama", namespace=namespace, source=source, **arguments)  # type: ignore[arg-type]

    return declare(program)


def test_files_are_inputs_by_digest(model_folder: Path) -> None:
    upload = artifact(model_folder, version="2024-03-20")["llama-upload"]
    zeros = hashlib.sha256(b"\x00" * 1000).hexdigest()
    assert upload.type == "pulumi-python:dynamic/modelstore:ArtifactUpload"
    assert upload.inputs["files"]["weights.safetensors"] == f"sha256:{zeros} (1.0 kB)"
    assert sorted(upload.inputs["files"]) == ["config.json", "onnx/model.onnx", "weights.safetensors"]
    assert {key: value for key, value in upload.inputs.items() if key != "files"} == {
        "connection": {"region": "us-east-1", "verifyTls": True, "credentials": "default"},
        "bucket": "team-models",
        "modelPrefix": "models/llama/",
        "namespace": "models",
        "version": "2024-03-20",
        "source": str(model_folder),
        "onDelete": "retain",
        "urn": "urn:pulumi:stack::project::modelstore:index:ModelArtifact"
        "$pulumi-python:dynamic/modelstore:ArtifactUpload::llama-upload",
    }


def test_upload_waits_for_the_bucket_and_has_a_day(model_folder: Path) -> None:
    upload = artifact(model_folder)["llama-upload"]
    assert {"models-bucket", "models-tls", "models-public-access"} <= set(upload.dependencies)
    assert upload.request.customTimeouts.create == "24h"
    assert upload.request.customTimeouts.update == "24h"


def test_version_follows_from_the_content(model_folder: Path) -> None:
    first = artifact(model_folder)
    again = artifact(model_folder)
    (model_folder / "config.json").write_text("{}")
    changed = artifact(model_folder)
    version = first["llama"].outputs["version"]
    assert len(version) == 12
    assert first["llama"].outputs["digest"].startswith(f"sha256:{version}")
    assert again["llama"].outputs == first["llama"].outputs
    assert changed["llama"].outputs["version"] != version
    differing = {
        key
        for key in first["llama-upload"].inputs
        if first["llama-upload"].inputs[key] != changed["llama-upload"].inputs[key]
    }
    assert differing == {"files", "version"}
    before, after = first["llama-upload"].inputs["files"], changed["llama-upload"].inputs["files"]
    assert {path for path in before if before[path] != after[path]} == {"config.json"}


def test_uri_is_known_at_preview_and_ends_in_a_slash(model_folder: Path) -> None:
    seen = []

    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models", prefix="team-a"))
        made = ModelArtifact("x", namespace=namespace, source=model_folder, model="llama", version="v1")
        seen.extend([made.uri, made.version, made.model, made.total_bytes])

    declare(program)
    assert seen == ["s3://team-models/team-a/models/llama/v1/", "v1", "llama", 1027]


def test_tags_by_name_point_to_this_version(model_folder: Path) -> None:
    declared = artifact(model_folder, version="v1", tags=["latest", "stable"])
    assert declared.children("llama") == ["llama-upload", "llama-tag-latest", "llama-tag-stable"]
    tag = declared["llama-tag-latest"]
    assert (tag.inputs["tag"], tag.inputs["target"]) == ("latest", "v1")
    assert tag.dependencies == ["llama-upload"]


@pytest.mark.parametrize(("on_delete", "stay"), [("retain", True), ("purge", False)])
def test_tags_stay_with_the_versions(model_folder: Path, on_delete: str, stay: bool) -> None:
    declared = artifact(model_folder, version="v1", tags=["latest"], on_delete=on_delete)
    assert declared["llama-tag-latest"].request.deletedWith.endswith("::llama-upload") is stay


def test_tag_to_tag_is_written_after_its_target(model_folder: Path) -> None:
    tags = {"latest": "v2", "v2": None, "old": "2024-01-01"}
    declared = artifact(model_folder, version="2024-03-20", tags=tags, earlier_versions=["2024-01-01"])
    assert declared["llama-tag-latest"].inputs["target"] == "v2"
    assert declared["llama-tag-latest"].dependencies == ["llama-tag-v2"]
    assert declared["llama-tag-v2"].inputs["target"] == "2024-03-20"
    assert declared["llama-tag-old"].inputs["target"] == "2024-01-01"
    assert declared["llama-tag-old"].dependencies == ["llama-upload"]


def test_tags_resolve_to_versions() -> None:
    table = TagTable({"a": "b", "b": "c", "c": None, "old": "v0"}, "v1", ["v0"])
    assert table.problems() == []
    assert [table.resolve(tag) for tag in ("a", "b", "c", "old")] == ["v1", "v1", "v1", "v0"]
    assert list(table.in_order()) == ["c", "b", "a", "old"]


@pytest.mark.parametrize(
    ("tags", "problems"),
    [
        ({"a": "b", "b": "a"}, ['tags["a"]: runs in a circle: a -> b -> a']),
        ({"a": "a"}, ['tags["a"]: runs in a circle: a -> a']),
        ({"x": "a", "a": "b", "b": "a"}, ['tags["a"]: runs in a circle: a -> b -> a']),
        ({"a": "gone"}, ['tags["a"]: points to "gone", which is neither a version nor a tag']),
        (["v1"], ['tags["v1"]: has the name of a version']),
        (["a/b", ""], ['tags["a/b"]: a tag cannot hold a slash', 'tags[""]: a tag cannot be empty']),
        ({"a": 1}, ["tags: 'a': 1 are no names"]),
    ],
)
def test_bad_tags_are_refused(tags: object, problems: list[str]) -> None:
    found = [str(problem) for problem in TagTable(tags, "v1").problems()]  # type: ignore[arg-type]
    assert len(found) == len(problems)
    for problem, start in zip(found, problems, strict=True):
        assert problem.startswith(start)


def test_every_bad_argument_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidArguments) as refused:
        artifact(tmp_path / "empty", model="a/b", version="2024/03", tags={"latest": "gone"}, on_delete="keep")
    assert [problem.argument for problem in refused.value.problems] == [
        "model",
        "source",
        "version",
        'tags["latest"]',
        "on_delete",
    ]


def test_unusable_files_are_all_named(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("x")
    (model_folder / "leaves").symlink_to(tmp_path / "outside")
    (model_folder / "dangles").symlink_to(model_folder / "nowhere")
    with pytest.raises(InvalidArguments) as refused:
        artifact(model_folder)
    text = str(refused.value)
    assert "'leaves' is a link to" in text
    assert "'dangles' is a link that points nowhere" in text


def test_two_artifacts_of_one_model_are_refused(model_folder: Path) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        ModelArtifact("one", namespace=namespace, source=model_folder, model="llama", version="v1")
        ModelArtifact("two", namespace=namespace, source=model_folder, model="llama", version="v2")

    with pytest.raises(InvalidArguments, match='"llama" is what artifact "one" declares in this namespace'):
        declare(program)


def test_unknown_tag_of_a_service_is_refused(model_folder: Path) -> None:
    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models"))
        ModelArtifact("llama", namespace=namespace, source=model_folder, tags=["latest"]).at("stable")

    with pytest.raises(InvalidArguments, match=r'"stable" is none of them \(latest\)'):
        declare(program)


def test_files_that_pods_will_not_get_are_warned_about(model_folder: Path) -> None:
    (model_folder / "empty.txt").touch()
    assert "empty.txt" in " ".join(artifact(model_folder).warnings)
