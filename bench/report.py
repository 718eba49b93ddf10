"""The measurements as a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench import clients, engines, imports, quickstart
from bench.tables import table as _table
from bench.transfers import pages


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


def _clients(results: Mapping[str, Any]) -> str:
    head = ["operation", "bare library", "client", "ratio"]
    rows = [
        [name, f"{taken['bare']:,}", f"{taken['client']:,}", f"{taken['ratio']:.2f}"]
        for name, taken in results["operations"].items()
    ]
    return f"""\
## Clients of the workspace stores

Operations a second in one thread: redis-py and boto3 beside the client of this package, on the same server, in
{clients.TURNS} short turns each; medians, the ratio that of neighbours in time. Goal: a ratio of {clients.GOAL}.
{results["alike"]}.

{_table(head, rows)}
"""


def page(results: Mapping[str, Any]) -> str:
    """Markdown of what `python -m bench` measured; a section that was never measured is left out."""
    machine = _table(["machine", ""], [[name, str(value)] for name, value in results["machine"].items()])
    dates = results.get("dates", {})
    taken = ", ".join(f"{name} on {dates.get(name, results.get('date'))}" for name in _SECTIONS if name in results)
    head = f"""\
# Results of `make bench`

They hold for this machine. Taken: {taken}.

{machine}
"""
    parts = [section(results) for name, section in _SECTIONS.items() if name in results]
    return "\n".join([head, *parts])


_SECTIONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "transfers": pages.section,
    "clients": lambda results: _clients(results["clients"]),
    "engines": lambda results: _engines(results["engines"]),
    "quickstart": lambda results: _quickstart(results["quickstart"]),
    "imports": lambda results: _imports(results["imports"]),
}
