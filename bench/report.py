"""The measurements as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench import engines, imports, quickstart


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _engine_rows(results: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    sandbox, cli = results["sandbox"], results.get("Pulumi CLI")
    rows = []
    for step, taken in sandbox.items():
        beside = [f"{cli[step]:.2f}", f"{taken / cli[step]:.2f}"] if cli else ["not installed", ""]
        rows.append([step, f"{taken:.2f}", *beside])
    return rows


def _engines(results: Mapping[str, Mapping[str, float]]) -> str:
    return f"""\
## Engine: {engines.RESOURCES} small resources

{engines.RESOURCES} ConfigMaps into a manifests folder, by the same provider under both engines, one engine after
the other in one run. Seconds; previews are medians of {engines.PREVIEW_RUNS}, the interpreter's start included.
Goal: a ratio of 1 or less.

{_table(["step", "sandbox", "Pulumi CLI", "ratio"], _engine_rows(results))}
"""


def _quickstart(results: Mapping[str, float]) -> str:
    return f"""\
## Quickstart

The preview is the median of {quickstart.RUNS}, the interpreter's start included.
Goal: under {quickstart.GOAL_SECONDS} s.

{_table(["command", "seconds"], [[name, f"{taken:.2f}"] for name, taken in results.items()])}
"""


def _imports(results: Mapping[str, float]) -> str:
    over = results["import pulumi, pulumi_modelstore"] - results["import pulumi"]
    return f"""\
## Import

Whole interpreters, medians of {imports.RUNS}. `import pulumi_modelstore` costs {round(over)} ms over `import pulumi`.
Goal: at most {imports.GOAL_MS} ms.

{_table(["statement", "milliseconds"], [[name, f"{taken:.0f}"] for name, taken in results.items()])}
"""


def page(results: Mapping[str, Any]) -> str:
    """Markdown of what `python -m bench` measured."""
    machine = _table(["machine", ""], [[name, str(value)] for name, value in results["machine"].items()])
    head = f"""\
# Results of `make bench`

Wall times, taken on {results["date"]}; they hold for this machine:

{machine}
"""
    parts = [head, _engines(results["engines"]), _quickstart(results["quickstart"]), _imports(results["imports"])]
    return "\n".join(parts)
