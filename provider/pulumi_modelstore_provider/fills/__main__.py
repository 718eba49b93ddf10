"""`python -m pulumi_modelstore_provider.fills fill|wait SPECIFICATION VOLUME`: what the containers of a pod run."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.filling import fill
from pulumi_modelstore_provider.fills.packages import make_importable
from pulumi_modelstore_provider.fills.specification import parse_specification
from pulumi_modelstore_provider.fills.waiting import wait


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="modelstore-fill")
    parser.add_argument("command", choices=["fill", "wait"])
    parser.add_argument("specification", type=Path)
    parser.add_argument("volume", type=Path)
    parser.add_argument("--timeout", type=float, default=None, help="seconds to wait at most")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    # A pod that is told to end gives up its lease, so that the next one need not wait for it to go stale.
    signal.signal(signal.SIGTERM, _ended)
    try:
        specification = parse_specification(given.specification.read_text(encoding="utf-8"))
        if given.command == "wait":
            wait(specification, given.volume, timeout=given.timeout)
        else:
            make_importable(specification.packages)
            fill(specification, given.volume)
    except ModelstoreError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


def _ended(*_: Any) -> NoReturn:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
