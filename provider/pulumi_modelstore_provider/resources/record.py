"""What providers share whose resource is nothing but its recorded inputs."""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import ReadResult

from pulumi_modelstore_provider.resources.adapter import Adapter


class Record(Adapter):
    """Holds no object: the recorded inputs are the whole resource."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what is recorded: there is nothing elsewhere to look at."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: there is no object."""
