"""A file for a shell to read, after which `pulumi` and the processes that it starts know the stand-ins alone."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

from pulumi_modelstore_sandbox.aws.endpoint import REAL_ACCOUNT_VARIABLES, apply
from pulumi_modelstore_sandbox.aws.server import ensure_running
from pulumi_modelstore_sandbox.state.home import HOME_VARIABLE, Home

NAME: Final = "activate"


def write_activation(folder: Path, home: Home) -> Path:
    """Write `folder`/activate for the sandbox in `home`, whose AWS is started; return the file.

    Plugins find the stand-ins by themselves; uploads and trials of keys run in the CLI's process for dynamic providers,
    which goes by the AWS SDK's own variables. The file holds the key to the stand-in: only its owner may read it.
    Raises AwsServerError.
    """
    home.create()
    variables = {name: os.environ[name] for name in ("NO_PROXY", "no_proxy") if name in os.environ}
    apply(ensure_running(home.path), variables)
    variables[HOME_VARIABLE] = str(home.path)
    lines = [
        "# Read by a shell: . this file",
        *(f"unset {name}" for name in REAL_ACCOUNT_VARIABLES),
        *(f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())),
        f'export PATH={shlex.quote(str(folder))}:"$PATH"',
    ]
    path, scratch = folder / NAME, folder / f".{NAME}.new"
    scratch.unlink(missing_ok=True)
    scratch.touch(mode=0o600)
    scratch.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return scratch.replace(path)
