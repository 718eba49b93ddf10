"""Pulumi.yaml: what is read from it and what is refused, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modelstore_sandbox.project.errors import InvalidProjectError, ProjectError
from pulumi_modelstore_sandbox.project.project import load_project


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(text)
    return folder


def test_a_project_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        "name: models\nruntime:\n  name: python\n  options: {virtualenv: .venv}\nmain: program\ndescription: Models\n",
    )
    (tmp_path / "program" / "deep").mkdir(parents=True)
    project = load_project(tmp_path / "program" / "deep")
    assert (project.name, project.root, project.main) == ("models", tmp_path, tmp_path / "program")
    assert project.description == "Models"


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
name: a/b
runtime: nodejs
main: nowhere
description: [1]
config:
  both: {default: 1, value: 2}
  kind: {type: text}
  list: {type: array}
  number: {type: integer, default: many}
  aws:region: {type: string, default: eu-west-1}
  a:b:c:d: 1
""",
    )
    with pytest.raises(InvalidProjectError) as caught:
        load_project(tmp_path)
    said = str(caught.value)
    assert str(tmp_path / "Pulumi.yaml") in said
    for part in (
        "name: 'a/b' is no project name",
        "'nodejs' needs the Pulumi CLI",
        "main: nowhere is not there",
        "description: must be text",
        "both: has both `default` and `value`",
        "kind: type 'text' is none of string, integer",
        "list: is an array without `items`",
        "number: its default is not of its type, integer",
        "aws:region: belongs to another namespace",
        "a:b:c:d is no configuration key",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: a\nruntime: [}\n", "is not valid YAML in line 2"),
        ("- a", "must hold a mapping"),
        ("name: a\n", "runtime: is missing"),
        ("name: a\nruntime: python\nconfig: [1]\n", "config: must be a mapping"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ProjectError, match=says):
        load_project(write(tmp_path, text))


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"No Pulumi\.yaml in"):
        load_project(tmp_path)
    with pytest.raises(ProjectError, match="is not a folder"):
        load_project(tmp_path / "missing")


def test_which_stack(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, "name: a\nruntime: python\n"))
    assert project.choose_stack(None) == "dev"
    assert project.choose_stack("any") == "any"
    (tmp_path / "Pulumi.staging.yaml").touch()
    assert project.choose_stack(None) == "staging"
    (tmp_path / "Pulumi.prod.yaml").touch()
    with pytest.raises(ProjectError, match=r"several stacks \(prod, staging\).*--stack"):
        project.choose_stack(None)
    (tmp_path / "Pulumi.dev.yaml").touch()
    assert project.choose_stack(None) == "dev"


@pytest.mark.parametrize("line", ["config: stacks", "stackConfigDir: stacks"])
def test_stack_files_in_a_folder_of_their_own(tmp_path: Path, line: str) -> None:
    project = load_project(write(tmp_path, f"name: a\nruntime: python\n{line}\n"))
    assert project.stack_file("dev") == tmp_path / "stacks" / "Pulumi.dev.yaml"
