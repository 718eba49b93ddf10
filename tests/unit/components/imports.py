"""An artifact that a Job imports, as unit tests and those against an API server declare it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi_modelstore as ms
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.lock_entries import LockedSource, LockEntry, LockFile
from pulumi_modelstore_provider.artifacts.lock_file import LOCK_FILE, write_lock
from unit.components.declared import Declared, declare

REPOSITORY = ms.HuggingFaceRepository(repo="org/llama", token="env:HF_TOKEN")
OTHER = ms.S3Compatible(bucket="other-models", endpoint="https://other.example", credentials="env:OTHER")
FOLDER = ms.BucketFolder(backend=OTHER, path="tokenizer/", into="tokenizer")
TOKENS = {"env:HF_TOKEN": ms.SecretKey(secret="hub", key="token")}
KEY_PAIRS = {"env:OTHER": ms.SecretKeyPair(secret="other")}


def record(folder: Path, files: int = 2, *, artifact: str = "llama") -> None:
    """Write a lock file for both sources, so that neither is asked."""
    places = (REPOSITORY.to_settings(), FOLDER.to_settings())
    pinned = ({**places[0].to_inputs(), "revision": "c0ffee" + "0" * 34}, places[1].to_inputs())
    paths = ([f"{number}.bin" for number in range(files)], ["tokenizer/tokenizer.json"])
    sources = tuple(
        LockedSource(
            place.to_inputs(), fixed, Content(tuple(FileEntry(name, 10**9, f"sha256:{'ab' * 32}") for name in names))
        )
        for place, fixed, names in zip(places, pinned, paths, strict=True)
    )
    entry = LockEntry("models", artifact, "llama", None, sources)
    write_lock(folder / LOCK_FILE, LockFile().with_entry(entry))


def imported(
    job: dict[str, Any] | None = None, *, name: str = "llama", backend: Any = None, **arguments: Any
) -> Declared:
    """Declare it under mocks; `job` are settings beside the keys and Secrets that it needs."""

    def program() -> None:
        namespace = ms.StorageNamespace("models", backend=backend or ms.AwsS3(bucket="team-models"))
        given: dict[str, Any] = {"tokens": TOKENS, "key_pairs": KEY_PAIRS, **(job or {})}
        if "keys" not in given and "service_account_name" not in given:
            given["keys"] = ms.AccessKey("writer", namespace=namespace)
        elif given.get("keys") == "read_only":
            given["keys"] = ms.AccessKey("reader", namespace=namespace, read_only=True)
        source = arguments.pop("source", [REPOSITORY, FOLDER])
        ms.ModelArtifact(
            name, namespace=namespace, source=source, via="cluster", job=ms.ImportJob(**given), **arguments
        )

    return declare(program)
