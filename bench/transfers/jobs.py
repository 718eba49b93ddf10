"""One transfer by one client, as it is handed to the process that does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ACCESS_KEY_ID = "BENCHBENCHBENCH"
SECRET_ACCESS_KEY = "bench-secret-for-loopback-alone"
BUCKET = "bench"
PART = 16 << 20
CONNECTIONS = 8


@dataclass(frozen=True)
class Job:
    """`folder` is sent under `prefix`, or what lies there is fetched into it; of its files, the first `count`.

    `client` is a module beside this one, `variant` a way of using it, `direction` the function: `upload`, `download`.
    """

    client: str
    variant: str
    direction: str
    endpoint: str
    folder: str
    prefix: str
    count: int
    ca_bundle: str | None = None
    access_key_id: str = ACCESS_KEY_ID
    secret_access_key: str = SECRET_ACCESS_KEY
    bucket: str = BUCKET
    version: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    size: int = 0

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what `to_json` wrote."""
        document = json.loads(text)
        return cls(**{**document, "paths": tuple(document["paths"])})

    @property
    def environment(self) -> dict[str, str]:
        """The keys, under the names that the AWS SDKs look for and those that ours is pointed to."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "BENCH_ACCESS_KEY_ID": self.access_key_id,
            "BENCH_SECRET_ACCESS_KEY": self.secret_access_key,
        }

    def key(self, path: str) -> str:
        """Where a file belongs in the bucket."""
        return f"{self.prefix}{path}"

    @property
    def chosen(self) -> list[tuple[str, Path]]:
        """The files of this job: their paths, and where they lie."""
        return [(path, Path(self.folder) / path) for path in self.paths[: self.count]]

    def make_folders(self) -> None:
        """Make the folders that the files are fetched into."""
        for folder in {place.parent for _, place in self.chosen}:
            folder.mkdir(parents=True, exist_ok=True)
