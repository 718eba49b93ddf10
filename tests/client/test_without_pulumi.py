"""The clients where Pulumi is not installed, as in a pod's image."""

from __future__ import annotations

import subprocess
import sys

from servers.valkey import ValkeyServer

PROGRAM = """\
import sys

ABSENT = ("pulumi", "pydantic", "pulumi_modelstore", "pulumi_modelstore_provider", "pulumi_modelstore_sandbox")

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
try:
    import pulumi
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("pulumi is there")

import pulumi_modelstore_client as client
assert not {"redis", "boto3"} & set(sys.modules), "heavy libraries are imported when a client is made"

with client.KeyValueStoreClient.from_environment() as store:
    space = store.create_namespace("greetings")
    space.put("hello", b"world")
    print(space.get("hello").decode())
with client.MessageQueueClient.from_environment() as queues:
    jobs = queues.create("jobs")
    jobs.send(b"done")
    (message,) = jobs.receive()
    jobs.ack(message)
    print(message.body.decode())
with client.ObjectStoreClient.from_environment() as objects:
    print(objects.url("a"))
"""


def test_the_clients_work_where_pulumi_cannot_be_imported(valkey: ValkeyServer, store_name: str) -> None:
    environment = {
        "PYTHONDONTWRITEBYTECODE": "1",
        **valkey.environment("MODELSTORE_KV", store=store_name),
        **valkey.environment("MODELSTORE_QUEUE", store=store_name),
        "MODELSTORE_OBJECTS_URL": "s3://bucket/p?access=public&region=eu-west-1",
    }
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (
        "world\ndone\nhttps://bucket.s3.eu-west-1.amazonaws.com/p/a\n",
        "",
    )
