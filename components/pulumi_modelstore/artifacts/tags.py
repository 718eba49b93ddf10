"""Tags of a model: names for versions, or for other tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore_provider.artifacts.layout import validate_tag, validate_version

Tags = Sequence[str] | Mapping[str, str | None]
"""Tags of this version by name, or each tag with its target: a version, another tag, or None for this version."""

_FORM = 'Write tags like ["latest"] or {"latest": "stable"}'


class TagTable:
    """What each tag points to, directly and in the end.

    Args:
        tags: as the user declares them.
        version: the version that the artifact declares.
        earlier_versions: versions that are in the store already and may be pointed to.
    """

    def __init__(self, tags: Tags | None, version: str, earlier_versions: Sequence[str] = ()) -> None:
        self._malformed: list[Problem] = []
        named = self._by_name(tags)
        self.targets: dict[str, str] = {tag: version if target is None else target for tag, target in named.items()}
        self._versions = [version, *earlier_versions]
        self._earlier = earlier_versions

    def _by_name(self, tags: Any) -> Mapping[Any, Any]:
        if isinstance(tags, Mapping):
            return tags
        if tags is not None and (isinstance(tags, str) or not isinstance(tags, Sequence)):
            # A string is a sequence of its letters.
            self._malformed.append(Problem("tags", f"{type(tags).__name__} is no list or mapping", _FORM))
            return {}
        wrong = [tag for tag in tags or () if not isinstance(tag, str)]
        self._malformed += [Problem("tags", f"{type(tag).__name__} is no name", _FORM) for tag in wrong]
        return {tag: None for tag in tags or () if isinstance(tag, str)}

    def resolve(self, tag: str) -> str:
        """The version that a tag means in the end; only for tables without problems."""
        target = self.targets[tag]
        return target if target in self._versions else self.resolve(target)

    def in_order(self) -> Iterable[str]:
        """The tags, each after the tag that it points to; only for tables without problems."""
        done: list[str] = []
        for tag in self.targets:
            chain = [tag]
            while self.targets[chain[-1]] in self.targets:
                chain.append(self.targets[chain[-1]])
            done += [link for link in reversed(chain) if link not in done]
        return done

    def problems(self) -> list[Problem]:
        """Every bad name, clash with a version, cycle and tag that points nowhere."""
        found = [*self._malformed]
        found += [Problem("earlier_versions", text) for version in self._earlier for text in validate_version(version)]
        for tag, target in self.targets.items():
            if not isinstance(tag, str) or not isinstance(target, str):
                found.append(Problem("tags", f"{tag!r}: {target!r} are no names", "Write tags as strings"))
                continue
            where = f'tags["{tag}"]'
            found += [Problem(where, text) for text in validate_tag(tag)]
            if tag in self._versions:
                found.append(Problem(where, "has the name of a version", "Choose another name for the tag"))
                continue
            found += self._target_problems(where, tag, target)
        return found

    def _target_problems(self, where: str, tag: str, target: str) -> list[Problem]:
        if target not in self._versions and target not in self.targets:
            known = ", ".join([*self._versions, *(other for other in self.targets if other != tag)])
            remedy = f"Point it to one of {known}, or name an older version in earlier_versions"
            return [Problem(where, f'points to "{target}", which is neither a version nor a tag', remedy)]
        chain = [tag]
        while target in self.targets and target not in self._versions and target not in chain:
            chain.append(target)
            target = self.targets[target]
        # A circle shows at each of its tags, and is reported at the first by name.
        if target != tag or tag != min(chain):
            return []
        return [Problem(where, f"runs in a circle: {' -> '.join([*chain, tag])}", "Let one of them point to a version")]
