"""Downloads a repository of the Hugging Face hub with the hub's own client."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_modelstore_provider.errors import ModelstoreError, keep_out_of_texts
from pulumi_modelstore_provider.fills.sources import Staging
from pulumi_modelstore_provider.fills.specification import Specification

_SHA256 = re.compile(r"[0-9a-f]{64}")
_METADATA = ".metadata"
_LAST_LINES = 12
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PARTIAL = re.compile(r".*\.[0-9a-f]{8}\.incomplete")
"""A file that was cut off, under a name that no later run of the client looks for; older clients resume by the etag."""
_NO_TOKEN = ("401", "403", "gated", "access denied", "requires approval", "invalid token", "authentication")
_NOT_THERE = ("404", "not found", "notfound")


@dataclass(frozen=True)
class HuggingFaceRepository:
    """A repository at one revision, as far as the patterns take it."""

    repository: str
    revision: str
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    own_folder: str = ".cache"
    """The client's notes: how far each file is, and the digest that the hub told."""

    @classmethod
    def of(cls, specification: Specification) -> HuggingFaceRepository:
        """Read the source of a specification."""
        source = specification.source
        include, exclude = tuple(source.get("include", ())), tuple(source.get("exclude", ()))
        return cls(str(source["repository"]), str(source["revision"]), include, exclude)

    def command(self, folder: Path) -> list[str]:
        """The client's command line; the token is in the environment, never here."""
        program = shutil.which("hf", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if program is None:
            raise ModelstoreError(
                "The command hf is not to be found in the fill's image",
                remedy="Use an image with the Python package huggingface_hub, or let the fill install it",
            )
        patterns = [part for pattern in self.include for part in ("--include", pattern)]
        patterns += [part for pattern in self.exclude for part in ("--exclude", pattern)]
        return [
            program,
            "download",
            self.repository,
            "--revision",
            self.revision,
            "--local-dir",
            str(folder),
            *patterns,
        ]

    def stage(self, staging: Staging) -> Mapping[str, str]:
        """Run the client: it skips files that are whole; one that was cut off, current clients begin anew."""
        if token := os.environ.get("HF_TOKEN"):
            keep_out_of_texts(token)
        notes = staging.folder / self.own_folder / "huggingface" / "download"
        for partial in notes.rglob("*.incomplete"):
            if _PARTIAL.fullmatch(partial.name):
                partial.unlink()
        last: list[str] = []
        with subprocess.Popen(
            self.command(staging.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Bars are redrawn many times a second, which a log keeps all of.
            env={**os.environ, "NO_COLOR": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        ) as child:
            staging.on_child(child.kill)
            try:
                for line in child.stdout or ():
                    text = _COLOUR.sub("", line).strip()
                    if text and not text.startswith("Hint:"):
                        last = [*last[1 - _LAST_LINES :], text]
                        staging.say(text)
                status = child.wait()
            except BaseException:
                child.kill()
                raise
            finally:
                staging.on_child(None)
        staging.check()
        if status:
            raise ModelstoreError(
                f"hf download ended with status {status}",
                on=f"{self.repository} at {self.revision}",
                answer=" / ".join(last),
                remedy=_remedy(" ".join(last)),
            )
        return dict(_told(notes))


def _told(notes: Path) -> list[tuple[str, str]]:
    """The digests that the hub told of large files: the second line of each note is the SHA-256, or a git id."""
    found = []
    for note in notes.rglob(f"*{_METADATA}"):
        lines = note.read_text(encoding="utf-8").splitlines()
        if len(lines) > 1 and _SHA256.fullmatch(lines[1].strip()):
            path = note.relative_to(notes).as_posix().removesuffix(_METADATA)
            found.append((path, f"sha256:{lines[1].strip()}"))
    return found


def _remedy(said: str) -> str:
    said = said.lower()
    if any(sign in said for sign in ("no space left", "errno 28", "not enough free disk space")):
        return "Give the volume a larger size"
    if any(sign in said for sign in _NO_TOKEN):
        return "Give a token whose account may read the repository, in a Secret under the key HF_TOKEN"
    if any(sign in said for sign in _NOT_THERE):
        return "Check the repository's name and the revision"
    return "Run the fill again: it goes on where it was"
