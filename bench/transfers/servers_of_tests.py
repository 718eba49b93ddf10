"""What the tests start, for measuring: their servers and certificates."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from servers.certificates import signed
from servers.versitygw import VersityGateway, versity_gateway

Skipped = pytest.skip.Exception
"""How they say that a program is missing."""

__all__ = ["Skipped", "VersityGateway", "signed", "versity_gateway"]
