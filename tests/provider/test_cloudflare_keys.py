"""Keys on Cloudflare R2: tokens of the account. The API is a stub, the keys are real ones of a gateway."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from provider.appliances import ADMINISTRATOR, Appliance, key_inputs
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError, StoreRefused, StoreUnreachable
from pulumi_modelstore_provider.keys.protocol import NewKey, Scope
from pulumi_modelstore_provider.resources import adapter
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from pulumi_modelstore_provider.time_limits import TimeLimits, limited
from servers.versitygw import VersityGateway, versity_gateway
from stubs.cloudflare import ACCOUNT, CloudflareStub, cloudflare_stub
from stubs.management import Answer, Request

TOKENS = f"/client/v4/accounts/{ACCOUNT}/tokens"
BUCKET_READ = "6a018a9f2fc74eb6b293b0c548f38b39"


@pytest.fixture(scope="module")
def gateway(own_environment: None) -> Iterator[VersityGateway]:
    """A gateway of its own, whose file of users the stub changes."""
    with versity_gateway(region="auto") as running:
        yield running


@pytest.fixture
def stub(gateway: VersityGateway) -> Iterator[CloudflareStub]:
    with cloudflare_stub(gateway) as served:
        yield served


@pytest.fixture
def r2(gateway: VersityGateway, stub: CloudflareStub, monkeypatch: pytest.MonkeyPatch) -> Appliance:
    """The account, with the token of the stack's provider in the environment."""
    environment = {"CLOUDFLARE_API_TOKEN": stub.api_token, "CLOUDFLARE_BASE_URL": f"{stub.url}/client/v4"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Appliance(
        stub,
        gateway,
        {"kind": "cloudflare-r2", "account": ACCOUNT},
        environment,
        makes_key=lambda request: request.method == "POST" and request.path == TOKENS,
        live_keys=lambda: set(stub.tokens),
    )


def lists(request: Request) -> bool:
    return request.method == "GET" and request.path == TOKENS


def keep_values(r2: Appliance) -> list[str]:
    """The values of tokens that are made from now on."""
    values: list[str] = []

    def keep(request: Request, answer: Answer) -> Answer:
        if r2.makes_key(request):
            values.append(answer.content["result"]["value"])
        return answer

    r2.stub.after = keep
    return values


def test_key_is_a_token_of_that_bucket_alone(r2: Appliance, stub: CloudflareStub) -> None:
    own, other = r2.bucket(), r2.bucket()
    scope = Scope(own, read_only=True)
    issuer = r2.issuer()
    principal = issuer.ensure_principal("readers", scope)
    values = keep_values(r2)
    key = issuer.create_key(principal, scope, slot="odd", generation=3)

    token = stub.tokens[key.access_key_id]
    assert token["name"] == f"readers.{own} odd-3"
    (policy,) = token["policies"]
    assert [group["id"] for group in policy["permission_groups"]] == [BUCKET_READ]
    assert policy["resources"] == {f"com.cloudflare.edge.r2.bucket.{ACCOUNT}_default_{own}": "*"}
    assert r2.reads(key, own)
    assert not r2.writes(key, own, "b")
    assert not r2.reads(key, other)
    (value,) = values
    assert key.secret_access_key == hashlib.sha256(value.encode()).hexdigest()
    assert key.secret_access_key not in repr(key)


@pytest.mark.parametrize(
    ("key_scope", "read_only", "group"),
    [
        ("bucket", False, "2efd5506f9c8494dacb1fa10a3e7d5b6"),
        ("account", True, "b4992e1108244f5d8bfbd5744320c2e1"),
        ("account", False, "bf7481a1826f439697cb59a20b22293e"),
    ],
)
def test_permission_group_follows_from_scope_and_writing(
    r2: Appliance, stub: CloudflareStub, key_scope: str, read_only: bool, group: str
) -> None:
    scope = Scope(r2.bucket(), read_only=read_only)
    issuer = r2.issuer(keyScope=key_scope, jurisdiction="eu")
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="key", generation=0)
    (policy,) = stub.tokens[key.access_key_id]["policies"]
    assert [shown["id"] for shown in policy["permission_groups"]] == [group]
    account = f"com.cloudflare.api.account.{ACCOUNT}"
    bucket = f"com.cloudflare.edge.r2.bucket.{ACCOUNT}_eu_{scope.bucket}"
    assert policy["resources"] == {account if key_scope == "account" else bucket: "*"}
    assert r2.writes(key, scope.bucket, "b") is not read_only


