"""Keys on Weka: service accounts of one S3 user."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provider.appliances import ADMINISTRATOR, Appliance, weka
from pulumi_modelstore_provider.errors import ModelstoreError, StoreRefused
from pulumi_modelstore_provider.keys.protocol import NewKey, Scope
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from servers.versitygw import VersityGateway
from stubs.management import Answer, Request
from stubs.weka import POLICY_BYTES, WekaStub, weka_stub


@pytest.fixture
def stub(versitygw: VersityGateway) -> Iterator[WekaStub]:
    with weka_stub(versitygw) as served:
        yield served


@pytest.fixture
def appliance(versitygw: VersityGateway, stub: WekaStub, monkeypatch: pytest.MonkeyPatch) -> Appliance:
    made = weka(versitygw, stub)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def test_account_says_in_its_policy_whose_it_is(appliance: Appliance, stub: WekaStub) -> None:
    scope = Scope("models", read_only=True)
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="odd", generation=3)
    sid = stub.accounts[key.access_key_id]["policy"]["Statement"][0]["Sid"]
    assert sid.startswith("Modelstore")
    assert sid.endswith("O3")
    assert sid.isalnum()


def test_accounts_of_others_are_left_alone(appliance: Appliance, stub: WekaStub) -> None:
    scope = Scope(appliance.bucket())
    issuer = appliance.issuer()
    by_hand = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::*"}
    foreign, _ = stub.add_account({"Version": "2012-10-17", "Statement": [by_hand]})
    others = issuer.ensure_principal("writers", scope)
    other = issuer.create_key(others, scope, slot="even", generation=0)
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="even", generation=0)

    assert issuer.keys(principal) == [key.access_key_id]
    issuer.delete_principal(principal, scope)
    assert set(stub.accounts) == {foreign, other.access_key_id}


def test_other_scope_is_another_principal_whose_keys_count_together(appliance: Appliance) -> None:
    bucket = appliance.bucket()
    issuer = appliance.issuer()
    wide, narrow = Scope(bucket), Scope(bucket, "team", read_only=True)
    before = issuer.ensure_principal("readers", wide)
    key = issuer.create_key(before, wide, slot="even", generation=0)
    after = issuer.ensure_principal("readers", narrow)
    assert after != before
    # The policy of an account cannot be changed: whoever holds the key of the wider scope gets another.
    assert issuer.keys(after) == [key.access_key_id]
    issuer.delete_key(before, key.access_key_id)
    successor = issuer.create_key(after, narrow, slot="even", generation=0)
    assert appliance.reads(successor, bucket, "team/a")
    assert not appliance.reads(successor, bucket, "a")


def test_user_who_is_no_s3_user_is_told_so(
    appliance: Appliance, stub: WekaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ADMINISTRATOR}_ACCESS_KEY_ID", "admin")
    monkeypatch.setenv(f"{ADMINISTRATOR}_SECRET_ACCESS_KEY", stub.admin_password)
    with pytest.raises(StoreRefused, match="role S3") as refused:
        appliance.issuer().ensure_principal("readers", Scope("models"))
    assert refused.value.status == 403


def test_expired_token_is_renewed(appliance: Appliance, stub: WekaStub) -> None:
    scope = Scope("models")
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    stub.tokens.clear()
    assert issuer.create_key(principal, scope, slot="even", generation=0).access_key_id in stub.accounts
    logins = [request for request in stub.requests if request.path.endswith("/login")]
    assert len(logins) == 2


def test_policy_that_weka_would_not_take_is_refused_before(appliance: Appliance, stub: WekaStub) -> None:
    with pytest.raises(ModelstoreError, match=str(POLICY_BYTES)) as refused:
        appliance.issuer().ensure_principal("readers", Scope("models", "p" * POLICY_BYTES))
    assert "Shorten the prefix" in str(refused.value)
    assert stub.requests == []


def test_accounts_are_understood_in_either_form(appliance: Appliance, stub: WekaStub) -> None:
    """Releases differ: a list of keys or of objects, a policy as an object or as text."""
    import json

    scope = Scope("models")
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="even", generation=0)

    def older(request: Request, answer: Answer) -> Answer:
        if request.method != "GET":
            return answer
        data = answer.content["data"]
        if isinstance(data, list):
            return Answer(200, {"data": [item["key"] for item in data]})
        return Answer(200, {"data": [data | {"policy_content": json.dumps(data["policy_content"])}]})

    stub.after = older
    assert issuer.keys(principal) == [key.access_key_id]


def test_account_that_goes_while_they_are_looked_at_is_passed_over(appliance: Appliance, stub: WekaStub) -> None:
    scope = Scope("models")
    issuer = appliance.issuer()
    principal = issuer.ensure_principal("readers", scope)
    gone = issuer.create_key(principal, scope, slot="even", generation=0)
    kept = issuer.create_key(principal, scope, slot="odd", generation=1)

    def lists_then_loses(request: Request, answer: Answer) -> Answer:
        if request.path.endswith("/serviceAccounts") and gone.access_key_id in stub.accounts:
            stub.remove_account(gone.access_key_id)
        return answer

    stub.after = lists_then_loses
    assert issuer.keys(principal) == [kept.access_key_id]


def test_narrowed_principal_replaces_its_keys(appliance: Appliance, stub: WekaStub) -> None:
    """As an engine goes about it: a key keeps what it may do, so one that may do too much has to go."""
    shared = {"issuer": appliance.settings, "bucket": appliance.bucket(), "namespace": "models", "prefix": ""}
    wide = shared | {"principalName": "readers", "readOnly": False}
    narrow = wide | {"readOnly": True}
    principals, keys = PrincipalProvider(), StoreAccessKeyProvider()
    made = principals.create(wide)
    place = shared | {"slot": "even", "generation": 0}
    key = keys.create(place | {"principal": made.outs["principal"], "readOnly": False})

    assert not principals.diff(made.id, made.outs, narrow).replaces
    updated = principals.update(made.id, made.outs, narrow)
    wanted = place | {"principal": updated.outs["principal"], "readOnly": True}
    assert keys.diff(key.id, key.outs, wanted).replaces == ["principal"]

    keys.delete(key.id, key.outs)
    successor = keys.create(wanted)
    assert set(stub.accounts) == {successor.id}
    issued = NewKey(successor.id, successor.outs["secretAccessKey"])
    assert appliance.reads(issued, shared["bucket"])
    assert not appliance.writes(issued, shared["bucket"], "b")
    # The principal's id is that of its first scope: its keys are found by it all the same.
    principals.delete(made.id, updated.outs)
    assert stub.accounts == {}
