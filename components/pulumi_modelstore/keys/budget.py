"""At most two keys of a namespace, in whatever way they are declared."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore_provider.resources.key_limit import MOST_KEYS, KeyLimit


class KeyBudget:
    """The keys that a program declares for one namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._declared: dict[str, list[str]] = {}
        self._limit: KeyLimit | None = None

    def claim(self, source: str, roles: Sequence[str], *, opts: pulumi.ResourceOptions | None = None) -> list[Problem]:
        """Count the keys of the component `source`, one a role; those too many are problems and are not counted."""
        problems = []
        for role in roles:
            key = _called(source, role)
            if len(self._declared) < MOST_KEYS:
                self._declared[key] = [_called(former, role) for former in _former_names(opts)]
                continue
            first, second = self._declared
            found = (
                f'{key} would be a third key of namespace "{self._namespace}", which has {first} and {second}; '
                f"a namespace has at most {MOST_KEYS}"
            )
            problems.append(Problem("namespace", found, "Delete one of them first, or end a pair's overlap=True"))
        return problems

    def limit(self, parent: pulumi.Resource) -> pulumi.Resource:
        """The resource that keeps the keys within the limit also during a run; issued keys come after it."""
        if self._limit is None:
            # An output is asked for when the program's code has run, and so with all keys declared.
            declared = pulumi.Output.from_input(True).apply(lambda _: self._declared)
            options = pulumi.ResourceOptions(parent=parent)
            self._limit = KeyLimit(f"{self._namespace}-key-limit", keys=declared, opts=options)
        return self._limit


def _called(source: str, role: str) -> str:
    return f"{source} ({role})" if role else source


def _former_names(opts: pulumi.ResourceOptions | None) -> list[str]:
    aliases = opts.aliases if opts is not None and isinstance(opts.aliases, list) else []
    names = [alias.name if isinstance(alias, pulumi.Alias) else str(alias).rpartition("::")[2] for alias in aliases]
    return [name for name in names if isinstance(name, str) and name]
