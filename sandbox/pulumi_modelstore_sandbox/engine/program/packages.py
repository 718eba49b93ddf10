"""Packages as programs ask for them: a name, the version of the SDK in use, an address to download from."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_./-]")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")


@dataclass(frozen=True)
class Package:
    """What a provider is loaded for."""

    name: str
    version: str = ""
    download_url: str = ""

    @property
    def default_provider(self) -> str:
        """The name of the provider that serves resources which name none: `default_7_51_1`. Raises ValueError."""
        name = "default"
        if self.version:
            match = _VERSION.fullmatch(self.version)
            if match is None:
                raise ValueError(f"{self.version!r} is not a version of the package {self.name} (1.2.3)")
            major, minor, patch, pre, build = match.groups()
            parts = [major, minor, patch, *(pre or "").split("."), *(build or "").split(".")]
            name = "_".join([name, *(part for part in parts if part)])
        if self.download_url:
            name += "_" + _NOT_IN_A_NAME.sub("_", self.download_url)
        return name


class NeedsTheCli(Exception):
    """The program asks for what only the Pulumi CLI does."""


class Packages:
    """The packages that a program has registered by reference."""

    def __init__(self) -> None:
        self._packages: dict[str, Package] = {}
        self._lock = threading.Lock()

    def register(self, request: Any) -> str:
        """Take a `RegisterPackageRequest` and return its reference. Raises NeedsTheCli for a parameterized one."""
        if request.HasField("parameterization") or request.HasField("extension"):
            raise NeedsTheCli(f"The parameterized package {request.name} needs the Pulumi CLI: deploy with pulumi up.")
        package = Package(request.name, request.version, request.download_url)
        reference = f"{package.name}@{package.version}@{package.download_url}"
        with self._lock:
            self._packages[reference] = package
        return reference

    def get(self, reference: str) -> Package:
        """Return a registered package. Raises ValueError for an unknown reference."""
        with self._lock:
            package = self._packages.get(reference)
        if package is None:
            raise ValueError(f"unknown package reference {reference!r}")
        return package