def test_both_slots_work_at_once_and_a_deleted_key_does_not(r2: Appliance) -> None:
    scope = Scope(r2.bucket())
    principal = r2.issuer().ensure_principal("readers", scope)
    # As an engine does it: each slot by an issuer and a thread of its own.
    with ThreadPoolExecutor(2) as pool:
        even, odd = pool.map(
            lambda place: r2.issuer().create_key(principal, scope, slot=place[0], generation=place[1]),
            [("even", 2), ("odd", 1)],
        )
    assert r2.reads(even, scope.bucket)
    assert r2.reads(odd, scope.bucket)

    issuer = r2.issuer()
    issuer.delete_key(principal, odd.access_key_id)
    assert not r2.reads(odd, scope.bucket)
    assert r2.reads(even, scope.bucket)
    assert r2.live_keys() == {even.access_key_id}
    issuer.delete_key(principal, odd.access_key_id)


def test_third_key_is_refused_naming_both(r2: Appliance, stub: CloudflareStub) -> None:
    scope = Scope(r2.bucket())
    issuer = r2.issuer()
    principal = issuer.ensure_principal("readers", scope)
    both = {issuer.create_key(principal, scope, slot="even", generation=0).access_key_id}
    both.add(stub.add_token(f"{principal} by-hand", [])[0])
    # Switched off it can be switched on again: it counts.
    stub.tokens[min(both)]["status"] = "disabled"

    with pytest.raises(ModelstoreError, match="third key") as refused:
        StoreAccessKeyProvider().create(dict(key_inputs(r2, principal, scope, "odd", 1)))
    assert all(key in str(refused.value) for key in both), refused.value
    assert "namespace models" in str(refused.value)
    assert r2.live_keys() == both


@pytest.mark.parametrize("answer_lost", [True, False], ids=["answer lost", "killed after it"])
def test_second_run_replaces_the_token_that_an_interrupted_one_left(r2: Appliance, answer_lost: bool) -> None:
    scope = Scope(r2.bucket())
    issuer = r2.issuer()
    principal = issuer.ensure_principal("readers", scope)
    odd = issuer.create_key(principal, scope, slot="odd", generation=1)
    if answer_lost:
        r2.lose_answers()
        with pytest.raises(StoreUnreachable):
            issuer.create_key(principal, scope, slot="even", generation=2)
        r2.keep_answers()
    else:
        issuer.create_key(principal, scope, slot="even", generation=2)
    (left,) = r2.live_keys() - {odd.access_key_id}

    assert list(r2.issuer().left_over(principal, slot="even", generation=2)) == [left]
    created = StoreAccessKeyProvider().create(dict(key_inputs(r2, principal, scope, "even", 2)))
    assert r2.live_keys() == {odd.access_key_id, created.id}
    assert created.id != left
    assert r2.reads(NewKey(created.id, created.outs["secretAccessKey"]), scope.bucket)
    assert r2.reads(odd, scope.bucket)


def test_token_that_a_repeated_request_made_twice_is_there_once(r2: Appliance, stub: CloudflareStub) -> None:
    scope = Scope(r2.bucket())
    issuer = r2.issuer()
    principal = issuer.ensure_principal("readers", scope)
    failed: list[Request] = []

    def fails_once(request: Request, answer: Answer) -> Answer:
        if failed or not r2.makes_key(request):
            return answer
        failed.append(request)
        return Answer(502, {"success": False, "errors": [], "messages": [], "result": None})

    stub.after = fails_once
    key = issuer.create_key(principal, scope, slot="even", generation=0)
    assert len([request for request in stub.requests if r2.makes_key(request)]) == 2
    assert r2.live_keys() == {key.access_key_id}
    assert r2.reads(key, scope.bucket)


