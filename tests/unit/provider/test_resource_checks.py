"""What each resource refuses at preview: all of it at once, with its path, and without a connection."""

from __future__ import annotations

import base64
import socket
from typing import Any

import dill
import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.output import Unknown

from pulumi_modelstore_provider.resources.access_key_ready import AccessKeyReadyProvider
from pulumi_modelstore_provider.resources.artifact_tag import ArtifactTagProvider
from pulumi_modelstore_provider.resources.artifact_upload import ArtifactUploadProvider
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from pulumi_modelstore_provider.resources.claim_size import ClaimSizeProvider
from pulumi_modelstore_provider.resources.key_limit import KeyLimitProvider
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.rotation_guard import RotationGuardProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider

DIGEST = "sha256:" + "0" * 64
CONNECTION: dict[str, Any] = {"endpoint": "http://127.0.0.1:9", "region": "us-east-1", "credentials": "env:X"}
UPLOAD: dict[str, Any] = {
    "__provider": "pickled",
    "connection": CONNECTION,
    "bucket": "models",
    "modelPrefix": "team/models/llama/",
    "version": "v1",
    "files": {"config.json": f"{DIGEST} (2 B)"},
    "source": "model",
    "onDelete": "retain",
    "urn": "urn:pulumi:dev::p::t::n",
}
TAG: dict[str, Any] = {
    "connection": CONNECTION,
    "bucket": "models",
    "modelPrefix": "models/llama/",
    "tag": "latest",
    "target": "v1",
}
BUCKET: dict[str, Any] = {"connection": CONNECTION, "bucket": "models", "adopt": False}
KEY: dict[str, Any] = {
    "connection": CONNECTION,
    "bucket": "models",
    "prefix": "",
    "accessKeyId": "id",
    "secretAccessKey": "secret-of-a-check",
}
GUARD: dict[str, Any] = {"rotation": 0.0, "overlap": True}
LIMIT: dict[str, Any] = {"keys": {"reader (even)": [], "reader (odd)": []}}
CLAIM: dict[str, Any] = {"claim": "llm/llama", "storageClass": "fast", "size": "80Gi", "bytes": 80.0 * 1024**3}
ISSUER: dict[str, Any] = {"kind": "minio", "endpoint": "http://127.0.0.1:9", "credentials": "env:X"}
PRINCIPAL: dict[str, Any] = {"issuer": ISSUER, "principalName": "reader", "bucket": "models", "prefix": "team"}
ISSUED: dict[str, Any] = {
    "issuer": ISSUER,
    "principal": "reader@models",
    "bucket": "models",
    "prefix": "team",
    "readOnly": True,
    "slot": "even",
    "generation": 0.0,
}
ALL: list[tuple[ResourceProvider, dict[str, Any]]] = [
    (ArtifactUploadProvider(), UPLOAD),
    (ArtifactTagProvider(), TAG),
    (BucketProvider(), BUCKET),
    (AccessKeyReadyProvider(), KEY),
    (RotationGuardProvider(), GUARD),
    (KeyLimitProvider(), LIMIT),
    (ClaimSizeProvider(), CLAIM),
    (PrincipalProvider(), PRINCIPAL),
    (StoreAccessKeyProvider(), ISSUED),
]


@pytest.fixture(autouse=True)
def no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def failures(provider: ResourceProvider, news: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, str]:
    result = provider.check(olds or {}, news)
    assert result.inputs == news
    assert len({failure.property for failure in result.failures}) == len(result.failures)
    return {failure.property: failure.reason for failure in result.failures}


@pytest.mark.parametrize(("provider", "inputs"), ALL)
def test_good_inputs_pass(provider: ResourceProvider, inputs: dict[str, Any]) -> None:
    assert failures(provider, inputs) == {}


@pytest.mark.parametrize(("provider", "inputs"), ALL)
def test_unknown_inputs_pass_one_by_one_and_all_together(provider: ResourceProvider, inputs: dict[str, Any]) -> None:
    names = [name for name in inputs if name != "__provider"]
    for name in names:
        assert failures(provider, inputs | {name: Unknown()}) == {}, name
    assert failures(provider, dict.fromkeys(names, Unknown())) == {}


@pytest.mark.parametrize("setting", ["endpoint", "region", "credentials"])
def test_unknown_setting_of_a_connection_passes(setting: str) -> None:
    assert failures(BucketProvider(), BUCKET | {"connection": CONNECTION | {setting: Unknown()}}) == {}


def test_unknown_hides_no_other_failure() -> None:
    assert set(failures(BucketProvider(), {"connection": Unknown(), "bucket": "A"})) == {"bucket"}


@pytest.mark.parametrize(("provider", "inputs"), [pair for pair in ALL if "bucket" in pair[1]])
def test_missing_inputs_are_named(provider: ResourceProvider, inputs: dict[str, Any]) -> None:
    found = failures(provider, {})
    assert {"connection" if "connection" in inputs else "issuer", "bucket"} <= set(found)
    assert found["bucket"] == "it is required"


