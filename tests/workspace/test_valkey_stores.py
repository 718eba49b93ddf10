"""Stores on a Valkey in the cluster, from the declaration to a client in a pod."""

from __future__ import annotations

import re
from pathlib import Path

from pulumi_modelstore_client import KeyValueStoreClient, MessageQueueClient
from servers.apiserver import ApiServer
from servers.binaries import free_port
from servers.valkey import ValkeyServer
from workspace.conftest import EXISTING_PASSWORD, Deployed, secret_environment


def _here(url: str, port: int) -> str:
    return url.replace("cache.stores.svc:6379", f"127.0.0.1:{port}")


def test_a_client_reads_the_secret_and_finds_the_server_as_it_is_declared(stores_project: Path, tmp_path: Path) -> None:
    stack = Deployed(stores_project, tmp_path / "home")
    shown = stack.run("up", "--yes")
    objects, outputs = stack.objects(), stack.outputs()
    password = outputs["password"]
    assert re.fullmatch(r"[A-Za-z0-9]{40}", password)
    assert not [text for text in (shown, stack.state()) for secret in (password, EXISTING_PASSWORD) if secret in text]

    container = objects["StatefulSet", "cache"]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["valkey-server", "/etc/valkey/valkey.conf"]
    folder, port = tmp_path / "server", free_port()
    folder.mkdir()
    files = {**objects["ConfigMap", "cache"]["data"], **secret_environment(objects["Secret", "cache"])}
    for name in ("valkey.conf", "auth.conf"):
        text = files[name].replace("/etc/valkey/", f"{folder}/").replace("dir /data", f"dir {folder}")
        (folder / name).write_text(text.replace("port 6379", f"port {port}\nbind 127.0.0.1"))

    server = ValkeyServer(folder, port, password=password)
    try:
        server.start()
        settings = server.client().config_get("append*") | server.client().config_get("maxmemory*")
        assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "always")
        assert (settings["maxmemory"], settings["maxmemory-policy"]) == (str(512 * 2**20 * 60 // 100), "noeviction")

        environment = secret_environment(objects["Secret", "sessions"])
        assert environment["MODELSTORE_KV_URL"] == outputs["url"] + "?store=sessions"
        environment["MODELSTORE_KV_URL"] = _here(environment["MODELSTORE_KV_URL"], port)
        space = KeyValueStoreClient.from_environment(environ=environment).create_namespace("a")
        space.put("k", b"v")
        environment = secret_environment(objects["Secret", "jobs"])
        environment["JOBS_URL"] = _here(environment["JOBS_URL"], port)
        queue = MessageQueueClient.from_environment("JOBS", environ=environment).create("load")
        queue.send(b"m")
        server.kill()
        server.start()
        assert (space.get("k"), queue.length()) == (b"v", 1)
    finally:
        server.stop()
    assert secret_environment(objects["Secret", "elsewhere"]) == {
        "MODELSTORE_KV_URL": "rediss://old.example.org:6380/2?store=elsewhere",
        "MODELSTORE_KV_PASSWORD": EXISTING_PASSWORD,
    }
    assert stack.run("preview", "--expect-no-changes")


def test_a_cluster_takes_what_is_declared(stores_project: Path, tmp_path: Path, apiserver: ApiServer) -> None:
    for name in ("stores", "apps"):
        apiserver.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    stack = Deployed(stores_project, tmp_path / "home", {"MODELSTORE_SANDBOX_KUBECONFIG": str(apiserver.kubeconfig)})
    stack.run("up", "--yes")
    stack.run("preview", "--expect-no-changes")
    live = apiserver.get("/apis/apps/v1/namespaces/stores/statefulsets/cache")
    pod = live["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert live["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "fast"
    assert container["resources"] == {
        "requests": {"cpu": "250m", "memory": "512Mi"},
        "limits": {"memory": "512Mi"},
    }
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
    secret = apiserver.get("/api/v1/namespaces/stores/secrets/cache")
    mounted = next(volume for volume in pod["volumes"] if volume["name"] == "credentials")
    assert {item["key"] for item in mounted["secret"]["items"]} <= set(secret["data"])
    selector = live["spec"]["selector"]["matchLabels"]
    budget = apiserver.get("/apis/policy/v1/namespaces/stores/poddisruptionbudgets/cache")
    assert budget["spec"]["selector"]["matchLabels"] == selector
    assert apiserver.get("/api/v1/namespaces/stores/services/cache")["spec"]["selector"] == selector
    stack.run("destroy", "--yes")
    assert apiserver.get("/apis/apps/v1/namespaces/stores/statefulsets/cache") is None
