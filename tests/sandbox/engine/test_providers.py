"""The kinds of providers: dynamic ones and plugin executables (the other tests use one in this process)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pulumi_modelstore_sandbox.engine.values import UNKNOWN, Secret
from sandbox.engine.stacks import Stack

COUNTER = """
import json
import pathlib

from pulumi.dynamic import (CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, Resource,
                            ResourceProvider, UpdateResult)
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.progress import report

FOLDER = pathlib.Path(__file__).parent / "counters"


class CounterProvider(ResourceProvider):
    serialize_as_secret_always = False

    def configure(self, req):
        with open("configured", "a") as file:
            file.write(f"{req.config.get('key')}\\n")

    def check(self, olds, news):
        failures = [CheckFailure("size", "must not be negative")] if news.get("size", 0) == -1 else []
        return CheckResult(news, failures)

    def diff(self, id, olds, news):
        if "provider_decides" not in news:
            return DiffResult()
        return DiffResult(changes=olds.get("size") != news.get("size"), replaces=["size"], delete_before_replace=True)

    def create(self, props):
        if props.get("size") == 13:
            raise ModelstoreError("counting to 13", remedy="choose another number")
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / props["name"]).write_text(repr(props["size"]))
        report(props.get("urn", ""), lambda: "counting", done=1, total=2)
        return CreateResult(props["name"], {**props, "count": props["size"], "secret": "counter-secret"})

    def update(self, id, olds, news):
        (FOLDER / id).write_text(repr(news["size"]))
        return UpdateResult({**news, "count": news["size"], "secret": "counter-secret"})

    def read(self, id, props):
        if not (FOLDER / id).exists():
            return ReadResult("", {})
        return ReadResult(id, props)

    def delete(self, id, props):
        (FOLDER / id).unlink()


class Counter(Resource, module="counting", name="Counter"):
    def __init__(self, name, opts=None, **props):
        super().__init__(CounterProvider(), name, {"name": name, "count": None, "secret": None, **props}, opts)
