"""A stack's configuration, for credentials that a namespace refers to there: from its file, or by the Pulumi CLI."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pulumi_modelstore_provider.errors import CredentialsUnavailable

_SECONDS = 60


def configuration_of(project: str, stack: str, *, cwd: Path) -> Callable[[str], Any]:
    """The look-up of a key, in clear; None for one that is not set.

    Raises, when called, CredentialsUnavailable for a value that is sealed and that nothing here can open.
    """

    def look_up(key: str) -> Any:
        full = key if ":" in key else f"{project}:{key}"
        value = _entries(cwd, stack).get(full)
        if isinstance(value, dict) and "secure" in value:
            return _opened(full, stack, cwd)
        return value

    return look_up


def project_configuration(cwd: Path, stack: str | None) -> Callable[[str], Any]:
    """The same for the project of a folder; without a stack, a look-up raises CredentialsUnavailable."""
    from pulumi_modelstore.cli.deployment import project_manifest, project_name

    manifest = project_manifest(cwd)

    def refuse(key: str) -> Any:
        raise CredentialsUnavailable(
            f"The credentials are in a stack's configuration, as {key}",
            remedy="Pass --stack, and --cwd where it is needed",
        )

    return refuse if stack is None or manifest is None else configuration_of(project_name(manifest), stack, cwd=cwd)


def _entries(cwd: Path, stack: str) -> dict[str, Any]:
    import yaml

    for folder in (cwd.resolve(), *cwd.resolve().parents):
        for name in (f"Pulumi.{stack}.yaml", f"Pulumi.{stack}.yml"):
            if (folder / name).is_file():
                try:
                    document = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
                except (yaml.YAMLError, OSError, UnicodeDecodeError):
                    raise CredentialsUnavailable(
                        f"The stack's configuration {folder / name} cannot be read", remedy=_OTHERWISE
                    ) from None
                found = document.get("config") if isinstance(document, dict) else None
                return found if isinstance(found, dict) else {}
    raise CredentialsUnavailable(
        f"The credentials are in the configuration of the stack {stack}, whose file is not here",
        remedy=f"Pass --cwd with the project's folder. {_OTHERWISE}",
    )


_OTHERWISE = "Or pass --credentials env:PREFIX with the deployer's key in the environment"


def _opened(key: str, stack: str, cwd: Path) -> str:
    """A sealed value: whoever sealed it opens it, and it goes nowhere but into this process."""
    failed = f"The configuration's {key} is sealed"
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise CredentialsUnavailable(failed, answer="there is no pulumi command to open it", remedy=_OTHERWISE)
    command = [pulumi, "config", "get", key, "--non-interactive", "--cwd", str(cwd), "--stack", stack]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise CredentialsUnavailable(
            failed, answer=f"pulumi config get: none in {_SECONDS} s", remedy=_OTHERWISE
        ) from None
    if done.returncode:
        said = " ".join(done.stderr.split())[:300]
        raise CredentialsUnavailable(failed, answer=f"pulumi config get: {said}", remedy=_OTHERWISE)
    return done.stdout.rstrip("\r\n")