def test_principal_goes_with_its_tokens_and_no_other_s(r2: Appliance, stub: CloudflareStub) -> None:
    scope = Scope(r2.bucket())
    issuer = r2.issuer()
    principals = [issuer.ensure_principal(name, scope) for name in ("readers", "readers-of-more")]
    principals.append(r2.issuer(jurisdiction="eu").ensure_principal("readers", scope))
    keys = [issuer.create_key(principal, scope, slot="even", generation=0) for principal in principals]
    foreign = {stub.add_token(name, [])[0] for name in ("readers", f"{principals[0]}", f"x {principals[0]} even-0")}

    issuer.delete_principal(principals[0], scope)
    assert r2.live_keys() == foreign | {key.access_key_id for key in keys[1:]}
    assert not r2.reads(keys[0], scope.bucket)
    assert r2.reads(keys[1], scope.bucket)
    objects = r2.gateway.client().list_objects_v2(Bucket=scope.bucket)["Contents"]
    assert [item["Key"] for item in objects] == ["a", "team/a"]
    issuer.delete_principal(principals[0], scope)


def test_changed_principal_changes_what_its_tokens_open_and_nothing_else(r2: Appliance, stub: CloudflareStub) -> None:
    shared = {"issuer": r2.settings, "bucket": r2.bucket(), "namespace": "models", "prefix": ""}
    reader = shared | {"principalName": "readers", "readOnly": True}
    writer = reader | {"readOnly": False}
    principals, keys = PrincipalProvider(), StoreAccessKeyProvider()
    made = principals.create(reader)
    place = shared | {"principal": made.outs["principal"], "slot": "even", "generation": 0}
    created = keys.create(place | {"readOnly": True})
    key = NewKey(created.id, created.outs["secretAccessKey"])
    condition = {"request_ip": {"in": ["192.0.2.0/24"]}}
    stub.tokens[created.id] |= {"condition": condition, "status": "disabled"}
    assert not r2.writes(key, shared["bucket"], "b")

    assert not principals.diff(made.id, made.outs, writer).replaces
    assert not keys.diff(created.id, created.outs, place | {"readOnly": False}).replaces
    principals.update(made.id, made.outs, writer)
    assert r2.writes(key, shared["bucket"], "b")
    assert stub.tokens[created.id]["condition"] == condition
    assert stub.tokens[created.id]["status"] == "disabled"

    stub.requests.clear()
    principals.update(made.id, made.outs, writer)
    assert {request.method for request in stub.requests} == {"GET"}
    assert principals.read(made.id, made.outs).id == made.id
    assert keys.read(created.id, created.outs).id == created.id
    stub.remove_token(created.id)
    assert not keys.read(created.id, created.outs).id


def test_other_account_or_jurisdiction_is_another_issuer(r2: Appliance) -> None:
    inputs = key_inputs(r2, "readers.models", Scope("models"), "even", 0)
    for changed in ({"account": "f" * 32}, {"jurisdiction": "eu"}):
        diff = StoreAccessKeyProvider().diff("id", dict(inputs), {**inputs, "issuer": r2.settings | changed})
        assert diff.replaces == ["issuer"]
    diff = StoreAccessKeyProvider().diff(
        "id", dict(inputs), {**inputs, "issuer": r2.settings | {"keyScope": "account"}}
    )
    assert (diff.changes, diff.replaces) == (True, [])


@pytest.mark.parametrize("with_total", [True, False])
def test_tokens_are_found_on_every_page(r2: Appliance, stub: CloudflareStub, with_total: bool) -> None:
    scope = Scope("models")
    issuer = r2.issuer()
    principal = issuer.ensure_principal("readers", scope)
    for number in range(100):
        stub.tokens[f"{number:032x}"] = {"id": f"{number:032x}", "name": f"other {number}", "policies": []}
    key = issuer.create_key(principal, scope, slot="even", generation=0)
    if not with_total:
        stub.after = lambda request, answer: Answer(200, {**answer.content, "result_info": None})
    stub.requests.clear()
    assert issuer.keys(principal) == [key.access_key_id]
    assert [request.query["page"] for request in stub.requests] == ["1", "2", "3"]


