"""Remembers which generation of an access key is current, and refuses a step that would cut off running pods."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider.resources.adapter import Inputs, checked, differs
from pulumi_modelstore_provider.resources.declaration import DeclaredResource
from pulumi_modelstore_provider.resources.record import Record


class RotationGuardInputs(Inputs):
    """The generation that is to be current, and whether the one before it stays valid."""

    rotation: int = Field(ge=0)
    overlap: bool = True


class RotationGuardProvider(Record):
    """Holds the current generation."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse a rotation that leaves out a generation or goes back, unless the overlap is given up on purpose."""
        result = checked(news, RotationGuardInputs)
        if not result.failures:
            result.failures += _step_failures(_olds.get("rotation"), news)
        return result

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare generation and overlap."""
        return DiffResult(changes=bool(differs(_olds, _news, "rotation", "overlap")), replaces=[])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Record the generation."""
        return CreateResult("rotation", _outs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Record the new generation."""
        return UpdateResult(_outs(_news))


class RotationGuard(DeclaredResource, module="modelstore", name="RotationGuard"):
    """The recorded generation of a pair of keys."""

    rotation: pulumi.Output[int]
    """The current generation."""

    def __init__(
        self,
        name: str,
        *,
        rotation: pulumi.Input[int],
        overlap: pulumi.Input[bool] = True,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the current generation; `overlap` False permits any step, at the price of running pods."""
        super().__init__(RotationGuardProvider(), name, {"rotation": rotation, "overlap": overlap}, opts)


def _step_failures(recorded: Any, news: dict[str, Any]) -> list[CheckFailure]:
    wanted = news.get("rotation")
    if not isinstance(recorded, int | float) or not isinstance(wanted, int | float) or news.get("overlap") is False:
        return []
    old, new = int(recorded), int(wanted)
    if new in (old, old + 1):
        return []
    what = f"skips {new - old - 1} generations" if new > old else "goes back"
    reason = (
        f"rotation {new} {what}: the recorded generation is {old}, and both keys that running pods may hold would stop "
        f"working at once. Use {old + 1} for the next generation, or overlap=False to cut off the keys on purpose"
    )
    return [CheckFailure("rotation", reason)]


def _outs(props: dict[str, Any]) -> dict[str, Any]:
    return RotationGuardInputs.model_validate(props).recorded()
