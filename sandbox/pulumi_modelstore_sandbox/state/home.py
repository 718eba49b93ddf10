"""Where the sandbox keeps what it knows: one folder, by default `.sandbox` beside Pulumi.yaml."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pulumi_modelstore_sandbox.state.errors import StateError

HOME_VARIABLE = "MODELSTORE_SANDBOX_HOME"

_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,100}$")


@dataclass(frozen=True)
class Home:
    """The sandbox's folder."""

    path: Path

    @classmethod
    def of(cls, project_root: Path) -> Home:
        """Return the home that `MODELSTORE_SANDBOX_HOME` names, or the project's own."""
        named = os.environ.get(HOME_VARIABLE)
        return cls(Path(named).expanduser().absolute() if named else project_root.absolute() / ".sandbox")

    @classmethod
    def nearest(cls) -> Home:
        """Return the home of the nearest Pulumi.yaml: a plugin starts in the program's folder, perhaps below it."""
        here = Path.cwd()
        projects = (folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file())
        return cls.of(next(projects, here))

    @property
    def passphrase(self) -> Path:
        """The passphrase made for stacks without one of the user's."""
        return self.path / "passphrase"

    def state(self, project: str, stack: str) -> Path:
        """Return a stack's state file; raises StateError for names that are no file names."""
        for kind, name in (("project", project), ("stack", stack)):
            if not _NAME.match(name) or name in {".", ".."}:
                raise StateError(
                    f"{name!r} is no name for a {kind}: use 1 to 100 letters, digits, hyphens, underscores and periods."
                )
        return self.path / "stacks" / project / f"{stack}.json"

    def stacks(self, project: str) -> list[str]:
        """Return the names of the project's stacks that have a state."""
        return sorted(file.stem for file in (self.path / "stacks" / project).glob("*.json"))

    def create(self) -> None:
        """Make the folder, readable by its owner alone and ignored by git: it holds a passphrase and keys."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        ignore = self.path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
