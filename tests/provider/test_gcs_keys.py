"""Keys of service accounts on the emulator's front, as the resources ask for them."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.gcs.bucket import open_bucket
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.keys.gcs import Settings
from pulumi_modelstore_provider.keys.gcs_journal import Journal
from pulumi_modelstore_provider.keys.protocol import KeyIssuer, Scope
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.binaries import free_port
from servers.gcs import GcsServer

FORMS = ["json", "hmac"]
SCOPE = Scope("any-bucket", read_only=True)


@pytest.fixture
def connection(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> GcsConnection:
    for name, value in gcs.environment().items():
        monkeypatch.setenv(name, value)
    return GcsConnection(endpoint=gcs.endpoint, project=gcs.project, credentials="env:GCS")


@pytest.fixture
def account(gcs: GcsServer) -> str:
    return gcs.iam.make_account(f"keys-{secrets.token_hex(4)}")


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def issuer(connection: GcsConnection, form: str) -> KeyIssuer:
    return settings(connection, form).open(None)


def settings(connection: GcsConnection, form: str) -> Settings:
    return Settings.model_validate({"kind": "gcs", "form": form, "connection": connection.to_inputs()})


def inputs(connection: GcsConnection, form: str, account: str, slot: str, generation: int) -> dict[str, Any]:
    return {
        "issuer": settings(connection, form).model_dump(by_alias=True, exclude_none=True),
        "principal": account,
        "bucket": "any-bucket",
        "slot": slot,
        "generation": generation,
        "namespace": "models",
    }


def make(gcs: GcsServer, form: str, account: str) -> str:
    """Somebody's own key."""
    if form == "hmac":
        return gcs.iam.make_hmac_key(account).access_id
    return str(json.loads(gcs.iam.make_json_key(account, gcs.endpoint))["private_key_id"])


def test_key_is_issued_listed_and_deleted(gcs: GcsServer, issuer: KeyIssuer, form: str, account: str) -> None:
    assert issuer.principal_exists(account)
    assert issuer.keys(account) == []
    key = issuer.create_key(account, SCOPE, slot="even", generation=0)
    assert issuer.keys(account) == [key.access_key_id]
    assert key.secret_access_key not in repr(key)
    if form == "hmac":
        assert gcs.iam.hmac_keys[key.access_key_id].secret == key.secret_access_key
    else:
        assert json.loads(key.secret_access_key)["client_email"] == account
    issuer.delete_key(account, key.access_key_id)
    issuer.delete_key(account, key.access_key_id)
    assert issuer.keys(account) == []


def test_account_that_is_gone(issuer: KeyIssuer, connection: GcsConnection) -> None:
    gone = "gone@tests-project.iam.gserviceaccount.com"
    assert not issuer.principal_exists(gone)
    assert issuer.keys(gone) == []
    issuer.delete_key(gone, "anything")
    with pytest.raises(StoreRefused, match=r"Unknown service account.*Service Account Key Admin"):
        issuer.create_key(gone, SCOPE, slot="even", generation=0)


def test_third_key_is_refused_with_the_ids_of_both(
    gcs: GcsServer, connection: GcsConnection, form: str, account: str
) -> None:
    provider = StoreAccessKeyProvider()
    first = provider.create(inputs(connection, form, account, "even", 0)).id
    foreign = make(gcs, form, account)
    with pytest.raises(ModelstoreError, match="A third key") as refused:
        provider.create(inputs(connection, form, account, "odd", 1))
    assert all(key in str(refused.value) for key in (first, foreign, "namespace models"))
    assert sorted(settings(connection, form).open(None).keys(account)) == sorted([first, foreign])


def test_key_that_a_killed_run_left_is_replaced(connection: GcsConnection, form: str, account: str) -> None:
    provider = StoreAccessKeyProvider()
    kept = provider.create(inputs(connection, form, account, "odd", 1)).id
    lost = provider.create(inputs(connection, form, account, "even", 2)).id
    made = provider.create(inputs(connection, form, account, "even", 2)).id
    assert made != lost
    assert set(settings(connection, form).open(None).keys(account)) == {kept, made}