def test_everything_wrong_with_an_upload_at_once() -> None:
    bad = {
        "connection": {"endpoint": "no-url", "credentials": "AKIA", "addressing": "dns", "regoin": "x"},
        "bucket": "Models",
        "modelPrefix": "llama",
        "version": "a/b",
        "files": {"a.json": "md5:1", "a.json/b": f"{DIGEST} (1 B)", "c\n": f"{DIGEST} (1 B)"},
        "onDelete": "keep",
    }
    assert set(failures(ArtifactUploadProvider(), bad)) == {
        "connection.endpoint",
        "connection.credentials",
        "connection.addressing",
        "connection.regoin",
        "bucket",
        "modelPrefix",
        "version",
        'files["a.json"]',
        'files["c\n"]',
        "files",
        "onDelete",
    }


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"files": {}}, "files", "at least one file"),
        ({"files": {"tree": "x", "files": "300", "bytes": "1"}}, "files.tree", "64 hex digits"),
        ({"files": {"../x": f"{DIGEST} (1 B)"}}, 'files["../x"]', "'..' segment"),
        ({"files": {"d/" * 510 + "x": f"{DIGEST} (1 B)"}}, 'files["' + "d/" * 510 + 'x"]', "longer than 1024"),
        ({"modelPrefix": "/models/x/"}, "modelPrefix", "models/<model>/"),
        ({"modelPrefix": "models/"}, "modelPrefix", "models/<model>/"),
        ({"modelPrefix": "a b/models/x/"}, "modelPrefix", "'a b'"),
        ({"version": "tags"}, "version", "keeps its own objects"),
        ({"bucket": 5.0}, "bucket", "string"),
    ],
)
def test_one_thing_wrong_with_an_upload(change: dict[str, Any], path: str, reason: str) -> None:
    found = failures(ArtifactUploadProvider(), UPLOAD | change)
    assert list(found) == [path]
    assert reason in found[path]


def test_many_files_pass_in_their_short_form() -> None:
    summary = {"tree": DIGEST, "files": "300", "bytes": "300 (300 B)"}
    assert failures(ArtifactUploadProvider(), UPLOAD | {"files": summary}) == {}


def test_tag_that_points_to_itself() -> None:
    assert list(failures(ArtifactTagProvider(), TAG | {"target": "latest"})) == ["target"]
    assert set(failures(ArtifactTagProvider(), TAG | {"target": "a/b", "tag": ""})) == {"target", "tag"}


def test_empty_key_is_refused_and_the_secret_not_repeated() -> None:
    found = failures(AccessKeyReadyProvider(), KEY | {"accessKeyId": "", "bucket": "x"})
    assert set(found) == {"accessKeyId", "bucket"}
    found = failures(AccessKeyReadyProvider(), KEY | {"secretAccessKey": ["secret-of-a-check"]})
    assert "secret-of-a-check" not in str(found)


@pytest.mark.parametrize("rotation", [-1.0, 1.5, "one", None])
def test_bad_generations(rotation: object) -> None:
    assert list(failures(RotationGuardProvider(), {"rotation": rotation})) == ["rotation"]


@pytest.mark.parametrize(
    ("old", "new", "overlap", "allowed"),
    [
        (None, 7, True, True),
        (3, 3, True, True),
        (3, 4, True, True),
        (3, 5, True, False),
        (3, 2, True, False),
        (3, 0, True, False),
        (3, 5, False, True),
        (3, 2, False, True),
    ],
)
def test_steps_of_a_rotation(old: int | None, new: int, overlap: bool, allowed: bool) -> None:
    olds = {} if old is None else {"rotation": float(old), "overlap": True}
    found = failures(RotationGuardProvider(), {"rotation": float(new), "overlap": overlap}, olds)
    assert bool(found) != allowed
    if not allowed:
        assert "the recorded generation is 3" in found["rotation"]
        assert "overlap=False" in found["rotation"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"size": "90Gi", "bytes": 90 * 1024**3}, ""),
        (
            {"size": "70Gi", "bytes": 70 * 1024**3},
            "70Gi is less than the 80Gi of claim llm/llama, and Kubernetes makes no claim smaller. Keep size=",
        ),
        (
            {"size": "90Gi", "bytes": 90 * 1024**3, "fixedBy": "FSx for Lustre"},
            "90Gi is more than the 80Gi of claim llm/llama, and FSx for Lustre expands no claim. Keep size=",
        ),
        ({"size": "70Gi", "bytes": 70 * 1024**3, "claim": "llm/llama-2"}, ""),
        ({"size": "70Gi", "bytes": 70 * 1024**3, "claim": Unknown()}, ""),
        ({"size": "70Gi", "bytes": 70 * 1024**3, "storageClass": "slow"}, ""),
        ({"size": Unknown(), "bytes": Unknown()}, ""),
    ],
)
def test_sizes_that_a_claim_can_change_to(changes: dict[str, Any], said: str) -> None:
    assert failures(ClaimSizeProvider(), CLAIM | changes) == {}, "a claim begins with any size"
    found = failures(ClaimSizeProvider(), CLAIM | changes, CLAIM)
    assert found.get("size", "").startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(("provider", "inputs"), ALL)
