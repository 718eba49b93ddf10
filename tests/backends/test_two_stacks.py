"""Two stacks with the same names in one bucket do not meet: neither takes the other's keys, nor reads its models."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from backends.deployment import Deployment
from backends.rig import Denied, Rig


@pytest.fixture(scope="module")
def stacks(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Deployment]]:
    """Both deployed, the second one after the first; each in its part of the bucket where keys can be held to one."""
    if not rig.issues_keys:
        pytest.skip("keys are brought along: the stack makes none")
    bucket = f"two-{rig.kind}-{secrets.token_hex(3)}"
    rig.make_bucket(bucket)
    made = []
    for name in ("team-a", "team-b"):
        prefix = name if rig.holds_prefixes else ""
        folder = tmp_path_factory.mktemp(f"{rig.kind}-{name}")
        made.append(Deployment(rig, bucket, folder, makes_bucket=False, name=name, prefix=prefix))
        made[-1].configure(adopt=True)
    for deployment in made:
        deployment.rotate()
        deployment.up()
    yield made
    for deployment in made:
        deployment.run("destroy", check=False)
    rig.remove(bucket)


def reads(deployment: Deployment, *, of: Deployment) -> bytes:
    """What the key of one stack reads of another's model."""
    return deployment.rig.read(of.bucket, of.object_key("config.json"), deployment.keys[-1])


def test_each_stack_s_key_reads_its_model(stacks: list[Deployment]) -> None:
    for deployment in stacks:
        assert reads(deployment, of=deployment) == deployment.model()["config.json"]


def test_a_key_is_held_to_its_stack_s_part_of_the_bucket(stacks: list[Deployment]) -> None:
    first, second = stacks
    if not first.rig.holds_prefixes:
        pytest.skip("keys of this backend open the whole bucket")
    for deployment, other in ((first, second), (second, first)):
        with pytest.raises(Denied):
            reads(deployment, of=other)


def test_one_stack_s_end_leaves_the_other_s_key(stacks: list[Deployment]) -> None:
    first, second = stacks
    first_read = second.rig.read(second.bucket, second.object_key("config.json"), second.keys[-1])
    second_key, place = second.keys[-1], second.object_key("config.json")
    second.run("destroy")
    assert reads(first, of=first) == first_read
    with pytest.raises(Denied):
        second.rig.read(second.bucket, place, second_key)
