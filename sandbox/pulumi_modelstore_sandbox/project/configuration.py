"""A stack's configuration: Pulumi.<stack>.yaml, completed by what Pulumi.yaml declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from pulumi_modelstore_sandbox.project.declared import Declared, full_key
from pulumi_modelstore_sandbox.project.errors import InvalidProjectError, ProjectError
from pulumi_modelstore_sandbox.project.project import Project
from pulumi_modelstore_sandbox.project.text import text_of
from pulumi_modelstore_sandbox.project.yaml_file import read_mapping

Decrypt: TypeAlias = Callable[[str], str]


@dataclass(frozen=True)
class StackFile:
    """Pulumi.<stack>.yaml as it stands; a stack without the file has an empty configuration."""

    file: Path
    salt: str = ""
    """`encryptionsalt`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """By full key, secure values still sealed."""

    @property
    def has_secrets(self) -> bool:
        """Whether a passphrase is needed to read it."""
        return any(is_sealed(value) for value in self.values.values())


@dataclass(frozen=True)
class Configuration:
    """What the program gets: every value as text, secrets in clear."""

    values: Mapping[str, str] = field(repr=False)
    secret_keys: frozenset[str]


def load_stack_file(project: Project, stack: str) -> StackFile:
    """Read a stack's file; raises ProjectError with everything wrong in it."""
    file = project.stack_file(stack)
    if not file.exists():
        return StackFile(file)
    data = read_mapping(file)
    problems = _unusable_parts(data)
    config = data.get("config") or {}
    values: dict[str, Any] = {}
    if not isinstance(config, dict):
        problems.append(f"config: must be a mapping, not {type(config).__name__}.")
        config = {}
    for key, value in config.items():
        try:
            values[full_key(str(key), project.name)] = value
        except ValueError as error:
            problems.append(f"config: {error}")
    salt = data.get("encryptionsalt") or ""
    if not isinstance(salt, str):
        problems.append("encryptionsalt: must be text.")
    elif not salt and is_sealed(values):
        problems.append("encryptionsalt: is missing, so the secure values cannot be opened.")
    if problems:
        raise InvalidProjectError(file, problems)
    return StackFile(file, salt, values)


def _unusable_parts(data: Mapping[str, Any]) -> list[str]:
    problems = [
        f"{key}: its secrets are sealed by another provider than a passphrase; the sandbox opens no other."
        for key in ("secretsprovider", "encryptedkey")
        if data.get(key) and not str(data[key]).startswith("passphrase")
    ]
    if data.get("environment"):
        problems.append("environment: environments are kept by Pulumi Cloud, which the sandbox does not ask.")
    return problems


def configure(project: Project, stack: str, stack_file: StackFile, decrypt: Decrypt) -> Configuration:
    """Return the stack's configuration; `decrypt` opens a secure value and raises ValueError when it cannot.

    Raises ProjectError with all missing keys, values of a wrong type and secrets in clear.
    """
    problems: list[str] = []
    values: dict[str, str] = {}
    secret_keys: set[str] = set()
    for key, value in stack_file.values.items():
        try:
            opened = _open(value, decrypt)
        except ValueError as error:
            problems.append(f"config.{key}: {error}.")
            continue
        values[key] = text_of(opened)
        if is_sealed(value):
            secret_keys.add(key)
        declared = project.declared.get(key)
        if declared:
            problems += _check(declared, opened, sealed=is_sealed(value))
    missing = []
    for key, declared in project.declared.items():
        if key in stack_file.values:
            continue
        if declared.given:
            values[key] = text_of(declared.value)
        elif key.startswith(f"{project.name}:"):
            missing.append(declared)
    problems += [_missing(declared) for declared in missing]
    if problems:
        raise InvalidProjectError(f"{stack_file.file} (stack {stack})", problems)
    return Configuration(dict(sorted(values.items())), frozenset(secret_keys))


def with_overrides(project: Project, stack_file: StackFile, overrides: Sequence[str]) -> StackFile:
    """Return the file's configuration with `key=value` settings of the command line in it; raises ProjectError."""
    values = dict(stack_file.values)
    for override in overrides:
        name, equals, value = override.partition("=")
        if not name or not equals:
            raise ProjectError(f"--config {override.partition('=')[0]!r}: must be of the form KEY=VALUE.")
        try:
            key = full_key(name, project.name)
        except ValueError as error:
            raise ProjectError(f"--config: {error}") from None
        declared = project.declared.get(key)
        if is_sealed(values.get(key)) or (declared and declared.secret):
            raise ProjectError(
                f"--config {name}: is a secret, and a command line is no place for one. "
                "Write it to the stack's file with `pulumi config set --secret`."
            )
        values[key] = value
    return replace(stack_file, values=values)


def blinded(project: Project, stack_file: StackFile) -> dict[str, str]:
    """Return the configuration to be shown: nothing is opened, secrets are `[secret]`."""
    values = {key: text_of(declared.value) for key, declared in project.declared.items() if declared.given}
    values |= {key: text_of(_open(value, _blind)) for key, value in stack_file.values.items()}
    return dict(sorted(values.items()))


def _blind(sealed: str) -> str:
    del sealed
    return "[secret]"


def is_sealed(value: Any) -> bool:
    """Tell whether a value of the file is secure, or has a secure part."""
    match value:
        case {"secure": str()} if len(value) == 1:
            return True
        case dict():
            return any(is_sealed(item) for item in value.values())
        case list():
            return any(is_sealed(item) for item in value)
        case _:
            return False


def _open(value: Any, decrypt: Decrypt) -> Any:
    match value:
        case {"secure": str(sealed)} if len(value) == 1:
            return decrypt(sealed)
        case dict():
            return {str(key): _open(item, decrypt) for key, item in value.items()}
        case list():
            return [_open(item, decrypt) for item in value]
        case _:
            return value


def _check(declared: Declared, value: Any, *, sealed: bool) -> list[str]:
    problems = []
    if declared.secret and not sealed:
        problems.append(f"config.{declared.key}: Pulumi.yaml declares it a secret, and it stands here in clear.")
    # A scalar reaches the check as text, whatever YAML made of it.
    checked = value if isinstance(value, list | dict) else text_of(value)
    if not declared.accepts(checked):
        problems.append(f"config.{declared.key}: must be of the type {declared.type}, as Pulumi.yaml declares it.")
    return problems


def _missing(declared: Declared) -> str:
    name = declared.key
    secret = " (a secret: `pulumi config set --secret` writes it)" if declared.secret else ""
    return f"config.{name}: is missing; Pulumi.yaml declares it without a default{secret}."
