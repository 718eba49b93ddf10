"""Take all measurements and write them to bench/results.json and bench/RESULTS.md."""

from __future__ import annotations

import datetime
import json
import tempfile
from pathlib import Path
from typing import Any

from bench import engines, imports, machine, quickstart, report


def main() -> None:
    """Measure one thing after the other, so that none disturbs another."""
    folder = Path(__file__).parent
    results: dict[str, Any] = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": machine.describe(),
    }
    with tempfile.TemporaryDirectory(prefix="modelstore-bench-") as scratch:
        print("Measuring imports", flush=True)
        results["imports"] = imports.measure()
        print("Measuring the quickstart", flush=True)
        results["quickstart"] = quickstart.measure(Path(scratch))
        print("Measuring the engines", flush=True)
        results["engines"] = engines.measure(Path(scratch))
    (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    page = report.page(results)
    (folder / "RESULTS.md").write_text(page, encoding="utf-8")
    print(page)


main()