def test_key_whose_answer_was_lost_is_replaced(
    gcs: GcsServer, issuer: KeyIssuer, form: str, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is made, and the run dies before its id is written down."""
    kept = issuer.create_key(account, SCOPE, slot="odd", generation=1).access_key_id

    def made_and_lost(_account: str) -> None:
        make(gcs, form, account)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(issuer, "_create", made_and_lost)
        with pytest.raises(KeyboardInterrupt):
            issuer.create_key(account, SCOPE, slot="even", generation=2)
    assert len(issuer.keys(account)) == 2
    made = issuer.create_key(account, SCOPE, slot="even", generation=2).access_key_id
    assert set(issuer.keys(account)) == {kept, made}


def test_somebody_s_own_key_is_not_taken_for_one_that_was_left(
    gcs: GcsServer, issuer: KeyIssuer, form: str, account: str
) -> None:
    mine = issuer.create_key(account, SCOPE, slot="even", generation=0)
    issuer.delete_key(account, mine.access_key_id)
    theirs = make(gcs, form, account)
    # Deleted in the console, and made anew for the same place.
    assert issuer.left_over(account, slot="even", generation=0) == []
    again = issuer.create_key(account, SCOPE, slot="even", generation=0)
    assert set(issuer.keys(account)) == {theirs, again.access_key_id}


def test_journal_fits_into_a_description() -> None:
    ids = [f"GOOG1E{number:055d}" for number in range(4)]
    journal = Journal({}).made("even", 1000, ids[0]).making("odd", 1001, ids[:2])
    assert len(journal.text().encode()) <= 256
    assert Journal.read(journal.text()) == journal
    assert journal.left_over("odd", 1001, ids[:3]) == [ids[2]]
    assert journal.left_over("odd", 1001, ids) == []
    assert journal.left_over("odd", 1003, ids[:3]) == []
    assert Journal.read("reads models for the chat team").entries == {}


def test_creating_a_key_is_not_tried_twice(gcs: GcsServer, issuer: KeyIssuer, form: str, account: str) -> None:
    posts: list[str] = []

    def lose(method: str, path: str) -> None:
        if method == "POST" and ("/keys" in path or "hmacKeys" in path):
            posts.append(path)
            raise ConnectionError

    gcs.front.before = lose
    try:
        with pytest.raises(StoreUnreachable):
            issuer.create_key(account, SCOPE, slot="even", generation=0)
    finally:
        gcs.front.before = lambda method, path: None
    assert len(posts) == 1


def test_deployer_who_may_not(gcs: GcsServer, connection: GcsConnection, form: str, account: str) -> None:
    key = gcs.iam.make_json_key(account, gcs.endpoint)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GCS_ACCESS_KEY_ID", account)
        patch.setenv("GCS_SECRET_ACCESS_KEY", key)
        with pytest.raises(StoreRefused, match="does not administrate") as refused:
            StoreAccessKeyProvider().create(inputs(connection, form, account, "even", 0))
    assert refused.value.status == 403
    assert "PRIVATE KEY" not in str(refused.value)


def test_nobody_listens(connection: GcsConnection, form: str) -> None:
    nowhere = connection.model_copy(update={"endpoint": f"http://127.0.0.1:{free_port()}"})
    with limited(TimeLimits(attempts=1)), pytest.raises(StoreUnreachable):
        settings(nowhere, form).open(None).keys("a@tests-project.iam.gserviceaccount.com")


def test_address_tells_store_and_form(connection: GcsConnection) -> None:
    assert settings(connection, "json").address != settings(connection, "hmac").address
    assert settings(GcsConnection(), "json").address == "https://storage.googleapis.com json"


def test_narrowed_key_reads_under_its_prefix_alone(gcs: GcsServer, connection: GcsConnection, account: str) -> None:
    """With the condition that the backend declares; the emulator's front evaluates it."""
    from pulumi_modelstore.backends.gcs_access import READER, prefix_condition
    from pulumi_modelstore_provider.credentials import Credentials

    bucket = open_bucket(connection, f"narrow-{secrets.token_hex(4)}")
    bucket.create_bucket()
    for key in ("team-a/x", "team-a2/x", "team-b/x"):
        bucket.put(key, b"1", content_type="text/plain")
    condition = {"title": "one prefix", "expression": prefix_condition(bucket.bucket, "team-a")}
    gcs.iam.bindings[bucket.bucket] = [
        {"role": READER, "members": [f"serviceAccount:{account}"], "condition": condition}
    ]
    issued = settings(connection, "json").open(None).create_key(account, SCOPE, slot="even", generation=0)
    reader = open_bucket(
        connection, bucket.bucket, credentials=Credentials(issued.access_key_id, issued.secret_access_key)
    )
    reader.probe("team-a/")
    assert reader.get("team-a/x") is not None
    for key in ("team-a2/x", "team-b/x"):
        with pytest.raises(StoreRefused, match=r"objects\.get"):
            reader.get(key)
    # As on other stores: names can be seen, contents cannot.
    assert [item.key for item in reader.list("team-b/")] == ["team-b/x"]
    with pytest.raises(StoreRefused, match=r"objects\.create"):
        reader.put("team-a/y", b"", content_type="text/plain")
