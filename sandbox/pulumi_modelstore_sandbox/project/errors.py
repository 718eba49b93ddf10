"""What can be wrong with a project's files."""

from __future__ import annotations

from collections.abc import Sequence


class ProjectError(Exception):
    """The project cannot be used; the text is one paragraph that names file and key."""


class InvalidProjectError(ProjectError):
    """A file of the project is invalid; all its problems are in the text, one a line."""

    def __init__(self, file: object, problems: Sequence[str]) -> None:
        """Take the file and what is wrong in it."""
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"{file}: {problems[0]}" if len(problems) == 1 else f"{file}:{lines}")
        self.problems = tuple(problems)
