"""Steps and a console for tests of what is shown."""

from __future__ import annotations

import io
import re
from typing import Any

from pulumi_modelstore_sandbox.display.console import Console
from pulumi_modelstore_sandbox.engine.events import Op, PropertyDiff, Step
from pulumi_modelstore_sandbox.engine.resource import STACK_TYPE, ResourceState

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
COMPONENT = "urn:pulumi:dev::proj::my:index:Store::store"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def console(stream: io.StringIO | None = None) -> tuple[Console, io.StringIO]:
    stream = stream or io.StringIO()
    return Console(stream), stream


def text(stream: io.StringIO) -> str:
    return stream.getvalue()


def on_screen(stream: io.StringIO) -> str:
    """What a terminal would show in the end, without colours."""
    shown = [line.split("\x1b[K")[-1] for line in stream.getvalue().split("\n")]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(shown))


def urn(name: str, kind: str = "my:index:Thing") -> str:
    return f"urn:pulumi:dev::proj::my:index:Store${kind}::{name}"


def stack_step(op: Op = "same") -> Step:
    state = ResourceState(STACK, STACK_TYPE, custom=False)
    return Step(op, STACK, old=state if op == "same" else None, new=state)


def component_step(op: Op = "same") -> Step:
    state = ResourceState(COMPONENT, "my:index:Store", custom=False, parent=STACK)
    return Step(op, COMPONENT, old=state if op == "same" else None, new=state)


def step(
    op: Op,
    name: str = "a",
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    detailed: dict[str, PropertyDiff] | None = None,
    **more: Any,
) -> Step:
    def state(inputs: dict[str, Any] | None) -> ResourceState | None:
        if inputs is None:
            return None
        return ResourceState(
            urn(name),
            "my:index:Thing",
            custom=True,
            id="id-1",
            inputs=inputs,
            outputs=dict(inputs),
            parent=COMPONENT,
            **more,
        )

    diffs = sorted({re.split(r"[.\[]", path)[0] for path in detailed or {}})
    return Step(
        op,
        urn(name),
        old=state(old),
        new=state(new),
        diffs=diffs,
        replace_keys=[path for path, kind in (detailed or {}).items() if kind.kind.endswith("replace")],
        detailed_diff=detailed or {},
    )
