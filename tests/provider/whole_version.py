"""Whether a version in a store is what its source is."""

from __future__ import annotations

from pathlib import Path

from provider.stores import PREFIX, Store
from pulumi_modelstore_provider.artifacts.commits import read_manifest
from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
from pulumi_modelstore_provider.artifacts.upload import UploadRequest


def assert_whole(store: Store, request: UploadRequest, source: Path) -> None:
    """The version has the bytes of the folder's files and nothing else, and its manifest says so."""
    prefix = version_prefix(PREFIX, request.version)
    files = {path.name: path for path in source.iterdir()}
    assert {key.removeprefix(prefix) for key in store.listed() if key.startswith(prefix)} == set(files)
    for name, path in files.items():
        assert store.body(f"{prefix}{name}") == path.read_bytes(), name
    manifest = read_manifest(store.objects, manifest_key(PREFIX, request.version))
    assert manifest is not None
    assert manifest.content.as_inputs() == request.files
