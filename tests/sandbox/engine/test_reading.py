"""Resources that exist already: get, import, refresh, stack references, invokes."""

from __future__ import annotations

import json

import pytest

from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Secret
from sandbox.engine.stacks import Stack


def put(stack: Stack, identity: str, **inputs: object) -> None:
    (stack.objects / identity).write_text(json.dumps(inputs))


def test_get_reads_and_never_deletes(stack: Stack) -> None:
    put(stack, "there", path="there", content="old")
    stack.program("""
        found = File("found", opts=ResourceOptions(id="there"))
        File("a", path="a", content=found.rendered)
    """)
    planned = stack.preview()
    assert planned.ops["found"] == ["read"]
    stack.up()
    assert stack.contents == {"there": "old", "a": "old"}
    state = stack.journal.named("found")
    assert state.external
    assert state.id == "there"
    ran = stack.program("").up()
    assert ran.ops == {"a": ["delete"], "found": ["discard"]}
    assert stack.contents == {"there": "old"}


def test_get_of_what_is_not_there_fails(stack: Stack) -> None:
    ran = stack.program('File("found", opts=ResourceOptions(id="nowhere"))').preview()
    assert not ran.succeeded
    assert "there is no resource 'nowhere'" in ran.failures["found"]


def test_an_owned_resource_gives_way_to_a_read_one(stack: Stack) -> None:
    put(stack, "there", path="there")
    stack.program('File("a", path="a")').up()
    ran = stack.program('File("a", opts=ResourceOptions(id="there"))').up()
    assert ran.ops == {"a": ["read-replacement", "replace", "delete-replaced"]}
    assert stack.contents == {"there": None}


def test_a_read_resource_gives_way_to_an_owned_one(stack: Stack) -> None:
    put(stack, "there", path="there")
    stack.program('File("a", opts=ResourceOptions(id="there"))').up()
    ran = stack.program('File("a", path="a")').up()
    assert ran.ops == {"a": ["create-replacement", "replace", "discard-replaced"]}
    assert stack.contents == {"there": None, "a": None}


def test_import_takes_over_without_a_change(stack: Stack) -> None:
    put(stack, "there", path="there", content="old")
    program = 'File("a", path="there", content="{content}", opts=ResourceOptions(import_="there"))'
    stack.program(program.format(content="old"))
    assert stack.preview().ops["a"] == ["import"]
    ran = stack.up()
    assert ran.ops["a"] == ["import"]
    assert ran.changes["import"] == 1
    state = stack.journal.named("a")
    assert (state.id, state.import_id, state.external) == ("there", "there", False)
    assert stack.preview().ops == {}


def test_import_whose_inputs_differ_is_imported_and_then_updated(stack: Stack) -> None:
    put(stack, "there", path="there", content="old")
    stack.program('File("a", path="there", content="new", opts=ResourceOptions(import_="there"))')
    assert stack.preview().ops["a"] == ["import", "update"]
    assert stack.contents == {"there": "old"}
    assert stack.up().ops["a"] == ["import", "update"]
    assert stack.contents == {"there": "new"}


def test_import_that_would_replace_is_refused(stack: Stack) -> None:
    put(stack, "there", path="there")
    stack.program('File("a", path="elsewhere", opts=ResourceOptions(import_="there"))')
    ran = stack.up(check=False)
    assert not ran.succeeded
    assert "must be replaced, but the program imports it" in ran.said("error")
    assert stack.contents == {"there": None}


def test_import_of_what_is_not_there_fails(stack: Stack) -> None:
    ran = stack.program('File("a", path="x", opts=ResourceOptions(import_="nowhere"))').preview()
    assert not ran.succeeded
    assert "there is no resource 'nowhere'" in ran.failures["a"]


