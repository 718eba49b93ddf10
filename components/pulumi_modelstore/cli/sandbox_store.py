"""A namespace on AWS that the sandbox deployed: its store is the sandbox's AWS, not the real one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from pulumi_modelstore.cli.deployment import sandbox_state


def lead_to_sandbox(cwd: Path, stack: str | None, *, told: str = "is examined") -> None:
    """Point this process's AWS SDK at the sandbox's AWS where the sandbox deployed the stack, and say so by `told`.

    Raises:
        click.ClickException: where that AWS has no record any more.
    """
    state = sandbox_state(cwd, stack)
    if state is None:
        return
    elsewhere = os.environ.get("MODELSTORE_SANDBOX_AWS_ENDPOINT")
    if elsewhere:
        os.environ["AWS_ENDPOINT_URL_S3"] = elsewhere
        return
    # <home>/stacks/<project>/<stack>.json
    home = state.parents[2]
    try:
        record = json.loads((home / "aws" / "server.json").read_text(encoding="utf-8"))
        url, access_key_id, secret = (str(record[name]) for name in ("url", "access_key_id", "secret_access_key"))
    except (OSError, ValueError, KeyError, TypeError):
        raise click.ClickException(
            f"the stack was deployed to the sandbox's AWS, of which {home / 'aws'} has no record; start it with: "
            "modelstore sandbox refresh"
        ) from None
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
        os.environ.pop(name, None)
    os.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    click.echo(f"The sandbox's AWS at {url} {told}; it is a stand-in.", err=True)
