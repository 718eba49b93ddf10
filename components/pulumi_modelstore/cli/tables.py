"""Tables of plain text: columns as wide as their widest cell."""

from __future__ import annotations

from collections.abc import Sequence


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows under their headings, two spaces between columns and none at the end of a line."""
    lines = [list(headings), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def printable(text: str) -> str:
    """A text that somebody else wrote, with what could steer a terminal spelled out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
