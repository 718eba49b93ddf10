"""At most two keys of a namespace, in whatever way they are declared."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_modelstore.arguments.problem import Problem

MOST_KEYS = 2
"""IAM's limit of access keys a user, taken for a whole namespace and every backend."""


class KeyBudget:
    """The keys that a program declares for one namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._declared: list[str] = []

    def claim(self, keys: Sequence[str]) -> list[Problem]:
        """Count keys, each by what to call it in a message; the ones too many are problems and are not counted."""
        problems = []
        for key in keys:
            if len(self._declared) < MOST_KEYS:
                self._declared.append(key)
                continue
            first, second = self._declared
            found = (
                f'{key} would be a third key of namespace "{self._namespace}", which has {first} and {second}; '
                f"a namespace has at most {MOST_KEYS}"
            )
            problems.append(Problem("namespace", found, "Delete one of them first, or end a pair's overlap=True"))
        return problems
