"""Names of container images."""

from __future__ import annotations

import re

_REGISTRY = r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?"
_NAME = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_VERSION = r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"

IMAGE = re.compile(rf"({_REGISTRY}/)?{_NAME}(/{_NAME})*{_VERSION}")
"""An image as nodes pull it: `registry/team/name:tag` or `registry/team/name@sha256:...`, the registry left out for
Docker's (grammar of the distribution project's `reference` package)."""
