"""Which versions of a model may go: never one that something uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pulumi_modelstore_provider.artifacts.catalog import StoredModel, StoredVersion
from pulumi_modelstore_provider.errors import ModelstoreError


@dataclass(frozen=True)
class Verdict:
    """What is to become of a version: it goes where there is no reason to keep it."""

    version: StoredVersion
    reasons: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        """Whether it may be deleted."""
        return not self.reasons


def judge(
    model: StoredModel,
    *,
    keep: int | None,
    users: Mapping[str, Sequence[str]],
    named: Collection[str] = (),
) -> list[Verdict]:
    """Return a verdict on each version, the newest first.

    Args:
        model: as the store has it.
        keep: how many of the newest stay in any case, by the time of their manifests; None where nobody said, which
            keeps all that are not `named`.
        users: what of the stack uses a version, by version.
        named: the only versions that may go, also what a cut-off upload has left of one; `keep` does not count for
            them. Empty for all that have a manifest.

    Raises:
        ModelstoreError: where a named version is used, or is not there.
    """
    judged = [version for version in model.versions if version.committed or version.version in named]
    missing = [name for name in named if name not in {version.version for version in judged}]
    if missing:
        known = ", ".join(version.version for version in model.versions) or "none"
        raise ModelstoreError(
            f"The model {model.name!r} has no version {', '.join(map(repr, missing))}",
            remedy=f"Its versions are: {known}",
        )
    verdicts = []
    for place, version in enumerate(judged):
        reasons = [f"tag {tag}" for tag in version.tags] + [*users.get(version.version, ())]
        if version.version in named and reasons:
            raise ModelstoreError(
                f"The version {version.version!r} of {model.name!r} cannot be pruned: it is used by "
                + ", ".join(reasons),
                remedy="Move the tags and the services to another version first",
            )
        if not named and version.manifest is None:
            reasons.append(version.problem)
        if not named and keep is None:
            reasons.append("nothing says how many versions to keep")
        elif not named and keep is not None and place < keep:
            reasons.append(f"one of the newest {keep}" if keep > 1 else "the newest")
        elif named and version.version not in named:
            reasons.append("not named")
        verdicts.append(Verdict(version, tuple(reasons)))
    return verdicts
