"""The options that the sandbox's commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Choices:
    """What the user chose on the command line."""

    cwd: Path = Path()
    stack: str | None = None
    config: tuple[str, ...] = ()
    """`key=value`, for this run."""
    diff: bool = False
    json: bool = False
    expect_no_changes: bool = False
    refresh: bool = False
    parallel: int = 16
    kubeconfig: Path | None = None
    aws_endpoint: str | None = None
    yes: bool = field(default=True)


def project_options(command: Command) -> Command:
    """Add `--cwd` and `--stack`."""
    for option in (
        click.option("-s", "--stack", metavar="NAME", help="The stack. Default: dev, or the only Pulumi.<stack>.yaml."),
        click.option(
            "-C", "--cwd", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Folder of the project."
        ),
    ):
        command = option(command)
    return command


def operation_options(command: Command) -> Command:
    """Add what every operation of the engine takes."""
    for option in (
        click.option("--yes", "-y", is_flag=True, help="Accepted for scripts: the sandbox does not ask."),
        click.option(
            "--parallel", "-p", type=click.IntRange(min=1), default=16, show_default=True, help="Steps at a time."
        ),
        click.option(
            "--aws-endpoint",
            metavar="URL",
            help="An S3 endpoint to use instead of the sandbox's AWS; its keys are in AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY.",
        ),
        click.option(
            "--kubeconfig",
            type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
            metavar="PATH",
            help="Apply Kubernetes objects to this API server instead of a folder of manifests.",
        ),
        click.option("--expect-no-changes", is_flag=True, help="Fail, with a list, when anything would change."),
        click.option("--json", is_flag=True, help="Print JSON in the shape of `pulumi preview --json`."),
        click.option("--diff", is_flag=True, help="Show URNs, ids and long values too."),
        click.option(
            "-c", "--config", multiple=True, metavar="KEY=VALUE", help="Configuration for this run; may be repeated."
        ),
    ):
        command = option(command)
    return project_options(command)


def refresh_option(command: Command) -> Command:
    """Add `--refresh`, for operations that run the program."""
    return click.option("--refresh", "-r", is_flag=True, help="Read every resource before the program runs.")(command)
