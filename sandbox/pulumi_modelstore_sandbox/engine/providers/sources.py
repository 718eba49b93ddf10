"""Which host serves a package: the sandbox's own classes, dynamic providers, the engine itself, or a plugin."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pulumi_modelstore_sandbox.engine.providers import builtin, plugin
from pulumi_modelstore_sandbox.engine.providers.dynamic import DynamicHost
from pulumi_modelstore_sandbox.engine.providers.host import Host
from pulumi_modelstore_sandbox.engine.report import Report
from pulumi_modelstore_sandbox.engine.target import Target

IN_PROCESS: Final[dict[str, str]] = {
    "aws": "pulumi_modelstore_sandbox.aws.provider:AwsProvider",
    "kubernetes": "pulumi_modelstore_sandbox.cluster.provider:KubernetesProvider",
}
"""Packages that the sandbox provides itself: package to `module:class`."""

DYNAMIC_PACKAGE: Final = "pulumi-python"


class Sources:
    """Makes hosts for packages and closes them after the run."""

    def __init__(self, target: Target, report: Report, lookup: builtin.ResourceLookup) -> None:
        self._target = target
        self._report = report
        self._lookup = lookup
        self._hosts: list[Host] = []
        self._dynamic: DynamicHost | None = None

    def load(self, package: str) -> Host:
        """Make a host for one provider of a package. Raises ProviderFailed."""
        host = self._make(package)
        if host not in self._hosts:
            self._hosts.append(host)
        return host

    def close(self) -> None:
        """Close every host."""
        for host in self._hosts:
            host.close()
        self._hosts.clear()

    def _make(self, package: str) -> Host:
        if package == "pulumi":
            return builtin.BuiltinHost(self._target.stack_outputs, self._lookup, self._report.say)
        if package == DYNAMIC_PACKAGE:
            # One for all: the classes of one program share a process under the CLI too.
            if self._dynamic is None:
                self._dynamic = DynamicHost(self._target.project, program_folder(self._target.main))
            return self._dynamic
        if (location := IN_PROCESS.get(package)) is not None:
            from pulumi_modelstore_sandbox.engine.providers.inprocess import InProcessHost

            module, name = location.split(":")
            provider: Callable[[], object] = getattr(importlib.import_module(module), name)
            return InProcessHost(provider())  # type: ignore[arg-type] # loaded by name
        return plugin.PluginHost(package, plugin.find(package), program_folder(self._target.main))


def program_folder(main: Path) -> Path:
    """Return the folder in which a program, given as a folder or a file, runs."""
    return main if main.is_dir() else main.parent
