"""Downloads a version of a model from the namespace that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.fills.sources import Staging
from pulumi_modelstore_provider.fills.specification import Specification


@dataclass(frozen=True)
class ArtifactVersion:
    """One version, and how its store is reached."""

    model_prefix: str
    version: str
    connection: Mapping[str, Any]
    bucket: str
    own_folder: str = ""

    @classmethod
    def of(cls, specification: Specification) -> ArtifactVersion:
        """Read the source of a specification."""
        source, reach = specification.source, specification.reach
        return cls(
            str(source["modelPrefix"]), str(source["version"]), dict(reach["connection"]), str(reach["bucket"])
        )  # fmt: skip

    def stage(self, staging: Staging) -> Mapping[str, str]:
        """Download in parallel; files and parts that an earlier attempt has brought are not downloaded again."""
        from pydantic import TypeAdapter

        from pulumi_modelstore_provider.artifacts.commits import read_manifest
        from pulumi_modelstore_provider.artifacts.layout import manifest_key, version_prefix
        from pulumi_modelstore_provider.artifacts.pull import pull
        from pulumi_modelstore_provider.stores.connection import Connection
        from pulumi_modelstore_provider.stores.opening import open_bucket

        connection: Connection = TypeAdapter(Connection).validate_python(dict(self.connection))
        objects = open_bucket(connection, self.bucket)
        key = manifest_key(self.model_prefix, self.version)
        manifest = read_manifest(objects, key)
        if manifest is None:
            raise ModelstoreError(
                f"The version {self.version} is not in the store", on=objects.url(key),
                remedy="Upload it first; a stack that owns it does so before it fills the volume",
            )  # fmt: skip
        place = version_prefix(self.model_prefix, self.version)
        pull(objects, manifest.content, place, staging.folder, progress=_Checked(staging), overwrite=True)
        return manifest.content.digests


class _Checked:
    """Stops the download when the lease is lost."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def advance(self, count: int, *, moved: bool = True) -> None:  # noqa: ARG002 - what is there by now is told elsewhere
        """Some bytes are through."""
        self._staging.check()
