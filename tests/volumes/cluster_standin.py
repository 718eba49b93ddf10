"""A stand-in of a cluster that runs pods: what a files pod is made by, spoken to through, and removed by.

Claims are folders. `exec` starts the very command that was asked for, with the environment that the pod's manifest
gives its container, as a process of this machine; only the interpreter and the place of the volume are this machine's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import WSMsgType, web

_PODS = "/api/v1/namespaces/{namespace}/pods"


@dataclass
class StandInCluster:
    """What it has, and what was asked of it."""

    claims: dict[str, Path]
    kubeconfig: Path
    access_modes: list[str] = field(default_factory=lambda: ["ReadWriteOnce"])
    running: list[dict[str, Any]] = field(default_factory=list)
    """Pods of others."""
    waiting: dict[str, str] | None = None
    """Why a new pod's container does not start."""
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[dict[str, Any]] = field(default_factory=list)
    agents: list[Any] = field(default_factory=list)
    port: int = 0

    def routes(self) -> list[web.RouteDef]:
        claim = "/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}"
        return [
            web.get(claim, self.claim),
            web.get(_PODS, self.list),
            web.post(_PODS, self.create),
            web.get(_PODS + "/{name}", self.read),
            web.delete(_PODS + "/{name}", self.delete),
            web.get(_PODS + "/{name}/exec", self.exec),
        ]

    async def claim(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.claims:
            status = {"kind": "Status", "message": f'persistentvolumeclaims "{name}" not found', "code": 404}
            return web.json_response(status, status=404)
        return web.json_response({"metadata": {"name": name}, "spec": {"accessModes": self.access_modes}})

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"items": self.running, "metadata": {}})

    async def create(self, request: web.Request) -> web.Response:
        pod = await request.json()
        pod["metadata"]["name"] = f"{pod['metadata']['generateName']}{len(self.made)}"
        self.made.append(pod)
        state = {"waiting": self.waiting} if self.waiting else {"running": {}}
        status = {"name": "files", "image": "", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        pod["status"] = {"phase": "Pending" if self.waiting else "Running", "containerStatuses": [status]}
        self.pods[pod["metadata"]["name"]] = pod
        return web.json_response(pod, status=201)

    async def read(self, request: web.Request) -> web.Response:
        return web.json_response(self.pods[request.match_info["name"]])

    async def delete(self, request: web.Request) -> web.Response:
        return web.json_response(self.pods.pop(request.match_info["name"]))

    async def exec(self, request: web.Request) -> web.WebSocketResponse:
        pod = self.pods[request.match_info["name"]]
        container = pod["spec"]["containers"][0]
        assert request.query["container"] == container["name"]
        claim = pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
        mounted = {container["volumeMounts"][0]["mountPath"]: str(self.claims[claim])}
        command = [mounted.get(word, word) for word in request.query.getall("command")]
        assert command[0] == "python"
        socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io", "v4.channel.k8s.io"), max_msg_size=0)
        await socket.prepare(request)
        agent = await asyncio.create_subprocess_exec(
            sys.executable,
            *command[1:],
            env={item["name"]: item["value"] for item in container["env"]},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.agents.append(agent)
        out = [asyncio.create_task(_forward(socket, number, stream)) for number, stream in
               ((1, agent.stdout), (2, agent.stderr))]  # fmt: skip
        ended = asyncio.create_task(_close_after(out, socket))
        async for message in socket:
            if message.type is WSMsgType.BINARY and message.data[0] == 0 and agent.stdin is not None:
                with suppress(ConnectionError):
                    agent.stdin.write(message.data[1:])
                    await agent.stdin.drain()
        if agent.stdin is not None:
            agent.stdin.close()
        await agent.wait()
        await ended
        return socket


async def _forward(socket: web.WebSocketResponse, channel: int, stream: asyncio.StreamReader | None) -> None:
    assert stream is not None
    while body := await stream.read(50_000):
        with suppress(ConnectionError):
            await socket.send_bytes(bytes([channel]) + body)


async def _close_after(tasks: list[asyncio.Task[None]], socket: web.WebSocketResponse) -> None:
    await asyncio.gather(*tasks)
    await socket.close()


@contextmanager
def standin_cluster(folder: Path, *claims: str) -> Iterator[StandInCluster]:
    """Run one on loopback, with a kubeconfig that leads to it."""
    kubeconfig = folder / "kubeconfig"
    cluster = StandInCluster({name: folder / name for name in claims}, kubeconfig)
    for place in cluster.claims.values():
        place.mkdir()
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.add_routes(cluster.routes())
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        cluster.port = site._server.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(30)
    entry = {"clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{cluster.port}"}}],
             "users": [{"name": "u", "user": {"token": "t"}}],
             "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "current-context": "c"}  # fmt: skip
    kubeconfig.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **json.loads(json.dumps(entry))}))
    try:
        yield cluster
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
