"""Secrets and unknowns on their way through a run."""

from __future__ import annotations

import hashlib
from typing import Any

from pulumi_modelstore_sandbox.engine.events import Diagnostic, StepFailed
from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Secret, contains_secret
from sandbox.engine.stacks import Ran, Stack

HUSH = "hush-1234"


def texts(ran: Ran) -> str:
    """Every text that the run told."""
    return "\n".join(event.message for event in ran.events if isinstance(event, Diagnostic | StepFailed)) + repr(
        ran.events
    )


def test_secrets_reach_the_provider_and_nothing_else(stack: Stack) -> None:
    stack.config = {"shop:key": HUSH}
    stack.secret_keys = frozenset({"shop:key"})
    stack.program("""
        key = pulumi.Config().require_secret("key")
        a = File("a", path="a", content=key, nested={"deep": [key]})
        File("b", path="b", content=a.rendered)
        pulumi.export("key", key)
    """)
    planned = stack.preview()
    ran = stack.up()
    assert stack.contents == {"a": HUSH, "b": HUSH}
    assert HUSH not in texts(planned) + texts(ran)
    state = stack.journal.named("a")
    assert state.inputs["content"] == Secret(HUSH)
    assert state.outputs["content"] == Secret(HUSH)
    assert state.inputs["nested"] == {"deep": [Secret(HUSH)]}
    assert ran.outputs == {"key": Secret(HUSH)}
    assert stack.preview().ops == {}


def test_a_secret_in_an_error_is_left_out(stack: Stack) -> None:
    ran = stack.program(f"""
        File("a", path="a", content=Output.secret("{HUSH}"), fail="create")
    """).up(check=False)
    assert ran.failures["a"] == "ValueError: cannot create with [secret]"
    assert "Traceback" in ran.said("debug")
    assert HUSH not in texts(ran)


def test_a_secret_that_the_program_prints_in_its_error_is_left_out(stack: Stack) -> None:
    stack.config = {"shop:key": HUSH}
    stack.secret_keys = frozenset({"shop:key"})
    ran = stack.program("""
        key = pulumi.Config().require("key")
        raise RuntimeError("bad key " + key)
    """).up(check=False)
    assert "RuntimeError: bad key [secret]" in ran.said("error")
    assert HUSH not in texts(ran)


def test_additional_secret_outputs(stack: Stack) -> None:
    stack.program("""
        a = File("a", path="a", opts=ResourceOptions(additional_secret_outputs=["token"]))
        pulumi.export("token", a.token)
    """)
    ran = stack.up()
    assert ran.outputs == {"token": Secret("token-of-a")}
    assert stack.journal.named("a").outputs["token"] == Secret("token-of-a")
    assert "token-of-a" not in texts(ran)
    assert stack.preview().ops == {}


def test_making_an_input_secret_is_no_change_of_the_resource(stack: Stack) -> None:
    stack.program('File("a", path="a", content="text")').up()
    ran = stack.program('File("a", path="a", content=Output.secret("text"))').up()
    assert ran.ops == {}
    assert stack.journal.named("a").inputs["content"] == Secret("text")


def test_unknowns_in_a_preview(stack: Stack) -> None:
    stack.program("""
        a = File("a", path="a", content="x")
        File("b", path="b", content=a.token, listed=[a.token, "known"])
        seen = []
        a.token.apply(lambda token: seen.append(token))
        pulumi.export("token", a.token)
        pulumi.export("rendered", a.rendered)
        pulumi.export("id", a.id)
    """)
    planned = stack.preview()
    step = planned.step("b", "create")
    assert step.new is not None
    assert step.new.inputs == {"path": "b", "content": UNKNOWN, "listed": [UNKNOWN, "known"]}
    # What the provider can tell at a preview is known, the rest and the id are not.
    assert planned.outputs == {"token": UNKNOWN, "rendered": "x", "id": UNKNOWN}
    stack.up()
    assert stack.preview().outputs["token"] == "token-of-a"


def test_outputs_of_an_update_are_what_its_preview_tells(stack: Stack) -> None:
    program = """
        a = File("a", path="a", content="{content}")
        File("b", path="b", content=a.rendered)
    """
    stack.program(program.format(content="one")).up()
    step = stack.program(program.format(content="two")).preview().step("b", "update")
    assert step.new is not None
    assert step.new.inputs["content"] == "two"


def test_an_unknown_provider_configuration_makes_an_update_likely(stack: Stack) -> None:
    program = """
        a = File("a", path="{path}", content="x")
        provider = FilesProvider("late", prefix=a.token)
        File("b", path="b", content="x", opts=ResourceOptions(provider=provider))
    """
    stack.program(program.format(path="a")).up()
    assert stack.journal.named("b").outputs["rendered"] == "token-of-ax"
    planned = stack.program(program.format(path="z")).preview()
    assert planned.ops["b"] == ["update"]
    assert "configuration of this resource's provider is not known" in planned.said("warning")


def test_values_keep_their_types(stack: Stack) -> None:
    values: dict[str, Any] = {"n": 3, "x": 1.5, "yes": True, "none": None, "deep": {"list": [1, "a", {"b": False}]}}
    stack.program(f'File("a", path="a", value={values!r})').up()
    stored = stack.journal.named("a").inputs["value"]
    assert stored == {key: value for key, value in values.items() if value is not None or key in stored}
    assert type(stored["n"]) is int
    assert stack.preview().ops == {}


def test_file_assets_are_recorded_by_the_digest_of_what_they_hold(stack: Stack) -> None:
    (stack.folder / "text").write_text("one")
    stack.program("""
        File("a", path="a", asset=pulumi.FileAsset("text"))
        File("b", path="b", asset=pulumi.StringAsset("one"))
    """).up()
    digests = []
    for name in "ab":
        asset = stack.journal.named(name).inputs["asset"]
        assert isinstance(asset, dict)
        digests.append(asset["hash"])
    assert digests == [hashlib.sha256(b"one").hexdigest()] * 2


def test_no_secret_is_in_the_recorded_state_in_clear(stack: Stack) -> None:
    stack.program(f"""
        class Holder(pulumi.ComponentResource):
            def __init__(self):
                super().__init__("files:index:Holder", "h", {{"key": Output.secret("{HUSH}")}})
                self.register_outputs({{"key": Output.secret("{HUSH}")}})
        Holder()
    """).up()
    state = stack.journal.named("h")
    assert state.outputs == {"key": Secret(HUSH)}
    assert contains_secret(state.outputs)
