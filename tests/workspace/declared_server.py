"""A server of the cluster where no pod can run: the same program, with the declared arguments and environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from servers.binaries import answers, binary, free_port, running
from workspace.conftest import secret_environment

Objects = Mapping[tuple[str, str], dict[str, Any]]


def container_environment(container: Mapping[str, Any], objects: Objects) -> dict[str, str]:
    """The environment that a kubelet gives a container."""
    given = {}
    for entry in container["env"]:
        reference = entry.get("valueFrom", {}).get("secretKeyRef")
        value = secret_environment(objects["Secret", reference["name"]])[reference["key"]] if reference else None
        given[entry["name"]] = entry["value"] if value is None else value
    return given


@contextmanager
def declared_server(objects: Objects, name: str, folder: Path, files: Mapping[str, Path]) -> Iterator[int]:
    """Run a StatefulSet's container on loopback until the block ends; yields its port.

    `files` are what is mounted, by path in the container.
    """
    container = objects["StatefulSet", name]["spec"]["template"]["spec"]["containers"][0]
    data, port = folder / "data", free_port()
    data.mkdir(parents=True)
    declared = container["ports"][0]["containerPort"]
    places = {"/data": data, "/tmp": folder, **files}

    def here(argument: str) -> str:
        return argument.replace(f":{declared}", f"127.0.0.1:{port}") if argument == f":{declared}" else argument

    command = [str(places.get(argument, here(argument))) for argument in container["command"]]
    command[0] = str(binary(command[0]))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        **container_environment(container, objects),
    }
    with running(command, environment=environment, log=folder / "log", ready=lambda: answers(port)):
        yield port
