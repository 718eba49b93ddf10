"""Keys on a real blob service: SAS tokens by stored access policies, as the resources ask for them."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import AccessPolicy

from provider.azure_store import AzureStore, azure_store, refusal
from provider.recording_proxy import Answer, Cut, Exchange, recording_proxy
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError, StoreRefused
from pulumi_modelstore_provider.keys.azure_blob import AzureKeys, Settings
from pulumi_modelstore_provider.keys.azure_policies import StoredPolicies
from pulumi_modelstore_provider.keys.protocol import NewKey, Scope
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from pulumi_modelstore_provider.stores.key_trial import await_key
from servers.azurite import Azurite

FOREIGN = "made in the portal"


@pytest.fixture
def store(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> AzureStore:
    """A container with a blob and somebody else's policy."""
    for name, value in azurite.environment().items():
        monkeypatch.setenv(name, value)
    made = azure_store(azurite)
    container = azurite.container(made.bucket)
    container.upload_blob("models/a", b"content")
    container.set_container_access_policy({FOREIGN: AccessPolicy("r", "2040-01-01T00:00:00Z", "2020-01-01T00:00:00Z")})
    return made


def settings(store: AzureStore, **values: Any) -> Settings:
    return Settings(connection=store.connection, container=store.bucket, **values)


def issuer(store: AzureStore) -> AzureKeys:
    return settings(store).open(None)


def issue(store: AzureStore, slot: Any = "even", generation: int = 0, *, read_only: bool = False) -> NewKey:
    scope = Scope(store.bucket, "", read_only)
    keys = issuer(store)
    return keys.create_key(keys.ensure_principal("reader", scope), scope, slot=slot, generation=generation)


def with_key(store: AzureStore, key: NewKey, bucket: str | None = None) -> Any:
    return store.server.container(bucket or store.bucket, sas=key.secret_access_key)


def policies(store: AzureStore) -> dict[str, Any]:
    found = store.server.container(store.bucket).get_container_access_policy()["signed_identifiers"]
    return {policy.id: policy.access_policy for policy in found}


def key_inputs(store: AzureStore, slot: str, generation: int) -> dict[str, Any]:
    return {
        "issuer": settings(store).model_dump(by_alias=True, exclude_none=True),
        "principal": "reader",
        "bucket": store.bucket,
        "slot": slot,
        "generation": generation,
    }


def test_writer_reaches_its_container_and_no_other(store: AzureStore) -> None:
    key = issue(store)
    client = with_key(store, key)
    client.upload_blob("models/b", b"written")
    assert client.download_blob("models/b").readall() == b"written"
    assert [blob.name for blob in client.list_blobs()] == ["models/a", "models/b"]
    client.delete_blob("models/b")
    other = azure_store(store.server)
    other.objects.put("a", b"not yours", content_type="text/plain")
    with pytest.raises(HttpResponseError, match="Authorization"):
        with_key(store, key, other.bucket).download_blob("a")
    with pytest.raises(HttpResponseError, match="Authorization"):
        client.set_container_access_policy({})
    assert key.secret_access_key not in repr(key)


def test_reader_may_not_write_until_its_scope_says_so(store: AzureStore) -> None:
    key = issue(store, read_only=True)
    assert with_key(store, key).download_blob("models/a").readall() == b"content"
    for write in (lambda c: c.upload_blob("b", b""), lambda c: c.delete_blob("models/a")):
        with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
            write(with_key(store, key))
    issuer(store).ensure_principal("reader", Scope(store.bucket))
    with_key(store, key).upload_blob("b", b"")


def test_issued_key_is_tried_and_stops_working_when_it_is_deleted(store: AzureStore) -> None:
    first, second = issue(store), issue(store, "odd", 1)
    for key in (first, second):
        assert await_key(store.connection, store.bucket, "", Credentials(key.access_key_id, key.secret_access_key)) == 2
    issuer(store).delete_key("reader", first.access_key_id)
    with pytest.raises(HttpResponseError, match="Authorization"):
        with_key(store, first).download_blob("models/a")
    assert with_key(store, second).download_blob("models/a").readall() == b"content"
    issuer(store).delete_key("reader", first.access_key_id)
    assert issuer(store).keys("reader") == [second.access_key_id]


def test_deleted_key_that_is_declared_again_is_another_one(store: AzureStore) -> None:
    first = issue(store)
    issuer(store).delete_key("reader", first.access_key_id)
    issue(store)
    with pytest.raises(HttpResponseError, match="Authorization"):
        with_key(store, first).download_blob("models/a")


def test_third_key_is_refused_and_names_the_two(store: AzureStore) -> None:
    provider = StoreAccessKeyProvider()
    ids = [provider.create(key_inputs(store, slot, number)).id for number, slot in enumerate(("even", "odd"))]
    with pytest.raises(ModelstoreError, match="A third key of reader is refused") as refused:
        provider.create(key_inputs(store, "even", 2))
    assert all(str(id_) in str(refused.value) for id_ in ids)
    assert sorted(policies(store)) == sorted([FOREIGN, *map(str, ids)])


