"""Run one provider as a plugin: `python -m pulumi_modelstore_sandbox.plugins aws|kubernetes ENGINE_ADDRESS`."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Final

import grpc.aio
from pulumi.provider.experimental.provider import Provider
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_modelstore_sandbox.plugins.executables import PACKAGES
from pulumi_modelstore_sandbox.plugins.servicer import PluginServicer

# The engine's own default is 16 steps at a time.
THREADS: Final = 32
PARENT_SECONDS: Final = 1.0


def provider_of(package: str) -> Provider:
    """Return the sandbox's provider of a package."""
    if package == "aws":
        from pulumi_modelstore_sandbox.aws.provider import AwsProvider
        from pulumi_modelstore_sandbox.plugins.threaded import Threaded

        return Threaded(AwsProvider())
    from pulumi_modelstore_sandbox.cluster.provider import KubernetesProvider

    return KubernetesProvider()


async def serve(package: str, provider: Provider, engine_address: str) -> None:
    """Serve until the engine is gone; the first line printed is the port."""
    # Asked for before anything is printed: the engine may be gone the moment it has read the port.
    parent = os.getppid()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    # The real provider's version: state and messages name the one that the program was written for.
    servicer = PluginServicer(package, version(f"pulumi-{package}"), provider, engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_SECONDS)
    await server.stop(grace=None)


def main() -> None:
    """Read the command line; flags of the engine's are of no concern here."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if not arguments or arguments[0] not in PACKAGES:
        raise SystemExit(f"usage: python -m pulumi_modelstore_sandbox.plugins {'|'.join(PACKAGES)} ENGINE_ADDRESS")
    package, engine_address = arguments[0], arguments[1] if len(arguments) > 1 else ""
    asyncio.run(serve(package, provider_of(package), engine_address))


if __name__ == "__main__":
    main()
