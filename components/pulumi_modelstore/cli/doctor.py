"""`modelstore doctor`: tries a declared namespace's live store and prints what of it works."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from pulumi_modelstore.cli.deployment import read_resources

if TYPE_CHECKING:
    from pulumi_modelstore.cli.declared_namespace import Declared
    from pulumi_modelstore_provider.credentials import Credentials
    from pulumi_modelstore_provider.doctor.findings import Finding


@click.command()
@click.argument("namespace")
@click.option(
    "--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Project folder."
)
@click.option("--stack", help="Name of the stack.")
@click.option("--state", metavar="FILE", help="State to read: an export, a state file, or - for stdin.")
@click.option(
    "--key",
    metavar="env:PREFIX",
    help="A reader's key, tried for its scope; unset, one of the state where it is not sealed.",
)
@click.option(
    "--credentials", metavar="REFERENCE", help="The deployer's keys, in place of those that the namespace refers to."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(
    namespace: str,
    cwd: Path,
    stack: str | None,
    state: str | None,
    key: str | None,
    credentials: str | None,
    as_json: bool,
) -> None:
    """Try NAMESPACE's live store, and print what works, one line a check.

    Writes only below `.modelstore-doctor/` in the namespace, and removes it again. Ends with 0 when all works that
    KServe and this package need, and with 1 otherwise.
    """
    from pulumi_modelstore.cli.declared_namespace import declared_in
    from pulumi_modelstore.cli.sandbox_store import lead_to_sandbox
    from pulumi_modelstore.cli.stack_configuration import configuration_of
    from pulumi_modelstore_provider.doctor.examination import NAMES, examine

    declared = declared_in(read_resources(cwd=cwd, stack=stack, state=state), namespace, credentials=credentials)
    if state is None and declared.is_aws:
        lead_to_sandbox(cwd, stack)
    reader = declared.key if key is None else _resolved(key)
    widths = (max(map(len, NAMES)), len("not supported"))

    def tell(finding: Finding) -> None:
        if not as_json:
            click.echo(_line((finding.check, finding.result, _told(finding)), widths))

    if not as_json:
        click.echo(_line(("CHECK", "RESULT", f"{declared.name}: {declared.kind}, bucket {declared.bucket}"), widths))
    # As after Ctrl-C: what was written is removed before the process ends.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        findings = examine(
            declared.namespace,
            key=reader,
            config=configuration_of(declared.project, declared.stack, cwd=cwd),
            told=tell,
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    spoiling = [finding.check for finding in findings if finding.spoils]
    if as_json:
        click.echo(json.dumps(_document(declared, findings), indent=2))
    else:
        click.echo(f"Does not work: {', '.join(spoiling)}." if spoiling else "All that is needed works.")
    sys.exit(1 if spoiling else 0)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise KeyboardInterrupt


def _resolved(reference: str) -> Credentials:
    from pulumi_modelstore_provider.credentials import Credentials, resolve
    from pulumi_modelstore_provider.errors import ModelstoreError

    try:
        found = resolve(reference)
    except (ModelstoreError, ValueError) as error:
        raise click.UsageError(f"--key: {error}") from None
    if not isinstance(found, Credentials):
        message = "--key takes a key pair by reference: env:PREFIX"
        raise click.UsageError(message)
    return found


def _told(finding: Finding) -> str:
    return ". ".join(text.rstrip(".") for text in (finding.answer, finding.remedy) if text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join([*padded, *cells[len(widths) :]]).rstrip()


def _document(declared: Declared, findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "namespace": declared.name,
        "backend": declared.kind,
        "bucket": declared.bucket,
        "prefix": declared.prefix,
        "works": not any(finding.spoils for finding in findings),
        "checks": [
            {
                "check": finding.check,
                "result": finding.result,
                "needed": finding.needed,
                "answer": finding.answer,
                "remedy": finding.remedy,
            }
            for finding in findings
        ],
    }
