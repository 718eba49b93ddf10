"""`modelstore artifacts verify`: reads what the store holds, and compares it with the manifests."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pulumi_modelstore.cli.artifacts.place import Place, place_options, version_of
from pulumi_modelstore.cli.artifacts.pulling import INTERRUPTED
from pulumi_modelstore.cli.artifacts.transfer_bar import transfer_bar
from pulumi_modelstore.cli.tables import printable

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.catalog import StoredVersion
    from pulumi_modelstore_provider.artifacts.rehash import Fault

_SAID = {
    "missing": "is missing",
    "size": "has another size",
    "digest": "has another digest",
    "changing": "was written to while it was read",
    "extra": "is no part of the version",
}


@click.command("verify")
@click.argument("model")
@click.argument("version", metavar="[VERSION|TAG]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def verify_command(*, place: Place, model: str, version: str | None, as_json: bool) -> None:
    """Read every object of a version of MODEL, or of all its versions, and compare its SHA-256 with the manifest.

    Ends with 1 where an object is missing, has another size or content, or is no part of its version.
    """
    from pulumi_modelstore_provider.artifacts.layout import version_prefix
    from pulumi_modelstore_provider.artifacts.rehash import rehash
    from pulumi_modelstore_provider.progress import TransferProgress

    stored = place.model(model)
    chosen = [version_of(stored, version)[0]] if version else [found for found in stored.versions if found.committed]
    total = sum(found.manifest.content.total_bytes for found in chosen if found.manifest)
    faults: dict[str, list[Fault]] = {}
    try:
        progress = TransferProgress("", "verifying", total)
        with transfer_bar(silent=as_json):
            for found in chosen:
                if found.manifest is not None:
                    prefix, content = version_prefix(stored.prefix, found.version), found.manifest.content
                    faults[found.version] = rehash(
                        place.objects, prefix, content, settings=place.settings, progress=progress
                    )
    except KeyboardInterrupt:
        click.echo("\nStopped. Nothing was changed; run the same command again to verify from the start.", err=True)
        sys.exit(INTERRUPTED)
    if as_json:
        click.echo(json.dumps({"model": model, "versions": [_document(one, faults) for one in chosen]}, indent=2))
    else:
        for found in chosen:
            _tell(model, found, faults.get(found.version, ()))
    sys.exit(1 if any(faults.values()) or any(found.manifest is None for found in chosen) else 0)


def _tell(model: str, version: StoredVersion, faults: Sequence[Fault]) -> None:
    from pulumi_modelstore_provider.artifacts.sizes import human_size

    if version.manifest is None:
        click.echo(f"{model} {version.version}: {version.problem}")
        return
    content = version.manifest.content
    for fault in faults:
        found = f": {fault.found}" if fault.found else ""
        click.echo(f"{model} {version.version}: {printable(fault.path)} {_SAID[fault.kind]}{found}")
    if not faults:
        size = human_size(content.total_bytes)
        click.echo(f"{model} {version.version}: all {len(content.files)} files ({size}) are what the manifest says")


def _document(version: StoredVersion, faults: dict[str, list[Fault]]) -> dict[str, Any]:
    found = faults.get(version.version, [])
    return {
        "version": version.version,
        "right": version.manifest is not None and not found,
        "problem": version.problem or None,
        "faults": [{"path": fault.path, "kind": fault.kind, "found": fault.found} for fault in found],
    }
