"""Take the measurements and write them to bench/results.json and bench/RESULTS.md."""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import clients, engines, imports, machine, quickstart, report
from bench.transfers import measurement

FOLDER = Path(__file__).parent


def _sections(scratch: Path, *, quick: bool, all_rounds: bool = False) -> Mapping[str, Callable[[], dict[str, Any]]]:
    return {
        "imports": lambda: {"imports": imports.measure()},
        "quickstart": lambda: {"quickstart": quickstart.measure(scratch)},
        "engines": lambda: {"engines": engines.measure(scratch)},
        "clients": lambda: clients.measure(quick=quick),
        "transfers": lambda: measurement.measure(quick=quick, all_rounds=all_rounds),
    }


def main() -> None:
    """Measure one thing after the other, so that none disturbs another; what is not measured stays as it was."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    with tempfile.TemporaryDirectory(prefix="modelstore-bench-") as scratch:
        names = list(_sections(Path(scratch), quick=False))
        parser.add_argument("sections", nargs="*", help=f"of {', '.join(names)}; all where none is named")
        parser.add_argument("--quick", action="store_true", help="small loads, one round: printed and not kept")
        parser.add_argument(
            "--all-rounds", action="store_true", help="transfers: five rounds of slow clients, too; twice as long"
        )
        arguments = parser.parse_args()
        unknown = set(arguments.sections) - set(names)
        if unknown:
            parser.error(f"no such section: {', '.join(sorted(unknown))}")
        path = FOLDER / "results.json"
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        results["machine"] = machine.describe()
        sections = _sections(Path(scratch), quick=arguments.quick, all_rounds=arguments.all_rounds)
        for name, measure in sections.items():
            if not arguments.sections or name in arguments.sections:
                print(f"Measuring {name}", flush=True)
                results |= measure()
                results["dates"] = results.get("dates", {}) | {name: today}
    page = report.page(results)
    if not arguments.quick:
        path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        (FOLDER / "RESULTS.md").write_text(page, encoding="utf-8")
    print(page)


main()
