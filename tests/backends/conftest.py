"""The rigs, one after another, and the stages of the one stack on each: every test that asks for one runs on each.

The stages change one deployment, each the one before it; tests ask for them in that order.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from backends.deployment import Deployment
from backends.reading import Reads, reading
from backends.rig import Rig, RigTools
from backends.stages import FOREIGN, READ, Issued, Refused, Stage

RIGS = sorted(path.stem for path in (Path(__file__).parent / "rigs").glob("*.py"))


@pytest.fixture(scope="module", params=RIGS)
def rig(
    request: pytest.FixtureRequest, own_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    """A backend's store, running."""
    module = import_module(f"backends.rigs.{request.param}")
    with module.rig(RigTools(tmp_path_factory.mktemp(request.param), request)) as made:
        yield made


@pytest.fixture(scope="module")
def deployment(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The stack, not deployed yet."""
    bucket = f"one-{rig.kind}-{secrets.token_hex(3)}"
    made = Deployment(rig, bucket, tmp_path_factory.mktemp(rig.kind))
    yield made
    if made.state.exists():
        made.run("destroy", check=False)
    for left in (bucket, f"{bucket}-other"):
        rig.remove(left)


@pytest.fixture(scope="module")
def before(deployment: Deployment) -> Issued:
    """What there was in the store before anything was deployed."""
    return Issued.at(deployment.rig)


@pytest.fixture(scope="module")
def deployed(deployment: Deployment, before: Issued) -> Deployment:
    """The stack, deployed for the first time, in a bucket that others use too."""
    deployment.rotate()
    deployment.up()
    for key, body in FOREIGN.items():
        deployment.rig.put(deployment.bucket, key, body)
    return deployment


@pytest.fixture(scope="module")
def refused(deployed: Deployment) -> Refused | None:
    """A rotation while somebody's own key is beside the stack's, which then goes; None where keys are brought along."""
    rig = deployed.rig
    added = rig.add_key(deployed.stack())
    if added is None:
        return None
    before = Issued.at(rig)
    deployed.rotate()
    done = deployed.run("up", "--json", check=False)
    assert done.returncode != 0, done.stdout
    refused = Refused(done.stdout + done.stderr, {added, rig.key_id(deployed.keys[0])}, before, Issued.at(rig))
    rig.drop_key(added)
    return refused


@pytest.fixture(scope="module")
def rotation(deployed: Deployment, refused: Refused | None) -> Reads:
    """The first rotation, while pods read."""
    deployed.rotate()
    with reading(deployed, READ) as reads:
        deployed.up()
    return reads


@pytest.fixture(scope="module")
def rotated(deployed: Deployment, rotation: Reads) -> Deployment:
    """The stack with a current key and the previous one."""
    return deployed


@pytest.fixture(scope="module")
def next_rotation(rotated: Deployment) -> Reads:
    """The second rotation, while pods read; where keys are issued, its first run dies once the new key was made."""
    rotated.rotate()
    with reading(rotated, READ) as reads:
        if rotated.rig.issues_keys:
            rotated.run_killed("readers-even")
        rotated.up()
    return reads


@pytest.fixture(scope="module")
def rotated_again(rotated: Deployment, next_rotation: Reads) -> Deployment:
    """The stack with the keys of generations 1 and 2; that of generation 0 is gone."""
    if not rotated.rig.issues_keys:
        rotated.rig.drop_key(rotated.rig.key_id(rotated.keys[0]))
    return rotated


@pytest.fixture(scope="module")
def whole(rotated_again: Deployment) -> Stage:
    """While everything was deployed."""
    return Stage.of(rotated_again)


@pytest.fixture(scope="module")
def destroyed(rotated_again: Deployment, whole: Stage) -> Stage:
    """After `destroy`."""
    rotated_again.run("destroy")
    return Stage.of(rotated_again)


@pytest.fixture(scope="module")
def adopted(rotated_again: Deployment, destroyed: Stage) -> Stage:
    """The stack once more, on the bucket that it left, where the first run dies once a key was made."""
    rotated_again.configure(adopt=True)
    if rotated_again.rig.issues_keys:
        rotated_again.run_killed("readers-even")
    rotated_again.up()
    return Stage.of(rotated_again)


@pytest.fixture(scope="module")
def left(rotated_again: Deployment, adopted: Stage) -> Stage:
    """After the `destroy` of the stack that had adopted the bucket."""
    rotated_again.run("destroy")
    return Stage.of(rotated_again)