def test_rotation_never_fails_a_reader(store: AzureStore) -> None:
    provider = StoreAccessKeyProvider()
    made = {0: provider.create(key_inputs(store, "even", 0)), 1: provider.create(key_inputs(store, "odd", 1))}
    for generation in (2, 3):
        stale, current = made[generation - 2], made[generation - 1]
        slot = "odd" if generation % 2 else "even"
        provider.delete(str(stale.id), key_inputs(store, slot, generation - 2))
        made[generation] = provider.create(key_inputs(store, slot, generation))
        for key in (current, made[generation]):
            client = store.server.container(store.bucket, sas=key.outs["secretAccessKey"])
            assert client.download_blob("models/a").readall() == b"content"


def test_lost_answer_leaves_nothing_a_second_run_does_not_mend(store: AzureStore) -> None:
    """The policy was written and the run killed before it knew: the second run has one policy for the place."""
    lost = issue(store)
    provider = StoreAccessKeyProvider()
    made = provider.create(key_inputs(store, "even", 0))
    assert sorted(policies(store)) == sorted([FOREIGN, str(made.id)])
    with pytest.raises(HttpResponseError, match="Authorization"):
        with_key(store, lost).download_blob("models/a")


def test_policies_and_public_access_of_others_stay(store: AzureStore) -> None:
    container = store.server.container(store.bucket)
    kept = {FOREIGN: AccessPolicy("rd", "2040-01-01T01:02:03Z", "2020-01-01T00:00:00Z")}
    container.set_container_access_policy(kept, public_access="blob")
    key = issue(store)
    issuer(store).delete_key("reader", key.access_key_id)
    issuer(store).delete_principal("reader", Scope(store.bucket))
    found = policies(store)
    assert list(found) == [FOREIGN]
    assert found[FOREIGN].permission == "rd"
    assert str(found[FOREIGN].expiry).startswith("2040-01-01T01:02:03")
    assert container.get_container_access_policy()["public_access"] == "blob"


def test_policy_with_a_date_alone_is_kept(store: AzureStore) -> None:
    """The SDK reads such a date and does not write it."""
    from azure.storage.blob._generated.models import SignedIdentifier

    container = store.server.container(store.bucket)
    dated = SignedIdentifier(id="dated", access_policy=AccessPolicy("r", "2040-01-01"))
    container._client.container.set_access_policy(container_acl=[dated])
    key = issue(store)
    assert set(policies(store)) == {"dated", key.access_key_id}
    assert str(policies(store)["dated"].expiry).startswith("2040-01-01T00:00:00")


def test_two_runs_at_once_keep_each_other_s_policies(store: AzureStore) -> None:
    scope = Scope(store.bucket)

    def make(name: str) -> str:
        keys = issuer(store)
        return keys.create_key(keys.ensure_principal(name, scope), scope, slot="key", generation=0).access_key_id

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, ["one", "two", "three", "four"]))
    assert sorted(policies(store)) == sorted([FOREIGN, *made])


def test_sixth_policy_is_refused_and_names_the_five(store: AzureStore) -> None:
    container = store.server.container(store.bucket)
    container.set_container_access_policy(
        {f"other-{number}": AccessPolicy("r", "2040-01-01T00:00:00Z") for number in range(5)}
    )
    with pytest.raises(ModelstoreError, match="other-0, other-1, other-2, other-3, other-4"):
        issue(store)
    assert len(policies(store)) == 5


def test_change_by_a_program_without_a_lease_is_not_lost(store: AzureStore) -> None:
    """It comes between reading and writing; both changes are there in the end."""
    container = store.server.container(store.bucket)
    with recording_proxy(store.server.endpoint.rsplit("/", 1)[0]) as proxy:
        seen: list[str] = []

        def meddle(exchange: Exchange) -> Answer | None:
            if exchange.method == "PUT" and exchange.query.get("comp") == ["acl"] and not seen:
                seen.append(exchange.path)
                return refusal(412, "ConditionNotMet")
            return None

        proxy.before = meddle
        keys = settings(store.via(proxy)).open(None)
        container.set_container_access_policy({"theirs": AccessPolicy("r", "2040-01-01T00:00:00Z")})
        key = keys.create_key("reader", Scope(store.bucket), slot="key", generation=0)
        writes = [e for e in proxy.exchanges if e.method == "PUT" and e.query.get("comp") == ["acl"]]
        assert all("If-Unmodified-Since" in e.headers and "x-ms-lease-id" in e.headers for e in writes)
        assert len(writes) == 2
    assert sorted(policies(store)) == sorted(["theirs", key.access_key_id])


