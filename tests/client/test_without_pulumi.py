"""The clients where Pulumi is not installed: in an environment like the README's image, and hidden in this one."""

from __future__ import annotations

import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

from provider.azure_store import azure_store
from servers.azurite import Azurite
from servers.valkey import ValkeyServer
from servers.versitygw import VersityGateway

ROOT = Path(__file__).parents[2]
LIBRARIES = ("redis", "boto3", "azure-storage-blob")
"""What the README has a pod's image install beside the wheel."""

HIDDEN = """\
import sys

ABSENT = ("pulumi", "pydantic", "pulumi_modelstore", "pulumi_modelstore_provider", "pulumi_modelstore_sandbox")

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""
PROGRAM = """\
import sys

try:
    import pulumi
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("pulumi is there")

import pulumi_modelstore_client as client
assert not {"redis", "boto3", "azure"} & set(sys.modules), "heavy libraries are imported when a client is made"

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
for prefix in ("MODELSTORE_OBJECTS", "MODELSTORE_AZURE"):
    with client.ObjectStoreClient.from_environment(prefix) as objects:
        objects.put("a", b"content")
        print(objects.get("a").decode(), [found.key for found in objects.list()], "a?" in objects.url("a"))
"""
PRINTED = "world\ndone\n" + "content ['a'] True\n" * 2


@pytest.fixture
def environment(valkey: ValkeyServer, store_name: str, versitygw: VersityGateway, azurite: Azurite) -> dict[str, str]:
    """What the Secrets of four stores give a pod."""
    versitygw.client().create_bucket(Bucket=store_name)
    container = azure_store(azurite)
    return {
        **valkey.environment("MODELSTORE_KV", store=store_name),
        **valkey.environment("MODELSTORE_QUEUE", store=store_name),
        "MODELSTORE_OBJECTS_URL": f"s3://{store_name}/p?access=private&endpoint={versitygw.endpoint}&region=us-east-1",
        "MODELSTORE_OBJECTS_ACCESS_KEY_ID": versitygw.access_key_id,
        "MODELSTORE_OBJECTS_SECRET_ACCESS_KEY": versitygw.secret_access_key,
        "MODELSTORE_AZURE_URL": f"azure://{container.bucket}/p?access=private&account={azurite.account}"
        f"&endpoint={azurite.endpoint}",
        "MODELSTORE_AZURE_SECRET_ACCESS_KEY": azurite.account_key,
    }


def printed(python: Path | str, program: str, environment: dict[str, str]) -> tuple[str, str]:
    done = subprocess.run([python, "-B", "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr


def test_the_clients_work_where_pulumi_cannot_be_imported(environment: dict[str, str]) -> None:
    assert printed(sys.executable, HIDDEN + PROGRAM, environment) == (PRINTED, "")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which there is the wheel, and of its libraries those that the README names."""
    builder = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is in the dependency group `build`")
    pytest.importorskip("pip", reason="pip is in the dependency group `cli`")
    folder = tmp_path_factory.mktemp("image")
    (wheel,) = builder.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv/bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", wheel], check=True, timeout=120)
    (packages,) = (folder / "venv/lib").glob("python*/site-packages")
    for name in needed(LIBRARIES):
        for file in distribution(name).files or ():
            if ".." not in file.parts:
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                (packages / file).symlink_to(Path(str(file.locate())))
    return python


def needed(names: tuple[str, ...]) -> set[str]:
    """These distributions and all that they require, without extras."""
    requirement = pytest.importorskip("packaging.requirements", reason="packaging comes with pytest").Requirement
    found: set[str] = set()
    left = [*names]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        required = [requirement(text) for text in distribution(name).requires or ()]
        left += [one.name for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def test_the_clients_work_where_the_wheel_is_installed_without_pulumi(image: Path, environment: dict[str, str]) -> None:
    listing = "import importlib.metadata as m; print(*sorted(d.metadata['Name'].lower() for d in m.distributions()))"
    installed = printed(image, listing, {})[0].split()
    assert {"pulumi-modelstore", "redis", "boto3", "azure-storage-blob"} <= set(installed)
    assert not [name for name in installed if name.startswith(("pulumi", "pydantic")) and name != "pulumi-modelstore"]
    assert printed(image, PROGRAM, environment) == (PRINTED, "")


def test_a_missing_library_is_named(image: Path, environment: dict[str, str]) -> None:
    absent = "import sys; sys.modules['azure.storage.blob'] = None\n"
    said = printed(image, absent + PROGRAM, environment)[1]
    assert "LibraryMissing: The Python package azure-storage-blob is not installed." in said
    keyless = {name: value for name, value in environment.items() if name != "MODELSTORE_AZURE_SECRET_ACCESS_KEY"}
    keyless["MODELSTORE_AZURE_URL"] = keyless["MODELSTORE_AZURE_URL"].replace("endpoint=http:", "endpoint=https:")
    said = printed(image, PROGRAM, keyless)[1]
    assert "LibraryMissing: Without a key the pod's identity is used, and the Python package azure-identity" in said
