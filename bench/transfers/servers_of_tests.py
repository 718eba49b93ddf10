"""What the tests start, for measuring: their servers and certificates."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from servers.certificates import signed
from servers.versitygw import VersityGateway, versity_gateway

__all__ = ["VersityGateway", "signed", "versity_gateway"]