def test_run_waits_for_another_s_lease(store: AzureStore) -> None:
    lease = store.server.container(store.bucket).acquire_lease(15)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            lease.release()

    waiting = StoredPolicies(store.objects, sleep=sleep)
    waiting.change(lambda found: found.pop(FOREIGN, None) is not None or bool(found))
    assert len(pauses) == 3
    assert policies(store) == {}


def test_lease_without_end_is_told_at_once(store: AzureStore) -> None:
    lease = store.server.container(store.bucket).acquire_lease(-1)
    with pytest.raises(ModelstoreError, match=r"somebody else holds a lease.*has to be broken"):
        issue(store)
    lease.release()


def test_killed_change_of_policies_does_no_harm(store: AzureStore) -> None:
    """The answer to the write is lost: the next attempt finds its own policy and the lease is not in the way."""
    with recording_proxy(store.server.endpoint.rsplit("/", 1)[0]) as proxy:
        lost: list[str] = []

        def lose(exchange: Exchange, answer: Answer) -> Answer:
            if exchange.method == "PUT" and exchange.query.get("comp") == ["acl"] and not lost:
                lost.append(exchange.path)
                raise Cut
            return answer

        proxy.after = lose
        keys = settings(store.via(proxy)).open(None)
        key = keys.create_key("reader", Scope(store.bucket), slot="key", generation=0)
    assert sorted(policies(store)) == sorted([FOREIGN, key.access_key_id])


def test_key_ends_when_the_settings_say(store: AzureStore) -> None:
    before = datetime.datetime.now(datetime.UTC)
    keys = settings(store, key_days=30).open(None)
    key = keys.create_key("reader", Scope(store.bucket), slot="key", generation=0)
    days = (datetime.datetime.fromisoformat(policies(store)[key.access_key_id].expiry) - before).total_seconds() / 86400
    assert 29.9 < days < 30.1
    settings(store, key_days=60).open(None).ensure_principal("reader", Scope(store.bucket))
    later = (datetime.datetime.fromisoformat(policies(store)[key.access_key_id].expiry) - before).total_seconds()
    assert 59.9 < later / 86400 < 60.1


def test_destroyed_principal_takes_its_keys_along(store: AzureStore) -> None:
    provider = PrincipalProvider()
    inputs = {key: value for key, value in key_inputs(store, "key", 0).items() if key in ("issuer", "bucket")}
    made = provider.create({**inputs, "principalName": "reader"})
    key = issue(store)
    assert provider.read(str(made.id), {**inputs, "principalName": "reader"}).id == "reader"
    provider.delete(str(made.id), {**inputs, "principalName": "reader"})
    assert list(policies(store)) == [FOREIGN]
    with pytest.raises(HttpResponseError, match="Authorization"):
        with_key(store, key).download_blob("models/a")
    assert store.listed() == ["models/a"]


def test_container_that_is_gone_has_no_keys(store: AzureStore) -> None:
    key = issue(store)
    store.server.service().delete_container(store.bucket)
    assert issuer(store).keys("reader") == []
    issuer(store).delete_key("reader", key.access_key_id)
    issuer(store).delete_principal("reader", Scope(store.bucket))
    assert not issuer(store).principal_exists("reader")


def test_names_of_any_length_fit_a_policy(store: AzureStore) -> None:
    keys = issuer(store)
    names = ["n" * 60 + "a", "n" * 60 + "b", "n", "n-m"]
    ids = [keys.ensure_principal(name, Scope(store.bucket)) for name in names]
    assert len(set(ids)) == 4
    made = keys.create_key(ids[0], Scope(store.bucket), slot="even", generation=999_999)
    assert len(made.access_key_id) <= 64
    assert [list(keys.keys(principal)) for principal in ids] == [[made.access_key_id], [], [], []]


def test_token_that_goes_on_working_is_told(store: AzureStore) -> None:
    key = issue(store)
    keys = AzureKeys(
        settings(store), Credentials(store.server.account, store.server.account_key), sleep=lambda seconds: None
    )
    with pytest.raises(ModelstoreError, match=r"still works .* after its policy was taken away") as told:
        keys._await_refusal(key.access_key_id)
    assert key.secret_access_key not in str(told.value)


def test_prefix_and_login_are_refused(store: AzureStore) -> None:
    with pytest.raises(ModelstoreError, match="cannot be narrowed to the prefix 'team-a'"):
        issuer(store).ensure_principal("reader", Scope(store.bucket, "team-a"))
    login = Settings(connection=store.connection.model_copy(update={"credentials": "default"}), container=store.bucket)
    with pytest.raises(CredentialsUnavailable, match="only that signs SAS tokens which can be revoked"):
        login.open(None)


def test_wrong_account_key_leaves_no_secret_in_the_error(store: AzureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "d3Jvbmctc2VjcmV0LWtleQ==")
    with pytest.raises(StoreRefused, match="Check the account key") as refused:
        issue(store)
    assert "d3Jvbmctc2VjcmV0LWtleQ==" not in str(refused.value)
