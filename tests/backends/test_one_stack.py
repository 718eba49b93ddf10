"""One program on every backend: what a user is promised of keys, models and services holds whichever store it is.

The tests of a backend share one deployment, which its stages change in the order of this file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backends.deployment import Deployment
from backends.listener import listening
from backends.reading import Reads, reading
from backends.rig import Denied, Rig
from pod.pod_start import tree

FOREIGN = {"notes.txt": b"somebody's notes", "models/other/v1/config.json": b"{}", "models/tiny/README": b"by hand"}
"""Objects that somebody else has in the bucket."""
READ = "config.json"
SECRET_VARIABLE = re.compile(r"SECRET|PASSWORD|TOKEN|ACCOUNT_KEY|CREDENTIAL")
pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")


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
def principals_before(deployment: Deployment) -> set[str] | None:
    return deployment.rig.principals()


@pytest.fixture(scope="module")
def deployed(deployment: Deployment, principals_before: set[str] | None) -> Deployment:
    """The stack, deployed for the first time, in a bucket that others use too."""
    deployment.rotate()
    deployment.up()
    for key, body in FOREIGN.items():
        deployment.rig.put(deployment.bucket, key, body)
    return deployment


@dataclass(frozen=True)
class Refused:
    """An update that would have made a third key."""

    output: str
    existing: set[str]
    keys_before: set[str]
    keys_after: set[str]


@pytest.fixture(scope="module")
def refused(deployed: Deployment) -> Refused | None:
    """A rotation while somebody's own key is beside the stack's: refused, and that key deleted. None without keys."""
    rig = deployed.rig
    added = rig.add_key(deployed.stack())
    if added is None:
        return None
    before = rig.key_ids() or set()
    deployed.rotate()
    done = deployed.run("up", check=False)
    assert done.returncode != 0, done.stdout
    after = rig.key_ids() or set()
    rig.drop_key(added)
    return Refused(done.stdout + done.stderr, {added, rig.key_id(deployed.keys[0])}, before, after)


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
    """The second rotation, while pods read."""
    rotated.rotate()
    with reading(rotated, READ) as reads:
        rotated.up()
    return reads


@pytest.fixture(scope="module")
def rotated_again(rotated: Deployment, next_rotation: Reads) -> Deployment:
    """The stack with the keys of generations 1 and 2."""
    return rotated


@dataclass(frozen=True)
class Objects:
    """Every object by key with its SHA-256, before and after something."""

    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def destroyed(rotated_again: Deployment) -> Objects:
    before = rotated_again.rig.objects(rotated_again.bucket)
    rotated_again.run("destroy")
    return Objects(before, rotated_again.rig.objects(rotated_again.bucket))


@pytest.fixture(scope="module")
def adopted(rotated_again: Deployment, destroyed: Objects) -> Objects:
    """The stack once more, on the bucket that it left; then it goes again."""
    rotated_again.configure(adopt=True)
    rotated_again.up()
    assert (
        rotated_again.rig.read(rotated_again.bucket, rotated_again.object_key(READ), rotated_again.keys[-1])
        == (rotated_again.project / "model" / READ).read_bytes()
    )
    after = rotated_again.rig.objects(rotated_again.bucket)
    rotated_again.run("destroy")
    return Objects(destroyed.before, after)


def test_preview_shows_everything_and_asks_the_store_nothing(rig: Rig, tmp_path: Path) -> None:
    bucket = f"one-{rig.kind}-preview"
    previewed = Deployment(rig, bucket, tmp_path, makes_bucket=False)
    previewed.rotate()
    with listening() as listener:
        previewed.configure(backend=listener.instead(rig.settings(bucket)), adopt=None)
        environment = listener.instead(rig.environment)
        shown = json.loads(previewed.run("preview", "--json", environment=environment).stdout)
    assert listener.connections == 0
    steps = {step["urn"].rpartition("::")[2]: step for step in shown["steps"]}
    assert {step["op"] for step in steps.values()} == {"create"}
    inputs: dict[str, dict[str, Any]] = {name: step["newState"].get("inputs", {}) for name, step in steps.items()}
    assert bucket in json.dumps(inputs["models-bucket"])
    assert not rig.issues_keys or "readers-even" in steps, sorted(steps)
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in previewed.model().items()}
    files = inputs["tiny-upload"]["files"]
    assert {name: digest in files[name] for name, digest in digests.items()} == dict.fromkeys(digests, True)
    uri = inputs["tiny-service"]["spec"]["predictor"]["model"]["storageUri"]
    assert re.fullmatch(rf"\w+://.*{bucket}/models/tiny/[0-9a-f]{{12}}/", uri)


def test_second_update_changes_nothing(deployed: Deployment) -> None:
    deployed.run("up", "--expect-no-changes")


def test_refresh_shows_no_change(deployed: Deployment) -> None:
    deployed.run("refresh", "--expect-no-changes")


def test_model_is_in_the_bucket(deployed: Deployment) -> None:
    objects = deployed.rig.objects(deployed.bucket)
    for name, body in deployed.model().items():
        assert objects[deployed.object_key(name)] == hashlib.sha256(body).hexdigest()


def test_third_key_beside_somebody_s_own_is_refused_with_the_ids_of_both(refused: Refused | None) -> None:
    if refused is None:
        pytest.skip("keys are brought along: the stack makes none")
    assert {key for key in refused.existing if key in refused.output} == refused.existing, refused.output
    assert refused.keys_after == refused.keys_before


def test_rotation_fails_no_read(rotation: Reads) -> None:
    assert rotation.failures == []
    assert min(rotation.counted.values()) >= 2


def test_both_keys_read_by_the_tool_of_the_store(rotated: Deployment) -> None:
    body = rotated.model()[READ]
    assert len({rotated.rig.key_id(key) for key in rotated.keys}) == 2
    for key in rotated.keys:
        assert rotated.rig.read_by_tool(rotated.bucket, rotated.object_key(READ), key) == body


def test_third_key_in_the_program_is_refused_at_preview(rotated: Deployment) -> None:
    extra = rotated.rig.bring_key(rotated.bucket)
    rotated.configure(onemore=True if extra is None else extra)
    try:
        done = rotated.run("preview", "-c", "one-stack:onemore=true", check=False)
    finally:
        rotated.configure(onemore=None)
    assert done.returncode != 0, done.stdout
    said = done.stdout + done.stderr
    assert 'would be a third key of namespace "models", which has readers (' in said, said


def test_another_bucket_is_denied(rotated: Deployment) -> None:
    rig, other = rotated.rig, f"{rotated.bucket}-other"
    rig.make_bucket(other)
    rig.put(other, "private.txt", b"not for them")
    for key in rotated.keys:
        with pytest.raises(Denied):
            rig.read(other, "private.txt", key)


def test_reader_s_key_does_not_write(rotated: Deployment) -> None:
    with pytest.raises(Denied):
        rotated.rig.write(rotated.bucket, "models/tiny/added.txt", b"", rotated.keys[-1])
    assert "models/tiny/added.txt" not in rotated.rig.objects(rotated.bucket)


def test_no_secret_is_in_state_or_output(rotated: Deployment) -> None:
    state = rotated.exported()
    files = {file: file.read_bytes() for file in (rotated.home / "stacks").rglob("*") if file.is_file()}
    assert files
    for form in _forms_of_secrets(rotated):
        assert form not in state
        assert [file for file, content in files.items() if form.encode() in content] == []
        assert [text for text in rotated.said if form in text] == []


def test_next_rotation_fails_no_read(next_rotation: Reads) -> None:
    assert next_rotation.failures == []
    assert min(next_rotation.counted.values()) >= 2


def test_stale_key_is_refused_and_the_others_read(rotated_again: Deployment) -> None:
    rig, key = rotated_again.rig, rotated_again.object_key(READ)
    stale, *valid = rotated_again.keys
    if not rig.issues_keys:
        rig.drop_key(rig.key_id(stale))
    with pytest.raises(Denied):
        rig.read(rotated_again.bucket, key, stale)
    for current in valid:
        assert rig.read(rotated_again.bucket, key, current) == rotated_again.model()[READ]
    if (ids := rig.key_ids()) is not None:
        assert {rig.key_id(current) for current in valid} <= ids
        assert rig.key_id(stale) not in ids


def test_kserve_reads_the_model_byte_for_byte(rotated_again: Deployment, tmp_path: Path) -> None:
    pod = rotated_again.pod()
    done = pod.download(tmp_path / "models", **rotated_again.rig.pod_environment(pod.environment))
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == rotated_again.model()


def test_destroy_leaves_every_object(destroyed: Objects, rotated_again: Deployment) -> None:
    assert destroyed.after == destroyed.before
    assert destroyed.before.keys() >= FOREIGN.keys()
    assert len(destroyed.before) >= len(FOREIGN) + len(rotated_again.model()) + 3


def test_destroy_takes_keys_principal_and_secret(
    destroyed: Objects, rotated_again: Deployment, principals_before: set[str] | None
) -> None:
    rig = rotated_again.rig
    assert rotated_again.objects_declared() == []
    for key in rotated_again.keys[1:3]:
        if rig.issues_keys:
            with pytest.raises(Denied):
                rig.read(rotated_again.bucket, next(iter(FOREIGN)), key)
        else:
            # Brought along, so not the stack's to delete.
            assert rig.read(rotated_again.bucket, next(iter(FOREIGN)), key)
    if rig.issues_keys and (ids := rig.key_ids()) is not None:
        assert not {rig.key_id(key) for key in rotated_again.keys} & ids
    if principals_before is not None:
        assert rig.principals() == principals_before


def test_bucket_with_somebody_s_objects_is_adopted_as_it_is(adopted: Objects) -> None:
    assert adopted.after == adopted.before


def test_destroying_what_adopted_a_bucket_leaves_every_object(adopted: Objects, rotated_again: Deployment) -> None:
    assert rotated_again.rig.objects(rotated_again.bucket) == adopted.before


def test_no_secret_was_ever_printed(adopted: Objects, rotated_again: Deployment) -> None:
    said = "\n".join(rotated_again.said)
    assert [form for form in _forms_of_secrets(rotated_again) if form in said] == []


def _forms_of_secrets(deployment: Deployment) -> list[str]:
    """Every secret of the deployment as it would look in a text: as it is, in JSON, and as Kubernetes encodes it."""
    secret = [key.secret for key in deployment.keys]
    secret += [value for name, value in deployment.rig.environment.items() if SECRET_VARIABLE.search(name) and value]
    # A key file is also a secret line by line.
    secret += [line for text in secret for line in re.split(r"\n|\\n", text) if len(line) > 40]
    return [
        form for text in secret for form in (text, json.dumps(text)[1:-1], base64.b64encode(text.encode()).decode())
    ]
