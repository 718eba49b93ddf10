"""Variables of a serving container: plain values, and secrets by the name of the Secret that holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}")
# KServe's webhook refuses it (v0.19, pkg/validation), and it would change what the runtime imports.
_BLOCKED = ("PYTHONPATH",)
_SECRET_NAME = re.compile(
    r"(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS|CONNECTION_STRING"
    r"|(API|ACCESS|ACCOUNT|PRIVATE|SECRET)_?KEY|SAS)$"
)
# Hugging Face, OpenAI and those that took its form over, AWS, GitHub, GitLab, NVIDIA.
_SECRET_VALUE = re.compile(
    r"(hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|(AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}"
    r"|github_pat_\w{20,}|glpat-[\w-]{20,}|nvapi-[\w-]{20,})"
)
_SECRET_ARGUMENT = re.compile(r"--(?P<name>(hf-|auth-)?(token|password|secret)|api-key)(=(?P<value>.*))?")


class SecretKey(CheckedSettings):
    """One key of a Secret of the service's namespace.

    Args:
        secret: name of the Secret.
        key: the key in it; unset, the variable's name.
        optional: whether pods start without it.
    """

    secret: str
    key: str | None = None
    optional: bool = False

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = subdomain_name_problems(self.secret, argument="secret")
        if self.key is not None and not _KEY.fullmatch(self.key):
            remedy = "Use letters, digits, dots, hyphens and underscores"
            found.append(Problem("key", f'"{self.key}" is no key of a Secret', remedy))
        return found

    def variable(self, name: str) -> dict[str, Any]:
        """The container's variable of that name."""
        reference: dict[str, Any] = {"name": self.secret, "key": self.key or name}
        if self.optional:
            reference["optional"] = True
        return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def environment_problems(environment: Mapping[str, Any], *, argument: str = "environment") -> list[Problem]:
    """What is wrong with variables; the values are not repeated, for one may be a secret."""
    found: list[Problem] = []
    for name, value in environment.items():
        where = f'{argument}["{name}"]'
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            found.append(Problem(where, "is no name of a variable", "Use letters, digits and underscores"))
        elif name in _BLOCKED:
            found.append(Problem(where, "is a variable that KServe refuses", "Put modules into the image instead"))
        elif isinstance(value, SecretKey):
            found += [problem.under(where) for problem in ([] if value.refused else value.problems())]
        elif is_plain(value) and not isinstance(value, str):
            found.append(Problem(where, f"{type(value).__name__} is no text", "Pass a string or SecretKey(...)"))
        elif _SECRET_NAME.search(name.upper()) or (is_plain(value) and _SECRET_VALUE.search(value)):
            said = "is a secret, and would stand in clear in the InferenceService"
            found.append(Problem(where, said, f'Put it into a Secret and pass SecretKey("its name", key="{name}")'))
    return found


def environment_variables(environment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The container's `env`, in the order of the names, so that another order in a program is no change."""
    return [
        value.variable(name) if isinstance(value, SecretKey) else {"name": name, "value": value}
        for name, value in sorted(environment.items())
    ]


def argument_problems(arguments: Sequence[str], *, argument: str = "arguments") -> list[Problem]:
    """Whether a command line carries a secret, which every reader of the object and of the process list would see."""
    found = []
    for number, text in enumerate(arguments):
        match = _SECRET_ARGUMENT.fullmatch(text)
        following = arguments[number + 1] if number + 1 < len(arguments) else ""
        value = (match["value"] or following) if match else ""
        if (value and not value.startswith("$(")) or _SECRET_VALUE.search(text):
            remedy = 'Set a variable by environment={"NAME": SecretKey(...)} and write $(NAME), or leave the flag out'
            found.append(Problem(f"{argument}[{number}]", "is a secret on a command line", remedy))
    return found
