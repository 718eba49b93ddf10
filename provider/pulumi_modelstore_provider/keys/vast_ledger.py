"""Which key is whose, for VAST: keys have no name there, so the principal's policy remembers the slots in a Sid.

What is about to be issued is written down before, with the keys that are there, and the key's mark after: whatever a
killed run left can be told from keys that others made. Marks are digests; no key id stands in the policy.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

_PREFIX = "Bucket"
_MARK = "[0-9a-f]{12}"
_ISSUED = re.compile(rf"I([EOS]\d+)H({_MARK})")
_PENDING = re.compile(rf"P([EOS]\d+)((?:B{_MARK})*)")
_BEFORE = re.compile(rf"B({_MARK})")


@dataclass(frozen=True)
class Ledger:
    """What is known of the keys.

    Args:
        issued: the mark of each place's key.
        pending: a place whose key was being issued, None when all were finished.
        before: marks of the keys that were there at that moment.
    """

    issued: Mapping[str, str] = field(default_factory=dict)
    pending: str | None = None
    before: frozenset[str] = frozenset()

    @classmethod
    def of_sid(cls, sid: str) -> Ledger:
        """Read the ledger from a statement's id; an id that is none is an empty one."""
        pending = _PENDING.search(sid)
        return cls(
            issued=dict(_ISSUED.findall(sid)),
            pending=pending[1] if pending else None,
            before=frozenset(_BEFORE.findall(pending[2])) if pending else frozenset(),
        )

    @property
    def sid(self) -> str:
        """The ledger as a statement's id: letters and digits."""
        issued = "".join(f"I{place}H{mark}" for place, mark in sorted(self.issued.items()))
        pending = f"P{self.pending}" + "".join(f"B{mark}" for mark in sorted(self.before)) if self.pending else ""
        return _PREFIX + issued + pending

    def left_over(self, place: str, keys: Sequence[str]) -> list[str]:
        """Return those of `keys` that a killed run left for the place."""
        if self.pending == place:
            return [key for key in keys if mark_of(key) not in self.before]
        return [key for key in keys if mark_of(key) == self.issued.get(place)]

    def beginning(self, place: str, keys: Sequence[str]) -> Ledger:
        """Return what to write before a key is issued for the place, while `keys` are there."""
        there = {mark_of(key) for key in keys}
        issued = {known: mark for known, mark in self.issued.items() if mark in there and known != place}
        return Ledger(issued, pending=place, before=frozenset(there))

    def finished(self, key: str | None) -> Ledger:
        """Return what to write once the key is issued; None when it was refused."""
        if key is None or self.pending is None:
            return replace(self, pending=None, before=frozenset())
        return Ledger({**self.issued, self.pending: mark_of(key)})


def mark_of(key: str) -> str:
    """Return what stands for a key in the ledger."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]