def test_refresh_sees_drift_and_the_next_up_corrects_it(stack: Stack) -> None:
    stack.program('a = File("a", path="a", content="one")\nFile("b", path="b", content="b")').up()
    put(stack, stack.journal.named("a").id, path="a", content="drifted")
    assert stack.preview().ops == {}
    ran = stack.refresh()
    assert ran.succeeded
    assert ran.changes == {"update": 1, "same": 2}
    step = ran.step("a", "refresh")
    assert {path: item.kind for path, item in step.detailed_diff.items()} == {"content": "update"}
    assert stack.journal.named("a").outputs["content"] == "drifted"
    assert stack.preview().ops == {"a": ["update"]}
    stack.up()
    assert stack.contents == {"a": "one", "b": "b"}


def test_refresh_forgets_what_is_gone_with_what_depended_on_it(stack: Stack) -> None:
    stack.program('a = File("a", path="a")\nFile("b", path="b", content=a.path)').up()
    stack.object_of("a").unlink()
    ran = stack.refresh()
    assert ran.changes == {"delete": 1, "same": 2}
    assert ran.step("a", "refresh").new is None
    assert stack.journal.named("b").dependencies == []
    assert stack.preview().ops == {"a": ["create"]}


def test_up_with_refresh(stack: Stack) -> None:
    stack.program('File("a", path="a", content="one")').up()
    put(stack, stack.journal.named("a").id, path="a", content="drifted")
    stack.options = stack.options.__class__(refresh=True)
    planned = stack.preview()
    assert planned.ops["a"] == ["refresh", "update"]
    assert stack.journal.named("a").outputs["content"] == "one"
    stack.up()
    assert stack.contents == {"a": "one"}


def test_stack_references_give_outputs_and_secrets(stack: Stack) -> None:
    other = {"url": "http://x", "key": Secret("other-stack-key")}
    stack.stack_outputs = lambda name: other if name == "org/base/prod" else None
    stack.program("""
        base = pulumi.StackReference("org/base/prod")
        File("a", path="a", content=base.get_output("url"))
        File("b", path="b", content=base.get_output("key"))
    """)
    planned = stack.preview()
    assert planned.ops["org/base/prod"] == ["read"]
    stack.up()
    assert stack.contents == {"a": "http://x", "b": "other-stack-key"}
    assert stack.journal.named("b").inputs["content"] == Secret("other-stack-key")
    assert stack.journal.named("org/base/prod").outputs["secretOutputNames"] == ["key"]


def test_a_missing_stack_is_named(stack: Stack) -> None:
    ran = stack.program('pulumi.StackReference("org/base/nowhere")').preview()
    assert "there is no stack 'org/base/nowhere'" in ran.failures["org/base/nowhere"]


def test_stash_keeps_its_first_value(stack: Stack) -> None:
    program = 'pulumi.export("kept", pulumi.Stash("s", input={value!r}).output)'
    assert stack.program(program.format(value="one")).up().outputs == {"kept": "one"}
    assert stack.program(program.format(value="two")).up().outputs == {"kept": "one"}


def test_invoke(stack: Stack) -> None:
    stack.program("""
        answer = pulumi.runtime.invoke("files:index:shout", {"say": "hello"})
        pulumi.export("loud", answer.value["shout"])
        a = File("a", path="a", content="x")
        later = pulumi.runtime.invoke_output("files:index:shout", {"say": a.token})
        pulumi.export("later", later.apply(lambda answer: answer["shout"]))
    """)
    assert stack.preview().outputs == {"loud": "HELLO", "later": UNKNOWN}
    assert stack.up().outputs == {"loud": "HELLO", "later": "TOKEN-OF-A"}


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_references_to_resources_come_back_as_resources(stack: Stack, verb: str) -> None:
    stack.program("""
        from pulumi.runtime.rpc import register_resource_module

        class FilesModule(pulumi.runtime.ResourceModule):
            def version(self):
                return None

            def construct(self, name, typ, urn):
                return File(name, opts=ResourceOptions(urn=urn))

        register_resource_module("files", "index", FilesModule())
        a = File("a", path="a", content="x")
        pulumi.export("urn", a.urn)
        b = File("b", path="b", held=a)
        pulumi.export("a", a)
    """)
    ran = getattr(stack, verb)()
    assert ran.succeeded, ran.said("error")
    assert ran.outputs["urn"] == "urn:pulumi:dev::shop::files:index:File::a"
