"""Keys on VAST and Weka: what holds on both. Their management is a stub, the keys are real ones of a gateway."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provider.appliances import ADMINISTRATOR, Appliance, key_inputs, vast, weka
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.http_api import HttpApi
from pulumi_modelstore_provider.keys.protocol import KeyIssuer, Scope
from pulumi_modelstore_provider.keys.vast_s3 import VastKeys
from pulumi_modelstore_provider.keys.vast_vms import Vms
from pulumi_modelstore_provider.keys.weka_accounts import WekaAccounts
from pulumi_modelstore_provider.keys.weka_s3 import WekaKeys
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from pulumi_modelstore_provider.time_limits import TimeLimits
from servers.certificates import self_signed
from servers.versitygw import VersityGateway
from stubs.management import Answer
from stubs.vast import vast_stub
from stubs.weka import weka_stub


@pytest.fixture(params=["vast", "weka"])
def appliance(
    request: pytest.FixtureRequest, versitygw: VersityGateway, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Appliance]:
    """Each store in turn, with the administrator's credentials in the environment."""
    if request.param == "vast":
        with vast_stub(versitygw) as stub:
            yield _known(vast(versitygw, stub), monkeypatch)
    else:
        with weka_stub(versitygw) as other:
            yield _known(weka(versitygw, other), monkeypatch)


def _known(appliance: Appliance, monkeypatch: pytest.MonkeyPatch) -> Appliance:
    for name, value in appliance.environment.items():
        monkeypatch.setenv(name, value)
    return appliance


def test_key_reads_and_writes_its_bucket_and_no_other(appliance: Appliance) -> None:
    own, other = appliance.bucket(), appliance.bucket()
    issuer, scope = appliance.issuer(), Scope(own)
    principal = issuer.ensure_principal("writers", scope)
    key = issuer.create_key(principal, scope, slot="even", generation=0)

    assert appliance.reads(key, own)
    assert appliance.writes(key, own, "b")
    assert appliance.lists(key, own)
    assert not appliance.reads(key, other)
    assert not appliance.lists(key, other)
    assert issuer.keys(principal) == [key.access_key_id]
    assert key.secret_access_key not in repr(key)


def test_reader_s_key_under_a_prefix_reads_there_alone_and_writes_nothing(appliance: Appliance) -> None:
    bucket = appliance.bucket()
    issuer, scope = appliance.issuer(), Scope(bucket, "team", read_only=True)
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="key", generation=0)

    assert appliance.reads(key, bucket, "team/a")
    assert not appliance.reads(key, bucket, "a")
    assert not appliance.writes(key, bucket, "team/b")


def test_both_slots_work_at_once_and_a_deleted_key_does_not(appliance: Appliance) -> None:
    scope = Scope(appliance.bucket())
    principal = appliance.issuer().ensure_principal("readers", scope)
    # As an engine does it: each slot by an issuer and a thread of its own.
    with ThreadPoolExecutor(2) as pool:
        even, odd = pool.map(
            lambda place: appliance.issuer().create_key(principal, scope, slot=place[0], generation=place[1]),
            [("even", 2), ("odd", 1)],
        )
    assert appliance.reads(even, scope.bucket)
    assert appliance.reads(odd, scope.bucket)

    issuer = appliance.issuer()
    issuer.delete_key(principal, odd.access_key_id)
    assert not appliance.reads(odd, scope.bucket)
    assert appliance.reads(even, scope.bucket)
    assert appliance.live_keys() == {even.access_key_id}
    issuer.delete_key(principal, odd.access_key_id)


def test_third_key_is_refused_naming_both(appliance: Appliance) -> None:
    scope = Scope(appliance.bucket())
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    both = {issuer.create_key(principal, scope, slot="even", generation=0).access_key_id}
    both.add(issuer.create_key(principal, scope, slot="odd", generation=1).access_key_id)

    with pytest.raises(ModelstoreError, match="third key") as refused:
        StoreAccessKeyProvider().create(dict(key_inputs(appliance, principal, scope, "key", 0)))
    assert all(key in str(refused.value) for key in both), refused.value
    assert "namespace models" in str(refused.value)
    assert appliance.live_keys() == both


@pytest.mark.parametrize("answer_lost", [True, False], ids=["answer lost", "killed after it"])
def test_second_run_replaces_the_key_that_an_interrupted_one_left(appliance: Appliance, answer_lost: bool) -> None:
    scope = Scope(appliance.bucket())
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    odd = issuer.create_key(principal, scope, slot="odd", generation=1)
    if answer_lost:
        appliance.lose_answers()
        with pytest.raises(StoreUnreachable):
            issuer.create_key(principal, scope, slot="even", generation=2)
        appliance.keep_answers()
    else:
        issuer.create_key(principal, scope, slot="even", generation=2)
    (left,) = appliance.live_keys() - {odd.access_key_id}

    second = appliance.issuer()
    assert list(second.left_over(principal, slot="even", generation=2)) == [left]
    created = StoreAccessKeyProvider().create(dict(key_inputs(appliance, principal, scope, "even", 2)))
    assert appliance.live_keys() == {odd.access_key_id, created.id}
    assert created.id != left
    assert appliance.reads(odd, scope.bucket)


