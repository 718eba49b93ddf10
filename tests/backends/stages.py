"""What the stages of a deployment leave to look at."""

from __future__ import annotations

from dataclasses import dataclass

from backends.deployment import Deployment
from backends.rig import Rig

FOREIGN = {"notes.txt": b"somebody's notes", "models/other/v1/config.json": b"{}", "models/tiny/README": b"by hand"}
"""Objects that somebody else has in the bucket."""
READ = "config.json"
"""The file of the model that is read over and over."""


@dataclass(frozen=True)
class Issued:
    """Who and what there is in the store; None where nobody can list it."""

    keys: set[str] | None
    principals: set[str] | None

    @classmethod
    def at(cls, rig: Rig) -> Issued:
        return cls(rig.key_ids(), rig.principals())

    def keys_since(self, before: Issued) -> set[str] | None:
        """Ids of the keys that came after `before`."""
        return None if self.keys is None or before.keys is None else self.keys - before.keys


@dataclass(frozen=True)
class Refused:
    """An update that would have made a third key."""

    output: str
    existing: set[str]
    before: Issued
    after: Issued


@dataclass(frozen=True)
class Stage:
    """What there was in bucket and store at some time."""

    objects: dict[str, str]
    issued: Issued

    @classmethod
    def of(cls, deployment: Deployment) -> Stage:
        return cls(deployment.rig.objects(deployment.bucket), Issued.at(deployment.rig))
