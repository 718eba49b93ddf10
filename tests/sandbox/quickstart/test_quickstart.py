"""What the README promises of the quickstart."""

from __future__ import annotations

import hashlib
import json

import yaml

from sandbox.quickstart.story import BUCKET, CHANGED, Told, changes, forms_of


def _version(told: Told) -> str:
    """The deployed version, from the service's manifest."""
    service = yaml.safe_load(told.manifests["inferenceservice-demo.yaml"])
    prefix = f"s3://{BUCKET}/models/demo/"
    uri: str = service["spec"]["predictor"]["model"]["storageUri"]
    assert uri.startswith(prefix)
    assert uri.endswith("/")
    return uri.removeprefix(prefix).rstrip("/")


def test_first_line_says_that_it_is_a_stand_in(told: Told) -> None:
    assert "stand-in" in told.first.splitlines()[0]
    assert "`pulumi up`" in told.first.splitlines()[0]


def test_second_deployment_changes_nothing(told: Told) -> None:
    assert "22 unchanged" in told.again
    assert "to create" not in told.again


def test_preview_of_a_changed_file_shows_it_and_what_follows(told: Told) -> None:
    model = told.story.project / "model"
    digest = hashlib.sha256((model / CHANGED).read_bytes()).hexdigest()
    version = _version(told)
    changed = changes(told.preview)
    assert changed.keys() == {"demo-upload", "demo-service"}

    upload = changed["demo-upload"]
    assert upload.keys() == {f"/files/{CHANGED}", "/version"}
    old, new = upload[f"/files/{CHANGED}"]
    assert old.startswith("sha256:")
    assert digest not in old
    assert new.startswith(f"sha256:{digest}")
    former, latter = upload["/version"]
    assert (former != latter, latter) == (True, version)

    uris = [f"s3://{BUCKET}/models/demo/{name}/" for name in (former, latter)]
    assert changed["demo-service"] == {"/spec/predictor/model/storageUri": tuple(uris)}
    for shown in (old, new, *uris):
        assert shown in told.preview_text


def test_bytes_in_the_store_are_those_of_the_folder(told: Told) -> None:
    prefix = f"models/demo/{_version(told)}/"
    stored = {key.removeprefix(prefix): body for key, body in told.objects.items() if key.startswith(prefix)}
    model = told.story.project / "model"
    assert stored == {file.name: file.read_bytes() for file in model.iterdir()}
    assert stored.keys() == {"config.json", "model.safetensors", "tokenizer.json"}


def test_both_versions_and_their_manifests_are_in_the_store(told: Told) -> None:
    manifests = [key for key in told.objects if key.startswith("models/demo/manifests/")]
    assert len(manifests) == 2
    for key in manifests:
        assert {"path", "size", "digest"} <= json.loads(told.objects[key])["files"][0].keys()


def test_model_is_readable_without_this_package(told: Told) -> None:
    from safetensors.numpy import load

    weights = load(told.objects[f"models/demo/{_version(told)}/model.safetensors"])
    assert weights["model.embed_tokens.weight"].shape == (259, 64)


def test_proof_reads_with_the_issued_key_and_says_where_the_manifests_are(told: Told) -> None:
    assert told.proof is not None
    assert told.proof.returncode == 0, told.proof.stdout + told.proof.stderr
    assert "3 files" in told.proof.stdout
    assert told.outputs["access_key_id"] in told.proof.stdout
    assert str(told.story.manifests) in told.proof.stdout


def test_proof_fails_on_one_changed_byte(told: Told) -> None:
    assert told.proof_of_damage is not None
    assert told.proof_of_damage.returncode == 1
    assert "config.json is sha256:" in told.proof_of_damage.stderr


def test_secret_is_nowhere_in_clear(told: Told) -> None:
    secret = told.outputs["secret_access_key"]
    assert len(secret) == 40
    for form in forms_of(secret):
        assert [text for text in told.story.said if form.decode() in text] == []
        assert [file for file, content in told.files_of_the_engine.items() if form in content] == []
    assert told.story.state in told.files_of_the_engine


def test_secret_reaches_the_manifest_that_needs_it_and_no_other(told: Told) -> None:
    _, encoded = forms_of(told.outputs["secret_access_key"])
    holders = [name for name, text in told.manifests.items() if encoded.decode() in text]
    assert holders == ["secret-models-reader-kserve.yaml"]


def test_destroying_takes_keys_and_manifests_and_leaves_every_object(told: Told) -> None:
    assert list(told.story.manifests.rglob("*.yaml")) == []
    assert told.objects_afterwards == told.objects
    users = told.story.administrator("iam").list_users()["Users"]
    assert [user["UserName"] for user in users if "reader" in user["UserName"]] == []
    assert "models-bucket" in told.destroyed.split("Kept", 1)[1]
