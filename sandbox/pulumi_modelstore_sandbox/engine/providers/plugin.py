"""Providers that are executables named `pulumi-resource-<package>` on PATH, spoken to over gRPC."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import Message

from pulumi_modelstore_sandbox.engine.providers.failure import PartialResource, ProviderFailed, Unimplemented

START_SECONDS: Final = 30
"""How long a plugin may take to print its port."""


class PluginHost:
    """Runs one plugin process; it ends with the host."""

    def __init__(self, package: str, executable: str, folder: Path) -> None:
        import grpc
        from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
        from pulumi.runtime.proto import provider_pb2_grpc

        self._package = package
        self._process = subprocess.Popen(
            # A plugin's first argument is the engine's address; there is none to log to here.
            [executable, "127.0.0.1:0"],
            cwd=folder,
            env=os.environ.copy(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: deque[str] = deque(maxlen=20)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        port = self._read_port()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_GRPC_CHANNEL_OPTIONS)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def call(self, method: str, request: Message) -> Any:
        """Answer one request."""
        import grpc

        try:
            return getattr(self._stub, method)(request)
        except grpc.RpcError as error:
            raise _failure(self._package, error) from error

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(timeout=5)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _listen(self) -> None:
        for line in self._process.stderr or ():
            self._said.append(line.rstrip())

    def _read_port(self) -> int:
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline().strip() if self._process.stdout else ""
        finally:
            timer.cancel()
        if not line.isdigit():
            self._stop()
            said = "\n".join(self._said)
            raise ProviderFailed(
                f"the plugin pulumi-resource-{self._package} did not print its port within {START_SECONDS} s; "
                f"it said: {said or line or 'nothing'}"
            )
        return int(line)


def find(package: str) -> str:
    """Return the path of a package's plugin. Raises ProviderFailed when there is none."""
    executable = shutil.which(f"pulumi-resource-{package}")
    if executable is None:
        raise ProviderFailed(
            f"the sandbox has no provider for the package {package!r}: put an executable "
            f"pulumi-resource-{package} on PATH, or deploy this stack with the Pulumi CLI"
        )
    return executable


def _failure(package: str, error: Any) -> ProviderFailed:
    import grpc
    from pulumi.runtime.proto import provider_pb2, status_pb2

    code, message = error.code(), error.details() or str(error)
    if code == grpc.StatusCode.UNIMPLEMENTED:
        return Unimplemented(message)
    if code == grpc.StatusCode.UNAVAILABLE:
        return ProviderFailed(f"the plugin pulumi-resource-{package} has ended: {message}")
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            failed = provider_pb2.ErrorResourceInitFailed()
            if detail.Unpack(failed):
                inputs = failed.inputs if failed.HasField("inputs") else None
                reasons = list(failed.reasons)
                partial = PartialResource(failed.id, failed.properties, inputs, reasons)
                return ProviderFailed("\n".join([message, *(f"- {reason}" for reason in reasons)]), partial=partial)
            missing = provider_pb2.ConfigureErrorMissingKeys()
            if detail.Unpack(missing):
                keys = "; ".join(f"{key.name} ({key.description})" for key in missing.missingKeys)
                return ProviderFailed(f"the provider {package} needs configuration: {keys}")
    # A server in Python puts its traceback into the message; the first line says what went wrong.
    first = message.split("\n", 1)[0].removeprefix("Unexpected <class 'Exception'>: ").rstrip(":")
    return ProviderFailed(first or message, details=message)
