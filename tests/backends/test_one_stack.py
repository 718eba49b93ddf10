"""One program on every backend: what a user is promised of keys, models and services holds whichever store it is."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from backends.deployment import Deployment
from backends.listener import listening
from backends.reading import Reads
from backends.rig import Denied, Rig
from backends.stages import FOREIGN, READ, Issued, Refused, Stage
from pod.pod_start import tree

SECRET_VARIABLE = re.compile(r"SECRET|PASSWORD|TOKEN|ACCOUNT_KEY|CREDENTIAL")
pytest.importorskip("kserve_storage", reason="kserve-storage is in the dependency group `test`")


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
    assert refused.after == refused.before


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


def test_rotation_after_a_killed_one_leaves_two_keys(rotated_again: Deployment, whole: Stage, before: Issued) -> None:
    rotated_again.run("preview", "--expect-no-changes")
    valid = {rotated_again.rig.key_id(key) for key in rotated_again.keys[1:]}
    assert len(valid) == 2
    if rotated_again.rig.issues_keys and (made := whole.issued.keys_since(before)) is not None:
        assert made == valid


def test_stale_key_is_refused_and_the_others_read(rotated_again: Deployment) -> None:
    rig, key = rotated_again.rig, rotated_again.object_key(READ)
    stale, *valid = rotated_again.keys
    with pytest.raises(Denied):
        rig.read(rotated_again.bucket, key, stale)
    for current in valid:
        assert rig.read(rotated_again.bucket, key, current) == rotated_again.model()[READ]


def test_kserve_reads_the_model_byte_for_byte(rotated_again: Deployment, tmp_path: Path) -> None:
    pod = rotated_again.pod()
    done = pod.download(tmp_path / "models", **rotated_again.rig.pod_environment(pod.environment))
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "models") == rotated_again.model()


def test_destroy_leaves_every_object(rotated_again: Deployment, whole: Stage, destroyed: Stage) -> None:
    assert destroyed.objects == whole.objects
    assert whole.objects.keys() >= FOREIGN.keys()
    tags_and_manifest = 3
    assert len(whole.objects) == len(FOREIGN) + len(rotated_again.model()) + tags_and_manifest


def test_destroy_takes_keys_principal_and_secret(rotated_again: Deployment, destroyed: Stage, before: Issued) -> None:
    rig = rotated_again.rig
    assert rotated_again.objects_declared() == []
    for key in rotated_again.keys[1:3]:
        if rig.issues_keys:
            with pytest.raises(Denied):
                rig.read(rotated_again.bucket, next(iter(FOREIGN)), key)
        else:
            # Brought along, so not the stack's to delete.
            assert rig.read(rotated_again.bucket, next(iter(FOREIGN)), key)
    if rig.issues_keys:
        assert destroyed.issued == before


def test_bucket_with_somebody_s_objects_is_adopted_as_it_is(
    rotated_again: Deployment, adopted: Stage, destroyed: Stage
) -> None:
    assert adopted.objects == destroyed.objects
    read = rotated_again.rig.read(rotated_again.bucket, rotated_again.object_key(READ), rotated_again.current_key())
    assert read == rotated_again.model()[READ]


def test_killed_first_run_leaves_no_third_key(rotated_again: Deployment, adopted: Stage, before: Issued) -> None:
    if not rotated_again.rig.issues_keys:
        pytest.skip("keys are brought along: the stack makes none")
    if (made := adopted.issued.keys_since(before)) is not None:
        assert len(made) == 2
        assert rotated_again.rig.key_id(rotated_again.current_key()) in made


def test_destroying_what_adopted_a_bucket_leaves_every_object(left: Stage, whole: Stage, before: Issued) -> None:
    assert left.objects == whole.objects


def test_no_secret_was_ever_printed(left: Stage, rotated_again: Deployment) -> None:
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
