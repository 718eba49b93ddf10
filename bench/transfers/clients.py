"""Who is compared, and how each is started."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Client:
    """One way to transfer: a module of this folder and a variant of using it.

    `slow_with_small` has a client send a tenth of many small files: their rate counts, and the rest tells nothing new.
    A peer is one of those that the goals name.
    """

    name: str
    module: str
    variant: str = ""
    is_peer: bool = False
    slow_with_small: bool = False
    knows_digests: bool = False


OURS = Client("ours", "ours", knows_digests=True)
"""As a deployment does it: the preview before it has digested the files."""
OURS_COLD = Client("ours, digesting", "ours")
"""With nothing known of the files but what was declared: they are digested as they are sent."""
RAW = Client("raw limit", "raw")
PEERS = (
    Client("boto3 default", "boto", "default", is_peer=True, slow_with_small=True),
    Client("boto3 tuned", "boto", "tuned", is_peer=True, slow_with_small=True),
    Client("s5cmd", "commands", "s5cmd", is_peer=True),
    Client("aws-cli", "commands", "aws", is_peer=True, slow_with_small=True),
    Client("rclone", "commands", "rclone", is_peer=True),
)
OBSTORE = Client("obstore", "rust")
CLIENTS = (OURS, OURS_COLD, RAW, *PEERS, OBSTORE)
TRANSFERERS = (OURS, RAW, *PEERS, OBSTORE)
SIGNING = (OURS, *PEERS, OBSTORE)
"""Those that a store which checks signatures lets in."""
