"""Keys on VAST: users and identity policies of a tenant."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from provider.appliances import ADMINISTRATOR, Appliance, vast
from pulumi_modelstore_provider.errors import ModelstoreError, NotInStore, StoreRefused
from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.keys.vast_vms import API_TOKEN
from servers.versitygw import VersityGateway
from stubs.vast import VastStub, vast_stub


@pytest.fixture
def stub(versitygw: VersityGateway) -> Iterator[VastStub]:
    with vast_stub(versitygw) as served:
        yield served


@pytest.fixture
def appliance(versitygw: VersityGateway, stub: VastStub, monkeypatch: pytest.MonkeyPatch) -> Appliance:
    made = vast(versitygw, stub)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def test_principal_is_a_user_with_a_policy_on_its_tenant(appliance: Appliance, stub: VastStub) -> None:
    principal = appliance.issuer().ensure_principal("readers", Scope("models", read_only=True))
    assert principal == "readers.models"
    (policy,) = stub.policies.values()
    (user,) = stub.users.values()
    assert (policy.name, policy.tenant_id, user.name) == (principal, 7, principal)
    assert user.policies == {7: [policy.id]}
    assert user.local_provider_id == 1
    allowed = {action for statement in json.loads(policy.policy)["Statement"] for action in statement["Action"]}
    assert allowed == {"s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject"}


def test_users_and_policies_are_found_behind_several_pages(appliance: Appliance, stub: VastStub) -> None:
    stub.page_size = 1
    for number in range(2):
        stub.add_user(f"somebody-{number}")
    issuer = appliance.issuer()
    issuer.ensure_principal("more", Scope("models"))
    principal = issuer.ensure_principal("readers", Scope("models"))
    assert issuer.ensure_principal("readers", Scope("models")) == principal
    assert issuer.principal_exists(principal)
    assert [user.name for user in stub.users.values()].count(principal) == 1


def test_other_scope_holds_for_the_keys_that_are_there(appliance: Appliance) -> None:
    bucket = appliance.bucket()
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", Scope(bucket))
    key = issuer.create_key(principal, Scope(bucket), slot="even", generation=0)
    assert appliance.writes(key, bucket, "b")

    assert issuer.ensure_principal("readers", Scope(bucket, "team", read_only=True)) == principal
    assert appliance.reads(key, bucket, "team/a")
    assert not appliance.reads(key, bucket, "a")
    assert not appliance.writes(key, bucket, "b")
    # What was known of the keys is still known.
    assert list(issuer.left_over(principal, slot="even", generation=0)) == [key.access_key_id]


def test_user_that_others_made_is_neither_taken_nor_deleted(appliance: Appliance, stub: VastStub) -> None:
    stub.add_user("readers.models")
    issuer = appliance.issuer()
    with pytest.raises(ModelstoreError, match=r"taken.*user=") as taken:
        issuer.ensure_principal("readers", Scope("models"))
    assert "readers.models" in str(taken.value)
    assert stub.policies == {}
    issuer.delete_principal("readers.models", Scope("models"))
    assert stub.user_named("readers.models") is not None


def test_existing_user_gets_keys_and_stays(appliance: Appliance, stub: VastStub) -> None:
    bucket, user = appliance.bucket(), stub.add_user("svc-models")
    issuer = appliance.issuer(user="svc-models")
    principal = issuer.ensure_principal("readers", Scope(bucket))
    key = issuer.create_key(principal, Scope(bucket), slot="even", generation=0)
    assert list(user.keys) == [key.access_key_id]
    assert appliance.reads(key, bucket)

    issuer.delete_key(principal, key.access_key_id)
    issuer.delete_principal(principal, Scope(bucket))
    assert stub.user_named("svc-models") is user
    assert user.policies == {7: []}
    assert stub.policies == {}


def test_existing_user_that_is_not_there_is_named(appliance: Appliance, stub: VastStub) -> None:
    with pytest.raises(ModelstoreError, match=r"no user 'svc-models'"):
        appliance.issuer(user="svc-models").ensure_principal("readers", Scope("models"))
    assert stub.policies == {}


def test_key_of_the_console_is_never_taken_for_one_of_ours(appliance: Appliance, stub: VastStub) -> None:
    bucket = appliance.bucket()
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", Scope(bucket))
    user = stub.user_named(principal)
    assert user is not None
    by_hand, _ = stub.add_key(user, 7)
    key = issuer.create_key(principal, Scope(bucket), slot="even", generation=0)
    again = issuer.create_key(principal, Scope(bucket), slot="even", generation=0)
    assert set(issuer.keys(principal)) == {by_hand, again.access_key_id}
    assert key.access_key_id not in user.keys


def test_vast_s_own_limit_is_told_as_vast_says_it(appliance: Appliance, stub: VastStub) -> None:
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", Scope("models"))
    user = stub.user_named(principal)
    assert user is not None
    for _ in range(2):
        stub.add_key(user, 7)
    with pytest.raises(StoreRefused, match="maximum number of access keys"):
        issuer.create_key(principal, Scope("models"), slot="even", generation=0)


def test_interrupted_principal_is_completed(appliance: Appliance, stub: VastStub) -> None:
    stub.after = lambda request, answer: None if request.path.endswith("/users/") and request.body else answer
    with pytest.raises(ModelstoreError):
        appliance.issuer().ensure_principal("readers", Scope("models"))
    stub.after = lambda request, answer: answer
    principal = appliance.issuer().ensure_principal("readers", Scope("models"))
    user, (policy,) = stub.user_named(principal), stub.policies.values()
    assert user is not None
    assert user.policies == {7: [policy.id]}


def test_key_of_a_principal_that_is_gone_asks_for_a_refresh(appliance: Appliance) -> None:
    with pytest.raises(NotInStore, match="pulumi refresh"):
        appliance.issuer().create_key("readers.models", Scope("models"), slot="even", generation=0)


def test_tenant_s_name_is_matched_whole(appliance: Appliance, stub: VastStub) -> None:
    appliance.issuer(tenant="ai").ensure_principal("readers", Scope("models"))
    assert {policy.tenant_id for policy in stub.policies.values()} == {7}
    with pytest.raises(ModelstoreError, match=r"no tenant 'a'"):
        appliance.issuer(tenant="a").ensure_principal("readers", Scope("models"))


def test_api_token_takes_the_place_of_a_password(
    appliance: Appliance, stub: VastStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ADMINISTRATOR}_ACCESS_KEY_ID", API_TOKEN)
    monkeypatch.setenv(f"{ADMINISTRATOR}_SECRET_ACCESS_KEY", stub.token)
    appliance.issuer().ensure_principal("readers", Scope("models"))
    assert stub.requests[-1].headers["authorization"] == f"Api-Token {stub.token}"


def test_disabled_policy_is_enabled_again(appliance: Appliance, stub: VastStub) -> None:
    issuer = appliance.issuer()
    issuer.ensure_principal("readers", Scope("models"))
    (policy,) = stub.policies.values()
    policy.enabled = False
    issuer.ensure_principal("readers", Scope("models"))
    assert policy.enabled


def test_policy_that_somebody_rewrote_is_put_right(appliance: Appliance, stub: VastStub) -> None:
    bucket = appliance.bucket()
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", Scope(bucket))
    key = issuer.create_key(principal, Scope(bucket), slot="even", generation=0)
    (policy,) = stub.policies.values()
    policy.policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    issuer.ensure_principal("readers", Scope(bucket))
    assert appliance.reads(key, bucket)
