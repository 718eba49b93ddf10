"""Same, create, update, replace and delete."""

from __future__ import annotations

import sys

import pytest

from sandbox.engine.stacks import Stack

ONE = """
    a = File("a", path="a", content="one")
    b = File("b", path="b", content=a.rendered)
    pulumi.export("b", b.rendered)
"""


def test_create_then_same(stack: Stack) -> None:
    stack.program(ONE)
    planned = stack.preview()
    assert planned.succeeded, (planned.failures, planned.said("error"), planned.said("debug")[-3000:])
    assert planned.ops == {"shop-dev": ["create"], "a": ["create"], "b": ["create"]}
    assert stack.journal.history == []
    assert stack.contents == {}
    done = stack.up()
    assert done.ops == planned.ops
    assert done.changes == {"create": 3}
    assert stack.contents == {"a": "one", "b": "one"}
    assert done.outputs == {"b": "one"}
    again = stack.up()
    assert again.ops == {}
    assert again.changes == {"same": 3}
    assert stack.preview().ops == {}


def test_a_program_edited_at_once_is_read_anew_where_python_keeps_byte_code(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    stack.program(ONE).up()
    assert stack.program(ONE.replace('"one"', '"two"')).preview().ops == {"a": ["update"], "b": ["update"]}


def test_update_in_place_shows_the_property(stack: Stack) -> None:
    stack.program(ONE).up()
    stack.program(ONE.replace('"one"', '"two"'))
    planned = stack.preview()
    assert planned.ops == {"a": ["update"], "b": ["update"]}
    step = planned.step("a", "update")
    assert {path: item.kind for path, item in step.detailed_diff.items()} == {"content": "update"}
    assert step.old is not None
    assert step.old.inputs["content"] == "one"
    before = stack.journal.named("a").id
    assert stack.up().ops == planned.ops
    assert stack.journal.named("a").id == before
    assert stack.contents == {"a": "two", "b": "two"}


def test_replacement_creates_before_it_deletes(stack: Stack) -> None:
    stack.program(ONE).up()
    stack.forget_log()
    stack.program(ONE.replace('path="a"', 'path="c"'))
    ops = {"a": ["create-replacement", "replace", "delete-replaced"]}
    assert stack.preview().ops == ops
    done = stack.up()
    assert done.ops == ops
    assert done.changes == {"replace": 1, "same": 2}
    assert stack.log == ["create c", "delete a"]
    assert stack.contents == {"c": "one", "b": "one"}
    assert stack.preview().ops == {}


def test_delete_before_replace_takes_its_dependents_along(stack: Stack) -> None:
    program = """
        a = File("a", path="{path}", content="one", opts=ResourceOptions(delete_before_replace=True))
        b = File("b", path=a.path.apply(lambda p: p + "-b"), content="b")
        c = File("c", path="c", content=a.rendered)
    """
    stack.program(program.format(path="a")).up()
    stack.forget_log()
    stack.program(program.format(path="z"))
    ops = {
        "b": ["delete-replaced", "replace", "create-replacement"],
        "a": ["delete-replaced", "replace", "create-replacement"],
    }
    planned = stack.preview()
    assert {name: planned.ops[name] for name in "ab"} == ops
    assert stack.up().ops == ops
    assert stack.log == ["delete a-b", "delete a", "create z", "create z-b"]
    assert stack.contents == {"z": "one", "z-b": "b", "c": "one"}
    assert stack.preview().ops == {}


def test_deletes_in_reverse_dependency_order(stack: Stack) -> None:
    stack.program("""
        a = File("a", path="a")
        b = File("b", path="b", content=a.path)
        c = File("c", path="c", opts=ResourceOptions(depends_on=[b]))
        d = File("d", path="d")
    """).up()
    stack.forget_log()
    stack.program('File("d", path="d")')
    assert sorted(stack.preview().ops) == ["a", "b", "c"]
    done = stack.up()
    assert done.changes == {"same": 2, "delete": 3}
    assert stack.log == ["delete c", "delete b", "delete a"]
    assert stack.contents == {"d": None}


def test_destroy_leaves_nothing(stack: Stack) -> None:
    stack.program("""
        group = Group("g")
        a = File("a", path="a", opts=ResourceOptions(parent=group))
        b = File("b", path="b", content=a.path)
        File("c", path="c", opts=ResourceOptions(depends_on=[group]))
        group.register_outputs({"path": a.path})
    """).up()
    assert stack.journal.named("g").outputs == {"path": "a"}
    stack.forget_log()
    done = stack.destroy()
    assert done.succeeded
    assert done.changes == {"delete": 5}
    # c depends on the component and so on its children.
    assert stack.log.index("delete a") == 2
    assert stack.journal.resources == []
    assert stack.contents == {}


def test_steps_without_dependencies_run_at_once(stack: Stack) -> None:
    # Each creation waits until all of them have begun: one after the other, the first would never end.
    stack.program("""
        import os, pathlib
        for index in range(6):
            File(f"f{index}", path=f"f{index}", meet=6)
    """)
    stack.options = stack.options.__class__(parallel=6)
    assert stack.up().changes == {"create": 7}


def test_a_duplicate_name_is_refused(stack: Stack) -> None:
    stack.program("""
        File("a", path="a")
        File("a", path="b")
    """)
    ran = stack.preview()
    assert not ran.succeeded
    assert "duplicate resource URN urn:pulumi:dev::shop::files:index:File::a" in ran.said("error")


def test_several_runs_in_one_process_share_nothing(stack: Stack, tmp_path: object) -> None:
    for content in ("one", "two", "three"):
        stack.program(f'File("a", path="a", content="{content}")\npulumi.export("c", "{content}")')
        assert stack.up().outputs == {"c": content}
    assert stack.contents == {"a": "three"}


def test_modules_of_the_program_are_read_anew(stack: Stack) -> None:
    for content in ("one", "two"):
        (stack.folder / "settings.py").write_text(f"CONTENT = {content!r}\n")
        stack.program("""
            import settings
            File("a", path="a", content=settings.CONTENT)
        """).up()
    assert stack.contents == {"a": "two"}
