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
    from pulumi_modelstore_provider.artifacts.catalog import StoredModel, StoredVersion
    from pulumi_modelstore_provider.artifacts.rehash import Fault
    from pulumi_modelstore_provider.progress import TransferProgress

_SAID = {
    "missing": "is missing",
    "size": "has another size",
    "digest": "has another digest",
    "changing": "was written to while it was read",
    "extra": "is no part of the version",
}


@click.command("verify")
@click.argument("model", required=False)
@click.argument("version", metavar="[VERSION|TAG]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def verify_command(*, place: Place, model: str | None, version: str | None, as_json: bool) -> None:
    """Read every object of a version of MODEL, of all its versions, or of all models, and compare its SHA-256.

    Ends with 1 where an object is missing, has another size or content than the manifest says, or is no part of its
    version.
    """
    from pulumi_modelstore_provider.artifacts.catalog import read_models
    from pulumi_modelstore_provider.progress import TransferProgress

    models = [place.model(model)] if model else read_models(place.objects, place.declared.prefix)
    chosen = [
        (stored, found)
        for stored in models
        for found in ([version_of(stored, version)[0]] if version else stored.versions)
        if found.committed
    ]
    total = sum(found.manifest.content.total_bytes for _, found in chosen if found.manifest)
    progress = TransferProgress("", "verifying", total)
    try:
        with transfer_bar(silent=as_json):
            verified = [(stored, found, _faults(place, stored, found, progress)) for stored, found in chosen]
    except KeyboardInterrupt:
        click.echo("\nStopped. Nothing was changed; run the same command again to verify from the start.", err=True)
        sys.exit(INTERRUPTED)
    if as_json:
        documents = [{"model": stored.name, **_document(found, faults)} for stored, found, faults in verified]
        click.echo(json.dumps({"namespace": place.declared.name, "versions": documents}, indent=2))
    else:
        for stored, found, faults in verified:
            _tell(stored.name, found, faults)
    sys.exit(1 if any(faults or found.manifest is None for _, found, faults in verified) else 0)


def _faults(place: Place, model: StoredModel, version: StoredVersion, progress: TransferProgress) -> list[Fault]:
    from pulumi_modelstore_provider.artifacts.layout import version_prefix
    from pulumi_modelstore_provider.artifacts.rehash import rehash

    if version.manifest is None:
        return []
    prefix = version_prefix(model.prefix, version.version)
    return rehash(place.objects, prefix, version.manifest.content, settings=place.settings, progress=progress)


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


def _document(version: StoredVersion, found: Sequence[Fault]) -> dict[str, Any]:
    return {
        "version": version.version,
        "right": version.manifest is not None and not found,
        "problem": version.problem or None,
        "faults": [{"path": fault.path, "kind": fault.kind, "found": fault.found} for fault in found],
    }