def test_deletion_returns_once_the_token_is_not_listed_any_more(r2: Appliance, stub: CloudflareStub) -> None:
    scope = Scope("models")
    issuer = r2.issuer()
    principal = issuer.ensure_principal("readers", scope)
    key = issuer.create_key(principal, scope, slot="even", generation=0)
    stale = [stub.tokens[key.access_key_id]] * 2

    def late(request: Request, answer: Answer) -> Answer:
        if not lists(request) or not stale:
            return answer
        content: dict[str, Any] = answer.content
        return Answer(200, content | {"result": [*content["result"], stale.pop()], "result_info": None})

    stub.after = late
    issuer.delete_key(principal, key.access_key_id)
    assert stale == []


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_token_is_told_with_the_remedy_and_without_the_token(
    r2: Appliance, stub: CloudflareStub, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "a-wrong-token-of-the-tests")
    if status == 401:
        errors = [{"code": 1000, "message": "Invalid API Token: a-wrong-token-of-the-tests"}]
        stub.before = lambda request: Answer(401, {"success": False, "errors": errors, "result": None})
    inputs = {"issuer": r2.settings, "principalName": "readers", "bucket": "models", "namespace": "models"}
    with pytest.raises(StoreRefused) as refused:
        PrincipalProvider().create(inputs)
    assert refused.value.status == status
    assert "Account API Tokens Write" in refused.value.remedy
    assert "namespace models" in str(refused.value)
    assert "a-wrong-token" not in str(refused.value)


def test_account_that_cloudflare_does_not_know_is_told(r2: Appliance) -> None:
    with pytest.raises(StoreRefused, match="Could not route") as refused:
        r2.issuer(account="f" * 32).ensure_principal("readers", Scope("models"))
    assert "account_id" in refused.value.remedy


def test_throttling_is_waited_out(r2: Appliance, stub: CloudflareStub) -> None:
    scope = Scope(r2.bucket())
    issuer = r2.issuer()
    throttled = r2.throttle(2)
    principal = issuer.ensure_principal("readers", scope)
    assert len(throttled) == 2
    throttled_making: list[Request] = []

    def once(request: Request) -> Answer | None:
        if throttled_making or not r2.makes_key(request):
            return None
        throttled_making.append(request)
        return Answer(429, {"success": False, "errors": [{"code": 971, "message": "slow down"}], "result": None})

    stub.before = once
    key = issuer.create_key(principal, scope, slot="even", generation=0)
    assert r2.live_keys() == {key.access_key_id}


def test_throttling_without_end_is_told(r2: Appliance) -> None:
    with limited(TimeLimits(attempts=2)):
        issuer = r2.issuer()
    throttled = r2.throttle(100)
    with pytest.raises(StoreRefused, match="Run again later") as refused:
        issuer.ensure_principal("readers", Scope("models"))
    assert (refused.value.status, len(throttled)) == (429, 2)


def test_api_that_hangs_is_given_up(r2: Appliance, stub: CloudflareStub) -> None:
    hanging = threading.Event()
    stub.before = lambda request: hanging.wait(30) and None
    with limited(TimeLimits(read=0.2, attempts=1)):
        issuer = r2.issuer()
    try:
        with pytest.raises(StoreUnreachable) as given_up:
            issuer.ensure_principal("readers", Scope("models"))
    finally:
        hanging.set()
    assert stub.url.removeprefix("http://") in str(given_up.value)
    assert given_up.value.remedy


def test_nothing_listens_there(r2: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:9")
    with limited(TimeLimits(attempts=1)), pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1:9") as unreachable:
        r2.issuer().ensure_principal("readers", Scope("models"))
    assert unreachable.value.remedy


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (["a list"], "something else answers"),
        ({"message": "hello"}, "something else answers"),
        ({"success": False, "errors": [{"code": 1001, "message": "not today"}]}, r"not today \(1001\)"),
    ],
)
def test_answer_that_is_none_of_cloudflare_s_is_told(
    r2: Appliance, stub: CloudflareStub, content: Any, told: str
) -> None:
    stub.before = lambda request: Answer(200, content)
    with pytest.raises(ModelstoreError, match=told) as refused:
        r2.issuer().ensure_principal("readers", Scope("models"))
    assert refused.value.remedy


def test_no_error_holds_the_value_or_the_secret(r2: Appliance, stub: CloudflareStub) -> None:
    scope = Scope("models")
    issuer = r2.issuer()
    principal = issuer.ensure_principal("readers", scope)
    values = keep_values(r2)
    key = issuer.create_key(principal, scope, slot="even", generation=0)
    secrets = [*values, key.secret_access_key, stub.api_token]
    stub.before = lambda request: Answer(400, {"errors": [{"message": f"not with {' '.join(secrets)}"}]})
    with pytest.raises(StoreRefused, match="not with") as refused:
        issuer.keys(principal)
    assert [secret for secret in secrets if secret in str(refused.value) + repr(refused.value)] == []


