"""A channel to a command in a pod, by the exec interface of the Kubernetes API."""

from __future__ import annotations

from typing import Any

from pulumi_modelstore_provider.files.channel import ChannelClosed

_PIECE = 64 << 10
"""Bytes in one message: more than that some proxies on the way do not take."""
_POLL_SECONDS = 5
_STDOUT, _STDERR = 1, 2


class PodChannel:
    """An agent that is started in a running pod.

    Args:
        core: client of the core API; it is used for nothing else while the channel is open.
        namespace: of the pod.
        name: of the pod.
        command: that starts the agent in the container.
    """

    def __init__(self, core: Any, namespace: str, name: str, command: list[str]) -> None:
        from kubernetes import stream

        self._socket = stream.stream(
            core.connect_get_namespaced_pod_exec,
            name,
            namespace,
            container="files",
            command=command,
            stdin=True,
            stdout=True,
            stderr=True,
            tty=False,
            binary=True,
            _preload_content=False,
        )
        self._read = bytearray()

    def send(self, body: bytes) -> None:
        """Send all of it. Raises ChannelClosed."""
        for begin in range(0, len(body), _PIECE):
            try:
                self._socket.write_stdin(body[begin : begin + _PIECE])
            except (OSError, _socket_error()):
                raise self._closed() from None

    def receive(self, count: int) -> bytes:
        """Return exactly that many bytes. Raises ChannelClosed."""
        while len(self._read) < count:
            open_before = self._socket.is_open()
            try:
                self._socket.update(timeout=_POLL_SECONDS)
                arrived = self._socket.read_channel(_STDOUT)
            except (OSError, _socket_error()):
                raise self._closed() from None
            self._read += arrived
            # What arrived before the end is there all the same.
            if not arrived and not open_before:
                raise self._closed()
        body, self._read = bytes(self._read[:count]), self._read[count:]
        return body

    def close(self) -> None:
        """Let the agent end."""
        self._socket.close()

    def _closed(self) -> ChannelClosed:
        try:
            text = self._socket.read_channel(_STDERR).decode(errors="replace").strip()
        except (OSError, _socket_error()):
            text = ""
        return ChannelClosed(
            "The connection to the pod has ended", answer=text[-500:], remedy="Run it again: it goes on where it was"
        )


def _socket_error() -> type[Exception]:
    from websocket import WebSocketException

    return WebSocketException
