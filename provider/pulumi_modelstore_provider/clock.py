"""This machine's clock against the one in a store's answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LARGEST_SKEW = timedelta(minutes=15)
"""What S3 accepts between its clock and the time of a signed request (S3 API reference, RequestTimeTooSkewed)."""


def now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


def skew(date: str | None) -> timedelta | None:
    """Return how far this machine is ahead of a `Date` header, negative when behind; None when it says nothing."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return now() - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))


def clocks_apart(date: str | None) -> str:
    """Return a sentence on how far the clocks are apart; empty when the header says nothing."""
    ahead = skew(date)
    if ahead is None:
        return ""
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return f"This machine is {abs(ahead).total_seconds():.0f} s {way} the store."