def test_answer_without_a_value_is_not_repeated(r2: Appliance, stub: CloudflareStub) -> None:
    envelope = {"success": True, "errors": [], "messages": [], "result": {"value": "a-value-without-an-id"}}
    issuer = r2.issuer()
    stub.before = lambda request: Answer(200, envelope) if r2.makes_key(request) else None
    with pytest.raises(ModelstoreError, match="no id and value") as refused:
        issuer.create_key("readers.models", Scope("models"), slot="even", generation=0)
    assert "a-value-without" not in str(refused.value)


def test_value_is_not_in_the_state(r2: Appliance, stub: CloudflareStub) -> None:
    values = keep_values(r2)
    scope = Scope("models")
    created = StoreAccessKeyProvider().create(dict(key_inputs(r2, "readers.models", scope, "even", 0)))
    assert len(values) == 1
    assert values[0] not in str(created.outs)
    assert stub.api_token not in str(created.outs)
    assert created.outs["issuer"] == r2.settings | {"keyScope": "bucket"}


def test_prefix_is_refused_since_no_token_could_be_held_to_it(r2: Appliance, stub: CloudflareStub) -> None:
    with pytest.raises(ModelstoreError, match=r"prefix 'team'.*bucket of their own"):
        r2.issuer().create_key("readers.models", Scope("models", "team"), slot="even", generation=0)
    assert stub.tokens == {}


def test_name_that_is_too_long_is_refused_before_anything_is_asked(r2: Appliance, stub: CloudflareStub) -> None:
    with pytest.raises(ModelstoreError, match=r"120 characters.*Shorten"):
        r2.issuer().ensure_principal("readers-" * 6, Scope("m" * 63))
    assert stub.requests == []


def test_token_in_the_stack_s_configuration_comes_before_the_environment_s(
    r2: Appliance, stub: CloudflareStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an engine gives it to a dynamic provider: all configuration, each key with its namespace."""
    monkeypatch.setattr(adapter, "_stack_configuration", None)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "of-somebody-else")
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:9")
    settings = {"cloudflare:apiToken": stub.api_token, "cloudflare:baseUrl": f"{stub.url}/client/v4/"}
    provider = StoreAccessKeyProvider()
    provider.configure(ConfigureRequest(Config(settings, "shop")))
    created = provider.create(dict(key_inputs(r2, "readers.models", Scope("models"), "even", 0)))
    assert r2.live_keys() == {created.id}


def test_administrator_of_its_own_comes_before_the_provider_s(
    r2: Appliance, stub: CloudflareStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "of-somebody-else")
    monkeypatch.setenv(f"{ADMINISTRATOR}_ACCESS_KEY_ID", "api-token")
    monkeypatch.setenv(f"{ADMINISTRATOR}_SECRET_ACCESS_KEY", stub.api_token)
    issuer = r2.issuer(credentials=f"env:{ADMINISTRATOR}")
    assert issuer.keys(issuer.ensure_principal("readers", Scope("models"))) == []


def test_r2_key_in_the_administrator_s_place_is_refused_with_the_remedy(
    r2: Appliance, stub: CloudflareStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ADMINISTRATOR}_ACCESS_KEY_ID", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv(f"{ADMINISTRATOR}_SECRET_ACCESS_KEY", "f" * 64)
    with pytest.raises(CredentialsUnavailable, match="`api-token`") as refused:
        r2.issuer(credentials=f"env:{ADMINISTRATOR}")
    assert "f" * 64 not in str(refused.value)
    assert stub.requests == []


def test_token_that_is_nowhere_is_asked_for(r2: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    with pytest.raises(CredentialsUnavailable, match=r"cloudflare:apiToken.*CLOUDFLARE_API_TOKEN.*admin_credentials"):
        r2.issuer()


def test_token_in_two_lines_is_refused_without_it(r2: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "first-half\nsecond-half")
    with pytest.raises(CredentialsUnavailable, match="in one line") as refused:
        r2.issuer()
    assert "half" not in str(refused.value)


def test_newline_at_a_token_s_end_is_passed_over(
    r2: Appliance, stub: CloudflareStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", f"{stub.api_token}\n")
    assert r2.issuer().keys("readers.models") == []


def test_address_that_is_no_url_is_refused(r2: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "api.example.org")
    with pytest.raises(ModelstoreError, match="CLOUDFLARE_BASE_URL"):
        r2.issuer()
