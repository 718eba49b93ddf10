"""A provider whose objects are JSON files in a folder: what is changed or removed there has really drifted.

Resource type `files:index:File`; a change of `path` replaces. The inputs `fail` and `refuse` make an
operation fail; `meet` makes that many creations wait for each other, and `die` ends the process.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    InvokeRequest,
    InvokeResponse,
    PropertyDiff,
    PropertyDiffKind,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

FOLDER = "FILES_TEST_FOLDER"
_lock = threading.Lock()


def computed(value: PropertyValue | None) -> bool:
    return value is not None and isinstance(value.value, Computed)


_meetings: dict[int, threading.Barrier] = {}


def _meeting(size: int) -> threading.Barrier:
    with _lock:
        return _meetings.setdefault(size, threading.Barrier(size))


def plain(value: PropertyValue) -> Any:
    match value.value:
        case Computed():
            return None
        case Mapping() as items:
            return {key: plain(item) for key, item in items.items()}
        case list() | tuple() as items:
            return [plain(item) for item in items]
        case ResourceReference() as reference:
            return reference.urn
        case pulumi.FileAsset() as asset:
            return str(asset.path)
        case pulumi.StringAsset() as asset:
            return asset.text
        case float() as number if number == int(number):
            return int(number)
        case other:
            return other


def bare(properties: Any) -> dict[str, Any]:
    return {key: plain(value) for key, value in properties.items()}


def log(line: str) -> None:
    with _lock, (Path(os.environ[FOLDER]) / "log").open("a") as file:
        file.write(line + "\n")


class FileProvider(Provider):
    """Keeps objects as files; `prefix` in its configuration goes before every content."""

    def __init__(self) -> None:
        self.prefix = ""

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        prefix = request.args.get("prefix")
        self.prefix = str(plain(prefix)) if prefix else ""
        return ConfigureResponse(accept_secrets=True, supports_preview=True, accept_outputs=True, accept_resources=True)

    async def diff_config(self, request: DiffRequest) -> DiffResponse:
        olds, news = bare(request.old_state), bare(request.new_inputs)
        replaces = ["account"] if olds.get("account") != news.get("account") else []
        # The SDK writes this `changes` to the wire as it stands: 1 is "none", 2 is "some".
        return DiffResponse(changes=2 if olds != news else 1, replaces=replaces)  # type: ignore[arg-type]

    async def check(self, request: CheckRequest) -> CheckResponse:
        news = dict(request.new_inputs)
        failures = []
        if "refuse" in news:
            failures.append(CheckFailure("refuse", f"refused: {plain(news['refuse'])}"))
        if "path" not in news:
            olds = request.old_inputs
            news["path"] = olds["path"] if olds and "path" in olds else PropertyValue(f"auto-{os.urandom(3).hex()}")
        return CheckResponse(inputs=news, failures=failures)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        olds, news = dict(request.old_state), request.new_inputs
        for key in ("rendered", "token"):
            olds.pop(key, None)
        ignored = {path.split(".")[0] for path in request.ignore_changes}
        detailed, replaces = {}, []
        for key in sorted({*olds, *news}):
            before, after = olds.get(key), news.get(key)
            if key in ignored or (not computed(after) and _same(before, after)):
                continue
            kind = PropertyDiffKind.UPDATE
            if before is None:
                kind = PropertyDiffKind.ADD
            elif after is None:
                kind = PropertyDiffKind.DELETE
            if key == "path":
                kind = PropertyDiffKind.UPDATE_REPLACE
                replaces.append(key)
            detailed[key] = PropertyDiff(kind, input_diff=True)
        before_first = "deleteFirst" in news and bool(plain(news["deleteFirst"]))
        return DiffResponse(
            changes=bool(detailed),
            diffs=list(detailed),
            replaces=replaces,
            detailed_diff=detailed,
            delete_before_replace=before_first,
        )

    async def create(self, request: CreateRequest) -> CreateResponse:
        outs = self._outputs(request.properties)
        if request.preview:
            return CreateResponse("", {key: value for key, value in outs.items() if key != "token"})
        inputs = bare(request.properties)
        self._work(inputs, "create")
        identity = f"{inputs['path']}-{os.urandom(3).hex()}"
        self._write(identity, inputs)
        log(f"create {identity}")
        return CreateResponse(identity, outs)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        outs = self._outputs(request.news)
        if not request.preview:
            inputs = bare(request.news)
            self._work(inputs, "update")
            self._write(request.resource_id, inputs)
            log(f"update {request.resource_id}")
        return UpdateResponse(outs)

    async def read(self, request: ReadRequest) -> ReadResponse:
        file = Path(os.environ[FOLDER]) / request.resource_id
        log(f"read {request.resource_id}")
        if not file.exists():
            return ReadResponse("", {}, {})
        inputs = {key: _value(value) for key, value in json.loads(file.read_text()).items()}
        return ReadResponse(request.resource_id, self._outputs(inputs), inputs)

    async def delete(self, request: DeleteRequest) -> None:
        inputs = bare(request.properties)
        self._work(inputs, "delete")
        (Path(os.environ[FOLDER]) / request.resource_id).unlink(missing_ok=True)
        log(f"delete {request.resource_id}")

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        return InvokeResponse({"shout": PropertyValue(str(plain(request.args["say"])).upper())}, None)

    def _outputs(self, inputs: Any) -> dict[str, PropertyValue]:
        outs = dict(inputs)
        content = inputs.get("content")
        if content is not None and not computed(content):
            outs["rendered"] = PropertyValue(self.prefix + str(plain(content)), is_secret=content.is_secret)
        outs["token"] = PropertyValue("token-of-" + str(plain(inputs["path"]) or "?"))
        return outs

    @staticmethod
    def _work(inputs: dict[str, Any], operation: str) -> None:
        if inputs.get("meet") and operation == "create":
            _meeting(int(inputs["meet"])).wait(timeout=60)
        if inputs.get("die") and operation == "create":
            os.kill(os.getpid(), signal.SIGKILL)
        if inputs.get("fail") == operation:
            raise ValueError(f"cannot {operation} with {inputs.get('content')}")

    @staticmethod
    def _write(identity: str, inputs: dict[str, Any]) -> None:
        (Path(os.environ[FOLDER]) / identity).write_text(json.dumps(inputs))


def _value(value: Any) -> PropertyValue:
    match value:
        case dict():
            return PropertyValue({key: _value(item) for key, item in value.items()})
        case list():
            return PropertyValue([_value(item) for item in value])
        case int() if not isinstance(value, bool):
            return PropertyValue(float(value))
        case _:
            return PropertyValue(value)


def _same(before: PropertyValue | None, after: PropertyValue | None) -> bool:
    if before is None or after is None:
        return before is after
    return bool(plain(before) == plain(after))
