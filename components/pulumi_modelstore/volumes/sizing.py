"""How large a volume must be: pure arithmetic, in bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Literal, TypeAlias

from pydantic import ConfigDict

from pulumi_modelstore.arguments.kubernetes import quantity_text
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

GIB = 1024**3
DEFAULT_HEADROOM = 0.15
"""Share of the model's bytes that a derived size has on top: tokenizer, configuration and the fill's own files."""

Precision: TypeAlias = Literal["FP32", "BF16", "FP16", "FP8", "INT8", "INT4"]

_BYTES_PER_PARAMETER: dict[str, Fraction] = {
    "FP32": Fraction(4),
    "BF16": Fraction(2),
    "FP16": Fraction(2),
    "FP8": Fraction(1),
    "INT8": Fraction(1),
    "INT4": Fraction(1, 2),
}
_PARAMETERS = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>[KMBT]?)")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


class ModelSize(CheckedSettings):
    """A model known by its size alone.

    Args:
        parameters: all of them, experts included: a number, or text such as `7B`, `0.6B` or `1.2T`.
        precision: of the weights as they are stored: FP32, BF16, FP16, FP8, INT8 or INT4.
    """

    # `parameters=7_000_000_000` reads well and means the same as "7B".
    model_config = ConfigDict(coerce_numbers_to_str=True)

    parameters: str
    precision: Precision = "BF16"

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        if _PARAMETERS.fullmatch(self.parameters) and _count(self.parameters) > 0:
            return []
        return [Problem("parameters", f"{self.parameters!r} is no number of parameters", "Write it like 7B or 0.6B")]

    @property
    def bytes(self) -> int:
        """Bytes of the weights: parameters times bytes per parameter."""
        return ceil(_count(self.parameters) * _BYTES_PER_PARAMETER[self.precision])


def _count(parameters: str) -> Fraction:
    match = _PARAMETERS.fullmatch(parameters)
    return Fraction(match["number"]) * _UNITS[match["unit"]] if match else Fraction(0)


@dataclass(frozen=True, slots=True)
class SizeBand:
    """Sizes that a class gives: `least`, and on in whole `step`s up to `most` (None: without a limit), in bytes."""

    least: int
    step: int
    most: int | None = None

    def up_from(self, wanted: int) -> int | None:
        """The smallest size of the band that holds `wanted` bytes, None where none does."""
        size = self.least + max(0, ceil(Fraction(wanted - self.least, self.step))) * self.step
        return size if self.most is None or size <= self.most else None


ANY_SIZE = (SizeBand(least=GIB, step=GIB),)
"""Whole GiB: what every class gives."""


def size_of_class(wanted: int, bands: Sequence[SizeBand]) -> int | None:
    """The smallest size of the class that holds `wanted` bytes; None where even its largest does not."""
    fitting = [size for band in bands if (size := band.up_from(wanted)) is not None]
    return min(fitting, default=None)


def with_headroom(model_bytes: int, headroom: float) -> int:
    """Bytes of the model and its headroom, a share such as 0.15, rounded up."""
    # By its decimal digits: the binary 0.15 is a little less than what was written.
    return ceil(model_bytes * (1 + Fraction(Decimal(str(headroom)))))


def shown(size: int) -> str:
    """A size for messages: exactly, as a quantity where it is a whole number of Mi, and in GB."""
    text = f"{size} bytes" if size % 1024**2 else quantity_text(size)
    return f"{text} ({size / 10**9:.1f} GB)"
