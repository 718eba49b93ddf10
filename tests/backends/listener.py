"""An address in the store's place that notices whoever connects."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost):\d+")


class Listener:
    """Accepts connections, closes them and counts them."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.connections = 0

    def instead(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with this address for every one of the loopback."""
        changed: dict[str, Any] = json.loads(_LOOPBACK.sub(self.address, json.dumps(dict(settings))))
        return changed


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a free port until the block ends."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        listener = Listener(server.getsockname()[1])

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                listener.connections += 1
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener
        finally:
            # A close alone leaves the thread in its accept().
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