"""


@pytest.fixture
def counting(stack: Stack) -> Stack:
    (stack.folder / "counters.py").write_text(COUNTER)
    return stack


def test_dynamic_provider(counting: Stack) -> None:
    stack = counting
    program = """
        from counters import Counter
        a = Counter("a", size={size}, opts=ResourceOptions(additional_secret_outputs=["secret"]))
        Counter("b", size=a.count)
        pulumi.export("count", a.count)
    """
    stack.config = {"shop:key": "k-123456"}
    stack.secret_keys = frozenset({"shop:key"})
    planned = stack.program(program.format(size=1)).preview()
    assert planned.outputs == {"count": UNKNOWN}
    stack.up()
    # Numbers reach a dynamic provider as floats, as they do under the CLI.
    assert (stack.folder / "counters" / "a").read_text() == "1.0"
    assert (stack.folder / "configured").read_text() == "k-123456\n" * 2, "once for each run"
    state = stack.journal.named("a")
    assert state.type == "pulumi-python:dynamic/counting:Counter"
    assert state.outputs["secret"] == Secret("counter-secret")
    default = stack.journal.named("default")
    assert default.urn == "urn:pulumi:dev::shop::pulumi:providers:pulumi-python::default"
    assert default.inputs == {"shop:key": Secret("k-123456")}
    assert stack.preview().ops == {}

    planned = stack.program(program.format(size=2)).preview()
    assert planned.ops == {"a": ["update"], "b": ["update"]}
    step = planned.step("a", "update")
    assert list(step.detailed_diff) == ["size"]
    assert step.new is not None
    assert "count" not in step.new.outputs or step.new.outputs["count"] is None
    stack.up()
    assert (stack.folder / "counters" / "b").read_text() == "2.0"

    (stack.folder / "counters" / "b").unlink()
    assert stack.refresh().changes["delete"] == 1
    stack.up()
    assert stack.destroy().succeeded
    assert list((stack.folder / "counters").iterdir()) == []


def test_a_dynamic_provider_decides_on_replacement(counting: Stack) -> None:
    program = """
        from counters import Counter
        Counter("a", size={size}, provider_decides=True)
    """
    counting.program(program.format(size=1)).up()
    ran = counting.program(program.format(size=2)).up()
    assert ran.ops == {"a": ["delete-replaced", "replace", "create-replacement"]}
    assert ran.step("a", "replace").detailed_diff["size"].kind == "update-replace"


def test_a_dynamic_provider_refuses_and_fails_in_its_own_words(counting: Stack) -> None:
    ran = counting.program("""
        from counters import Counter
        Counter("a", size=-1)
        Counter("b", size=13)
    """).up(check=False)
    assert "size: must not be negative" in ran.said("error")
    assert ran.failures["b"].startswith("counting to 13")
    assert "choose another number" in ran.failures["b"]
    assert "Traceback" not in ran.failures["b"]


def test_progress_of_a_provider_is_an_ephemeral_message(counting: Stack) -> None:
    from pulumi_modelstore_sandbox.engine.events import Diagnostic

    ran = counting.program("""
        from counters import Counter
        Counter("a", size=1, urn="urn:pulumi:dev::shop::pulumi-python:dynamic/counting:Counter::a")
    """).up()
    told = [event for event in ran.events if isinstance(event, Diagnostic) and event.ephemeral]
    assert [event.urn.rsplit("::", 1)[1] for event in told] == ["a"]
    assert "counting" in told[0].message


def test_a_class_of_the_program_itself_can_be_a_provider(stack: Stack) -> None:
    stack.program("""
        from pulumi.dynamic import CreateResult, Resource, ResourceProvider

        class Provider(ResourceProvider):
            def create(self, props):
                return CreateResult("id-1", {"double": props["size"] * 2})

        class Doubled(Resource):
            def __init__(self, name, size):
                super().__init__(Provider(), name, {"size": size, "double": None})

        pulumi.export("double", Doubled("d", 4).double)
    """)
    assert stack.up().outputs == {"double": 8}
    assert stack.preview().ops == {}
    assert isinstance(stack.journal.named("d").inputs["__provider"], Secret)
    assert stack.destroy().succeeded


PLUGIN = """#!{python}
from concurrent import futures
import grpc
from google.protobuf import empty_pb2, any_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse()

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        return provider_pb2.DiffResponse()

    def Create(self, request, context):
        if request.properties.fields["kind"].string_value == "half":
            return self._half(request, context)
        return provider_pb2.CreateResponse(id="1", properties=request.properties)

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):
        return empty_pb2.Empty()

    def _half(self, request, context):
        failed = provider_pb2.ErrorResourceInitFailed(
            id="half-1", properties=request.properties, reasons=["its pods do not start"])
        detail = any_pb2.Any()
        detail.Pack(failed)
        status = status_pb2.Status(code=2, message="not ready", details=[detail])
        context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
        context.abort(grpc.StatusCode.UNKNOWN, "not ready")

server = grpc.server(futures.ThreadPoolExecutor(4))
provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
"""


@pytest.fixture
def plugged(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A provider `half` on PATH, in a process of its own."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    executable = folder / "pulumi-resource-half"
    executable.write_text(PLUGIN.format(python=sys.executable))
    executable.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return stack


HALF = 'pulumi.CustomResource("half:index:Thing", "t", {{"kind": "{kind}", "secret": Output.secret("s-123456")}})'


def test_plugin_executable(plugged: Stack) -> None:
    plugged.program(HALF.format(kind="whole")).up()
    # It takes no marked secrets: what came back under the name of a secret input is one.
    assert plugged.journal.named("t").outputs["secret"] == Secret("s-123456")
    assert plugged.preview().ops == {}
    # It leaves the diff to the engine.
    ran = plugged.program(HALF.format(kind="other")).up()
    assert ran.ops == {"t": ["update"]}
    assert list(ran.step("t", "update").detailed_diff) == ["kind"]
    assert plugged.destroy().succeeded


def test_a_resource_that_exists_but_is_not_complete(plugged: Stack) -> None:
    ran = plugged.program(HALF.format(kind="half")).up(check=False)
    assert not ran.succeeded
    assert "its pods do not start" in ran.failures["t"]
    state = plugged.journal.named("t")
    assert (state.id, state.init_errors) == ("half-1", ["its pods do not start"])
    # The next run tries again to complete it, though nothing else changed.
    ran = plugged.up()
    assert ran.ops == {"t": ["update"]}
    assert plugged.journal.named("t").init_errors == []


def test_a_plugin_that_does_not_start_is_told(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable = tmp_path / "pulumi-resource-broken"
    executable.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no licence')\n")
    executable.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    ran = stack.program('pulumi.CustomResource("broken:index:Thing", "t", {})').preview()
    assert "pulumi-resource-broken did not print its port" in ran.said("error")
    assert "no licence" in ran.said("error")
