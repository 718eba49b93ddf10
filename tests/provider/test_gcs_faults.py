"""What goes wrong on the way to Google Cloud Storage: a clear error with its remedy, no secret, and an end in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provider.fault_server import answering, cutting, fault_server, silent, stalling
from provider.stores import PREFIX, request_for
from pulumi_modelstore_provider.artifacts.layout import manifest_key
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.gcs.bucket import GcsBucket, open_bucket
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.certificates import self_signed
from servers.gcs import GcsServer

IMPATIENT = TimeLimits(connect=2, read=0.5, attempts=2)


@pytest.fixture(autouse=True)
def deployer(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in gcs.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pulumi_modelstore_provider.gcs.transport._FIRST_PAUSE", 0)
    yield
    gcs.front.before = lambda method, path: None


def bucket_at(endpoint: str, **settings: Any) -> GcsBucket:
    with limited(IMPATIENT):
        return open_bucket(GcsConnection(endpoint=endpoint, credentials="env:GCS", **settings), "team-models")


def told(bucket: GcsBucket) -> str:
    """What is said of the failure, without any of the secret."""
    with pytest.raises(ModelstoreError) as failure:
        bucket.probe("")
    said = str(failure.value)
    assert "gs://team-models/" in said
    assert "PRIVATE KEY" not in said
    assert "ya29." not in said
    return said


@pytest.mark.parametrize("behaviour", [silent, stalling, cutting], ids=["silent", "stalling", "cutting"])
def test_store_that_hangs_or_hangs_up(behaviour: Any) -> None:
    with fault_server(behaviour) as server:
        assert "Check the endpoint and the network" in told(bucket_at(server.endpoint))
        assert 1 <= len(server.requests) <= IMPATIENT.attempts


def test_what_answers_is_no_store() -> None:
    with fault_server(answering("200 OK", b"<html>welcome</html>")) as server:
        assert "something else answers there" in told(bucket_at(server.endpoint))


def test_certificate_that_nobody_signed(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with fault_server(answering("200 OK", b'{"items": []}'), tls=certificate.context()) as server:
        assert "ca_bundle" in told(bucket_at(server.endpoint))
        bucket_at(server.endpoint, ca_bundle=str(certificate.ca_bundle)).probe("")
        bucket_at(server.endpoint, verify_tls=False).probe("")


def test_environment_does_not_change_what_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(self_signed(other).ca_bundle))
    with fault_server(answering("200 OK", b'{"items": []}'), tls=certificate.context()) as server:
        bucket_at(server.endpoint, ca_bundle=str(certificate.ca_bundle)).probe("")


def test_clock_of_another_time(gcs: GcsServer) -> None:
    key = json.loads(gcs.deployer)
    answer = b'{"error": "invalid_grant", "error_description": "Invalid JWT: Token must be a short-lived token"}'
    with fault_server(answering("400 Bad Request", answer, **{"Content-Type": "application/json"})) as issuer:
        text = json.dumps({**key, "token_uri": f"{issuer.endpoint}/token"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GCS_SECRET_ACCESS_KEY", text)
            bucket = bucket_at(gcs.endpoint)
        assert "Set this machine's clock" in told(bucket)


def test_issuer_of_tokens_that_hangs(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with fault_server(silent) as issuer:
        text = json.dumps({**json.loads(gcs.deployer), "token_uri": f"{issuer.endpoint}/token"})
        monkeypatch.setenv("GCS_SECRET_ACCESS_KEY", text)
        with pytest.raises(StoreUnreachable, match="Check the endpoint and the network"):
            bucket_at(gcs.endpoint).probe("")


def test_throttling_that_stays() -> None:
    answer = b'{"error": {"code": 429, "message": "Slow down", "errors": [{"reason": "rateLimitExceeded"}]}}'
    with fault_server(answering("429 Too Many Requests", answer, **{"Content-Type": "application/json"})) as server:
        with pytest.raises(StoreRefused, match=r"rateLimitExceeded: Slow down.*Run again later"):
            bucket_at(server.endpoint).probe("")
        assert len(server.requests) == IMPATIENT.attempts


def test_lost_answers_of_writes_do_no_harm(gcs: GcsServer, model: Path) -> None:
    """Each write is cut once before it arrives, and an upload that died is finished by the next run."""
    connection = GcsConnection(endpoint=gcs.endpoint, project=gcs.project, credentials="env:GCS")
    bucket = open_bucket(connection, "cut-at-writes")
    bucket.create_bucket()
    cut: set[str] = set()

    def once(method: str, path: str) -> None:
        if "/upload/" in path and path not in cut:
            cut.add(path)
            raise ConnectionError

    gcs.front.before = once
    request = request_for(model)
    upload_version(bucket, request)
    assert cut
    assert bucket.get(manifest_key(PREFIX, request.version)) is not None
    assert upload_version(bucket, request).receipts == ()
