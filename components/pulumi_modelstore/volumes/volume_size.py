"""The size that a volume asks for, from what is given and what is known of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeAlias

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.kubernetes import quantity, quantity_problems, quantity_text
from pulumi_modelstore.artifacts.model_artifact import ModelArtifact
from pulumi_modelstore.artifacts.reference import ModelReference
from pulumi_modelstore.volumes.class_choice import ClassChoice
from pulumi_modelstore.volumes.sizing import ANY_SIZE, ModelSize, shown, size_of_class, with_headroom

KnownModel: TypeAlias = ModelArtifact | ModelReference | ModelSize
"""What tells how large a model is."""

_MOST_HEADROOM = 10
# A number below this is more likely one of GiB, without its unit.
_FEWEST = 1024**2


@dataclass(frozen=True)
class VolumeSize:
    """A size in bytes, None where nothing limits it, and what to tell the user about it."""

    bytes: int | None
    warnings: Sequence[str] = ()

    @property
    def text(self) -> str | None:
        """The size as a quantity of exactly that many bytes."""
        return None if self.bytes is None else quantity_text(self.bytes)


def known_bytes(check: ArgumentCheck, model: Any) -> int | None:
    """Bytes of the model; None where they are not known."""
    if model is None:
        return None
    if isinstance(model, ModelSize):
        if not check.uses_settings(model):
            return None
        problems = model.problems()
        check.extend(problems, under="model")
        return None if problems else model.bytes
    if isinstance(model, ModelArtifact):
        return model.total_bytes if check.uses("model", model, ModelArtifact) else None
    if isinstance(model, ModelReference):
        check.depends_on_refused = check.depends_on_refused or model.refused
        return model.total_bytes
    found = f"{type(model).__name__} tells no size" if is_plain(model) else "is an output, and a preview has to know it"
    check.add("model", found, 'Pass a ModelArtifact, artifact.at(tag), or ModelSize(parameters="7B", precision="FP16")')
    return None


def check_size(
    check: ArgumentCheck, size: Any, *, model_bytes: int | None, headroom: Any, choice: ClassChoice, needed: bool
) -> VolumeSize:
    """The size to ask for: the given one, else the model's with headroom, up to the next one that the class gives.

    Args:
        check: where problems go.
        size: as given: a quantity, a number of bytes, or None.
        model_bytes: of the known model, which has to fit.
        headroom: share of the model's bytes on top.
        choice: the class.
        needed: whether a volume without a size is a mistake.
    """
    share = _share(check, headroom)
    bands = choice.settings.sizes() if choice.settings is not None else ANY_SIZE
    if size is None:
        if model_bytes is None:
            if needed and not check.problems and not check.depends_on_refused:
                remedy = 'Give a size such as "80Gi", or the model whose size it follows'
                check.add("size", "is missing, and no model tells it", remedy)
            return VolumeSize(None)
        wanted = with_headroom(model_bytes, share)
        return VolumeSize(_of_class(check, "model", wanted, choice))
    if not _is_size(check, size):
        return VolumeSize(None)
    given = ceil(quantity(size))
    if model_bytes is not None and given < model_bytes:
        enough = size_of_class(with_headroom(model_bytes, share), bands)
        would_do = "a smaller model" if enough is None else quantity_text(enough)
        remedy = f"{would_do} would do, with {share:.0%} headroom; left out, the size is derived"
        check.add("size", f"{shown(given)} is less than the model's {shown(model_bytes)}", remedy)
        return VolumeSize(None)
    slip = model_bytes is None and given < _FEWEST and str(size).isdigit()
    said = [f"size {size} is {given} bytes; write {size}Gi if that is meant"] if slip else []
    if choice.settings is None:
        return VolumeSize(given, said)
    taken = _of_class(check, "size", given, choice)
    if taken is None or taken == given:
        return VolumeSize(taken, said)
    warning = f"{choice.title} gives no volume of {quantity_text(given)}: it will have {quantity_text(taken)}"
    # Whole GiB are what any class rounds up to; nothing is to be said of that.
    return VolumeSize(taken, said or ([] if ANY_SIZE[0].up_from(given) == taken else [warning]))


def _of_class(check: ArgumentCheck, argument: str, wanted: int, choice: ClassChoice) -> int | None:
    bands = choice.settings.sizes() if choice.settings is not None else ANY_SIZE
    size = size_of_class(wanted, bands)
    if size is None:
        largest = max(band.most or 0 for band in bands)
        remedy = "Choose another storage class, or a smaller model"
        check.add(argument, f"{shown(wanted)} is more than {choice.title}'s largest, {shown(largest)}", remedy)
    return size


def _is_size(check: ArgumentCheck, size: Any) -> bool:
    if not is_plain(size):
        check.add("size", "is an output, and a preview has to know it", "Pass a plain value, or the model")
        return False
    problems = (
        [*quantity_problems(size, argument="size")]
        if isinstance(size, str | int) and not isinstance(size, bool)
        else None
    )
    if problems is None:
        check.add("size", f"{type(size).__name__} is no size", 'Write it like "80Gi", or as a number of bytes')
        return False
    check.extend(problems)
    return not problems


def _share(check: ArgumentCheck, headroom: Any) -> float:
    number = isinstance(headroom, int | float) and not isinstance(headroom, bool)
    if number and 0 <= headroom <= _MOST_HEADROOM:
        return float(headroom)
    found = f"{headroom!r} is no share" if is_plain(headroom) else "is an output, and a preview has to know it"
    check.add("headroom", found, f"Write it like 0.15, for 15%; from 0 to {_MOST_HEADROOM}")
    return 0.0
