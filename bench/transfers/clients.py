"""Who is compared, and how each is started."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Client:
    """One way to transfer: a module of this folder and a variant of using it.

    `slow_with_small` has a client send a tenth of many small files: their rate counts, and the rest tells nothing new.
    """

    name: str
    module: str
    variant: str = ""
    is_peer: bool = False
    slow_with_small: bool = False
    knows_digests: bool = False


OURS = Client("ours", "ours")
OURS_KNOWN = Client("ours, digests cached", "ours", knows_digests=True)
RAW = Client("raw limit", "raw")
CLIENTS = (OURS, OURS_KNOWN, RAW)
