"""What was begun with an account's keys, written into its description before and after: Google names no key.

One line a place, such as `even 2 made <id>` or, while a key is on its way, `even 2 beside <id> <id>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_HEAD = "Keys by pulumi-modelstore"
_LINE = re.compile(r"(?P<slot>\w+) (?P<generation>\d+) (?P<state>made|beside)(?P<ids>( \S+)*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """The last key of a place: which it was, or which there were when it was begun."""

    generation: int
    made: bool
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Journal:
    """The entries by slot. As text it has at most 256 bytes, the limit of a description, also with HMAC's long ids."""

    entries: Mapping[str, Entry]

    @classmethod
    def read(cls, description: str | None) -> Journal:
        """Read a description; one that somebody else wrote has no entries."""
        entries = {}
        for line in (description or "").splitlines():
            found = _LINE.fullmatch(line.strip())
            if found is not None:
                ids = tuple(found["ids"].split())
                entries[found["slot"]] = Entry(int(found["generation"]), found["state"] == "made", ids)
        return cls(entries)

    def text(self) -> str:
        """Return the description."""
        lines = [
            " ".join((slot, str(entry.generation), "made" if entry.made else "beside", *entry.ids))
            for slot, entry in sorted(self.entries.items())
        ]
        return "\n".join([_HEAD, *lines])

    def making(self, slot: str, generation: int, others: Sequence[str]) -> Journal:
        """Return the journal of an account that gets a key beside `others`."""
        return Journal({**self.entries, slot: Entry(generation, made=False, ids=tuple(others))})

    def made(self, slot: str, generation: int, key_id: str) -> Journal:
        """Return the journal of an account that has got the key."""
        return Journal({**self.entries, slot: Entry(generation, made=True, ids=(key_id,))})

    def left_over(self, slot: str, generation: int, live: Sequence[str]) -> list[str]:
        """Return the key of the place among the `live` ones: whoever asks for it anew does not have it recorded.

        Where it was made and its id not written down, it is the one that has come since; of several none is taken.
        """
        entry = self.entries.get(slot)
        if entry is None or entry.generation != generation:
            return []
        if entry.made:
            return [key_id for key_id in live if key_id in entry.ids]
        elsewhere = {key_id for other, noted in self.entries.items() if other != slot for key_id in noted.ids}
        new = [key_id for key_id in live if key_id not in entry.ids and key_id not in elsewhere]
        return new if len(new) == 1 else []
