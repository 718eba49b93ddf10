"""Byte counts for people."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def human_size(count: float) -> str:
    """Return a byte count in decimal units with three significant digits at most: `0 B`, `999 B`, `14.2 GB`."""
    value = float(count)
    for unit in _UNITS:
        # 999.95 would print as 1000.0 in this unit.
        if value < 999.95 or unit == _UNITS[-1]:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit takes any value")


def human_seconds(seconds: float) -> str:
    """Return a duration: `8s`, `2m10s`, `3h05m`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
