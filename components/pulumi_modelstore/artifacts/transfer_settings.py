"""`TransferSettings`: how hard an upload may use the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.arguments.settings import CheckedSettings

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings as Limits


class TransferSettings(CheckedSettings):
    """Limits of one upload; a change of them alone sends nothing.

    Args:
        concurrency: requests under way at once, 1 to 64; unset, 8.
        rate_limit: bytes a second over all of them, at least 1024: a number, or text like `200MB/s` (powers of 1000)
            or `1.5GiB/s` (of 1024); unset, none.
    """

    concurrency: int | None = None
    rate_limit: int | str | None = None

    def limits(self) -> Limits:
        """The provider's form of it.

        Raises:
            pydantic.ValidationError: where `problems` are left.
        """
        from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings as Limits

        return Limits.model_validate(self.model_dump(exclude_none=True))

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        try:
            self.limits()
        except ValidationError as error:
            return problems_of(error)
        return []


def check_transfer(check: ArgumentCheck, transfer: Any, keep_versions: Any) -> Limits | None:
    """Check the limits and the number of versions to keep; the limits, where there are any and they will do."""
    if keep_versions is not None and (
        isinstance(keep_versions, bool) or not isinstance(keep_versions, int) or keep_versions < 1
    ):
        known = f"{keep_versions!r} is no number of versions" if is_plain(keep_versions) else "is an output"
        check.add("keep_versions", known, "Use a whole number from 1, or leave it out to keep all")
    if transfer is None or not check.settings(
        "transfer", transfer, TransferSettings, remedy="Pass TransferSettings(concurrency=..., rate_limit=...)"
    ):
        return None
    problems = transfer.problems()
    check.extend(problems, under="transfer")
    return None if problems else transfer.limits()
