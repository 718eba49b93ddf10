"""How many resources take which step."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_modelstore_sandbox.display.style import NO_CHANGES, SYMBOLS, Style, done
from pulumi_modelstore_sandbox.engine.events import Op


def changed(changes: Mapping[Op, int]) -> dict[Op, int]:
    """Return the counts of steps that change something."""
    return {op: changes[op] for op in SYMBOLS if changes.get(op) and op not in NO_CHANGES}


def summary(changes: Mapping[Op, int], style: Style, *, preview: bool) -> str:
    """Return one line: `+ 3 to create, ~ 1 to update, 7 unchanged`."""
    parts = [
        style.symbol(SYMBOLS[op], f"{SYMBOLS[op]} {count} {'to ' + op if preview else done(op)}")
        for op, count in changed(changes).items()
    ]
    unchanged = changes.get("same", 0)
    if unchanged or not parts:
        parts.append(f"{unchanged} unchanged")
    return ", ".join(parts)