def test_pickle_is_a_reference(provider: ResourceProvider, inputs: dict[str, Any]) -> None:
    pickled = base64.b64decode(serialize_provider(provider))
    assert len(pickled) < 120
    assert type(provider).__module__.encode() in pickled
    assert type(dill.loads(pickled)) is type(provider)
    assert vars(provider) == {}
    assert provider.serialize_as_secret_always is False


def test_other_files_under_a_deployed_version_are_refused() -> None:
    provider = ArtifactUploadProvider()
    other = UPLOAD | {"files": {"config.json": f"sha256:{'1' * 64} (2 B)"}}
    assert "'v1' is deployed with other files" in failures(provider, other, UPLOAD)["version"]
    # A new version, another model, and the same files written in another way are none of that.
    assert failures(provider, other | {"version": "v2"}, UPLOAD) == {}
    assert failures(provider, other | {"modelPrefix": "models/llama/"}, UPLOAD) == {}
    assert failures(provider, other | {"connection": CONNECTION | {"endpoint": "http://127.0.0.1:8"}}, UPLOAD) == {}
    assert failures(provider, UPLOAD | {"files": {"config.json": DIGEST}}, UPLOAD) == {}
    assert failures(provider, other | {"version": Unknown()}, UPLOAD) == {}
    assert failures(provider, UPLOAD | {"files": Unknown()}, UPLOAD) == {}


@pytest.mark.parametrize(
    ("recorded", "wanted"),
    [
        ([], ["a", "b"]),
        (["a"], ["a", "b"]),
        (["a"], ["b"]),
        (["a", "b"], ["a"]),
        (["a", "b"], []),
        (["a", "b"], ["b", "a"]),
    ],
)
def test_keys_within_the_limit_during_the_run(recorded: list[str], wanted: list[str]) -> None:
    olds = {"keys": {key: [] for key in recorded}}
    assert failures(KeyLimitProvider(), {"keys": {key: [] for key in wanted}}, olds) == {}


@pytest.mark.parametrize(("recorded", "wanted"), [(["a", "b"], ["b", "c"]), (["a"], ["b", "c"]), (["a", "b"], ["c"])])
def test_a_key_that_would_come_before_another_has_gone_is_refused(recorded: list[str], wanted: list[str]) -> None:
    olds = {"keys": {key: [] for key in recorded}}
    found = failures(KeyLimitProvider(), {"keys": {key: [] for key in wanted}}, olds)
    assert "c would come before a" in found["keys"] or "b, c would come before a" in found["keys"]
    assert all(key in found["keys"] for key in recorded)


def test_a_renamed_key_is_no_new_one() -> None:
    olds = {"keys": {"a": [], "b": []}}
    renamed = {"keys": {"x": ["a"], "y": ["b"]}}
    assert failures(KeyLimitProvider(), renamed, olds) == {}
    # The alias may go once the new names are recorded.
    assert failures(KeyLimitProvider(), {"keys": {"x": [], "y": []}}, renamed) == {}
    assert KeyLimitProvider().diff("keys", renamed, {"keys": {"x": [], "y": []}}).changes is False
    assert KeyLimitProvider().diff("keys", olds, renamed).changes is True


def test_an_issuers_settings_are_checked_with_all_that_is_wrong() -> None:
    wrong = {"kind": "minio", "endpoint": "minio:9000", "credentials": "AKIA-pasted", "regoin": "x"}
    result = StoreAccessKeyProvider().check({}, ISSUED | {"issuer": wrong, "generation": -1})
    assert {failure.property for failure in result.failures} == {"issuer", "generation"}
    (reason,) = (failure.reason for failure in result.failures if failure.property == "issuer")
    assert "endpoint:" in reason
    assert "credentials:" in reason
    assert "regoin:" in reason
    assert "AKIA-pasted" not in reason


@pytest.mark.parametrize("kind", ["no-such-store", "../minio", "protocol", None, 3])
def test_an_unknown_issuer_is_refused(kind: Any) -> None:
    (failure,) = PrincipalProvider().check({}, PRINCIPAL | {"issuer": ISSUER | {"kind": kind}}).failures
    assert failure.property == "issuer"
    assert "issues keys" in failure.reason


def test_an_issuers_endpoint_may_be_unknown_at_preview() -> None:
    news = PRINCIPAL | {"issuer": ISSUER | {"endpoint": Unknown()}}
    assert PrincipalProvider().check({}, news).failures == []


def test_sources_are_refused_by_their_place_in_the_list() -> None:
    bucket = {"kind": "bucket", "connection": CONNECTION | {"endpoint": "x"}, "bucket": "weights"}
    sources = [
        {"kind": "huggingface", "repo": "owner/name", "token": "hf_pasted"},
        bucket,
        {"kind": "url", "url": "https://example.org/a"},
        {"kind": "ftp"},
    ]
    found = failures(ArtifactUploadProvider(), UPLOAD | {"source": sources})
    assert set(found) == {"source[0].token", "source[1].connection.endpoint", "source[2].sha256", "source[3]"}
    assert "hf_pasted" not in str(found)
    assert failures(ArtifactUploadProvider(), UPLOAD | {"source": [Unknown(), sources[0] | {"token": Unknown()}]}) == {}