def test_refused_key_leaves_nothing_to_repair(appliance: Appliance) -> None:
    scope = Scope(appliance.bucket())
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    odd = issuer.create_key(principal, scope, slot="odd", generation=1)
    appliance.stub.before = lambda request: _refused() if appliance.makes_key(request) else None
    with pytest.raises(StoreRefused, match="no more"):
        issuer.create_key(principal, scope, slot="even", generation=2)
    appliance.stub.before = lambda request: None
    assert list(issuer.left_over(principal, slot="even", generation=2)) == []
    assert issuer.keys(principal) == [odd.access_key_id]


def _refused() -> Answer:
    return Answer(400, {"detail": "no more keys today", "message": "no more keys today"})


def test_deleting_the_principal_takes_its_keys_and_no_object(appliance: Appliance) -> None:
    scope = Scope(appliance.bucket())
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="even", generation=0)

    issuer.delete_principal(principal, scope)
    assert appliance.live_keys() == set()
    assert not appliance.reads(key, scope.bucket)
    listed = appliance.gateway.client().list_objects_v2(Bucket=scope.bucket)
    assert [item["Key"] for item in listed["Contents"]] == ["a", "team/a"]
    issuer.delete_principal(principal, scope)


def test_ensuring_twice_changes_nothing(appliance: Appliance) -> None:
    scope = Scope(appliance.bucket())
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="even", generation=0)
    appliance.stub.requests.clear()

    assert appliance.issuer().ensure_principal("readers", scope) == principal
    assert {request.method for request in appliance.stub.requests if request.path != "/api/v2/login"} == {"GET"}
    assert issuer.principal_exists(principal)
    assert appliance.reads(key, scope.bucket)


def test_wrong_password_is_told_with_the_remedy_and_without_the_password(
    appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ADMINISTRATOR}_SECRET_ACCESS_KEY", "a-wrong-password-of-the-tests")
    with pytest.raises(StoreRefused) as refused:
        appliance.issuer().ensure_principal("readers", Scope("models"))
    assert refused.value.status == 401
    assert refused.value.remedy
    assert "a-wrong-password" not in str(refused.value)


def test_password_that_the_store_repeats_is_left_out(appliance: Appliance) -> None:
    password = appliance.environment[f"{ADMINISTRATOR}_SECRET_ACCESS_KEY"]
    appliance.stub.before = lambda request: Answer(403, {"message": f"not with {password}"})
    with pytest.raises(StoreRefused, match="not with") as refused:
        appliance.issuer().ensure_principal("readers", Scope("models"))
    assert password not in str(refused.value)
    assert password not in repr(refused.value)


def test_something_else_at_the_address_is_told(appliance: Appliance) -> None:
    appliance.stub.before = lambda request: Answer(404, {"message": "a page of somebody's"})
    with pytest.raises(StoreRefused) as refused:
        appliance.issuer().ensure_principal("readers", Scope("models"))
    assert "address" in refused.value.remedy


def test_credentials_that_are_not_there_are_named(appliance: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{ADMINISTRATOR}_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsUnavailable, match=f"{ADMINISTRATOR}_SECRET_ACCESS_KEY"):
        appliance.issuer()


def test_throttling_is_waited_out(appliance: Appliance) -> None:
    throttled = appliance.throttle(2)
    principal = appliance.issuer().ensure_principal("readers", Scope(appliance.bucket()))
    assert len(throttled) == 2
    assert appliance.issuer().keys(principal) == []


def test_store_that_hangs_is_given_up(appliance: Appliance) -> None:
    hanging = threading.Event()
    appliance.stub.before = lambda request: hanging.wait(30) and None
    api = HttpApi(_base_of(appliance), name="the stub", limits=TimeLimits(read=0.2, attempts=1))
    try:
        with pytest.raises(StoreUnreachable) as given_up:
            _issuer_at(appliance, api).ensure_principal("readers", Scope("models"))
    finally:
        hanging.set()
    assert "127.0.0.1" in str(given_up.value)
    assert given_up.value.remedy


def _issuer_at(appliance: Appliance, api: HttpApi) -> KeyIssuer:
    if "vms" in appliance.settings:
        return VastKeys(Vms(api, "ai"))
    return WekaKeys(WekaAccounts(api, Credentials("a", "password")))


def _base_of(appliance: Appliance) -> str:
    settings = appliance.settings
    return f"{settings['vms']}/api/latest" if "vms" in settings else f"{settings['api']}/api/v2"


def test_nothing_listens_there(appliance: Appliance) -> None:
    api = HttpApi("http://127.0.0.1:9", name="nobody", limits=TimeLimits(attempts=1))
    with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:9") as unreachable:
        _issuer_at(appliance, api).ensure_principal("readers", Scope("models"))
    assert unreachable.value.remedy


@pytest.mark.parametrize("name", ["vast", "weka"])
def test_certificate_is_verified_with_the_ca_bundle(
    name: str, versitygw: VersityGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    stub = vast_stub if name == "vast" else weka_stub
    with stub(versitygw, tls=certificate.context()) as serving:
        made = vast(versitygw, serving) if name == "vast" else weka(versitygw, serving)  # type: ignore[arg-type]
        appliance = _known(made, monkeypatch)
        with pytest.raises(StoreUnreachable, match=r"(?i)certificate") as untrusted:
            appliance.issuer().ensure_principal("readers", Scope("models"))
        assert "ca_bundle" in untrusted.value.remedy
        assert serving.requests == []
        appliance.issuer(caBundle=str(certificate.ca_bundle)).ensure_principal("readers", Scope("models"))
        appliance.issuer(verifyTls=False).ensure_principal("readers", Scope("models"))
