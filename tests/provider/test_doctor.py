"""Examinations of live stores: what each server can do, each failing check with its remedy, and nothing left behind."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from provider.azure_store import azure_store
from provider.fault_server import answering, fault_server, silent
from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, refusal
from provider.stores import Store, new_bucket
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.doctor import examination
from pulumi_modelstore_provider.doctor.examination import NAMES, examine
from pulumi_modelstore_provider.doctor.findings import Finding
from pulumi_modelstore_provider.doctor.subject import FOLDER, Namespace
from pulumi_modelstore_provider.gcs.bucket import open_bucket as open_gcs
from pulumi_modelstore_provider.gcs.connection import GcsConnection
from pulumi_modelstore_provider.keys.azure_blob import Settings as AzureSettings
from pulumi_modelstore_provider.keys.minio import Settings as MinioSettings
from pulumi_modelstore_provider.keys.protocol import Scope
from pulumi_modelstore_provider.time_limits import TimeLimits
from servers.azurite import Azurite
from servers.binaries import free_port
from servers.gcs import GcsServer
from servers.minio import MinioServer
from servers.versitygw import VersityGateway

PREFIX = "team/models"
THEIRS = {f"{PREFIX}/m/v1/config.json": b"{}", "elsewhere/x": b"x"}


def namespace_of(store: Store, **changes: Any) -> Namespace:
    return Namespace("s3-compatible", store.connection, store.bucket, **{"prefix": PREFIX} | changes)


def fill(store: Store) -> None:
    for key, body in THEIRS.items():
        store.client.put_object(Bucket=store.bucket, Key=key, Body=body)


def untouched(store: Store) -> None:
    """Nothing of the examination is left, neither objects nor unfinished uploads, and all else is as it was."""
    assert {key: store.body(key) for key in store.listed()} == THEIRS
    assert store.client.list_multipart_uploads(Bucket=store.bucket).get("Uploads", []) == []


def results(findings: list[Finding]) -> dict[str, str]:
    assert [finding.check for finding in findings] == [name for name in NAMES if name in {f.check for f in findings}]
    return {finding.check: finding.result for finding in findings}


def of(findings: list[Finding], check: str) -> Finding:
    return next(finding for finding in findings if finding.check == check)


def test_each_server(store: Store, request: pytest.FixtureRequest) -> None:
    """What a server cannot do is named; all that is needed works on each."""
    fill(store)
    findings = examine(namespace_of(store))
    gaps = {check: result for check, result in results(findings).items() if result != "ok"}
    expected = {"key scope": "skipped"}
    if "moto" in request.node.callspec.id:
        expected |= {"checksums": "not supported"}
    assert gaps == expected, findings
    assert not any(finding.spoils for finding in findings)
    assert {finding.check for finding in findings} == set(NAMES)
    untouched(store)


def test_azurite(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", azurite.account)
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", azurite.account_key)
    store = azure_store(azurite)
    store.server.container(store.bucket).upload_blob("theirs", b"kept")
    findings = examine(Namespace("azure-blob", store.connection, store.bucket, PREFIX))
    assert results(findings) == {name: "skipped" if name == "key scope" else "ok" for name in NAMES}, findings
    assert store.listed() == ["theirs"]


def test_google(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in gcs.environment().items():
        monkeypatch.setenv(name, value)
    connection = GcsConnection(endpoint=gcs.endpoint, project=gcs.project, location="EU", credentials="env:GCS")
    bucket = open_gcs(connection, f"doctor-{secrets.token_hex(6)}")
    bucket.create_bucket()
    bucket.put("theirs", b"kept", content_type="text/plain")
    findings = examine(Namespace("gcs", connection, bucket.bucket, PREFIX))
    assert results(findings) == {name: "skipped" if name == "key scope" else "ok" for name in NAMES}, findings
    assert [item.key for item in bucket.list("")] == ["theirs"]


# Faults, each by a proxy in front of a real store.


def is_probe(exchange: Exchange, name: str) -> bool:
    return FOLDER in exchange.path and exchange.path.partition("?")[0].endswith(f"/{name}")


def refuse_when(matches: Callable[[Exchange], bool], answer: Answer) -> Callable[[Exchange], Answer | None]:
    return lambda exchange: answer if matches(exchange) else None


DENIED = refusal(403, "AccessDenied", "no")
FAULTS: dict[str, tuple[Callable[[Exchange], bool], Answer, str, str]] = {
    "head": (
        lambda e: e.method == "HEAD" or "max-keys" in e.query,
        DENIED,
        "AccessDenied",
        "Check whose bucket it is, and that the key may list it",
    ),
    "list": (
        lambda e: "list-type" in e.query,
        DENIED,
        "AccessDenied: no (HTTP 403)",
        "Check that the key may do this on this bucket and prefix",
    ),
    "put": (
        lambda e: e.method == "PUT" and is_probe(e, "object"),
        refusal(403, "QuotaExceeded", "full"),
        "QuotaExceeded: full (HTTP 403)",
        "Make room in the bucket or raise its quota",
    ),
    "get": (
        lambda e: e.method == "GET" and is_probe(e, "object") and "X-Amz-Signature" not in e.query,
        DENIED,
        "AccessDenied: no (HTTP 403)",
        "Check that the key may do this",
    ),
    "multipart": (
        lambda e: e.method == "PUT" and "partNumber" in e.query,
        refusal(413, "EntityTooLarge", "too large"),
        "EntityTooLarge: too large (HTTP 413)",
        "Check the store's limit for one object",
    ),
    "presigned URL": (
        lambda e: "X-Amz-Signature" in e.query,
        refusal(403, "SignatureDoesNotMatch", "no"),
        "HTTP 403",
        "Check the region, the addressing and the clock",
    ),
    "delete": (
        lambda e: e.method == "POST" and "delete" in e.query,
        DENIED,
        "AccessDenied: no (HTTP 403)",
        "Check that the key may do this",
    ),
}


@pytest.mark.parametrize("check", FAULTS)
def test_failing_check_has_its_remedy(gateway_store: Store, proxy: RecordingProxy, check: str) -> None:
    fill(gateway_store)
    matches, answer, told, remedy = FAULTS[check]
    proxy.before = refuse_when(matches, answer)
    finding = of(examine(namespace_of(gateway_store.via(proxy.endpoint))), check)
    assert finding.result == "failed"
    assert told in finding.answer
    assert remedy in finding.remedy
    assert finding.spoils == (check != "presigned URL")
    proxy.before = lambda exchange: None
    findings = examine(namespace_of(gateway_store.via(proxy.endpoint)))
    assert not any(finding.spoils for finding in findings)
    untouched(gateway_store)


def rewritten(matches: Callable[[Exchange], bool], change: Callable[[Answer], None]) -> Callable[..., Answer]:
    def after(exchange: Exchange, answer: Answer) -> Answer:
        if matches(exchange):
            change(answer)
        return answer

    return after


def test_bytes_that_a_proxy_alters_are_noticed(gateway_store: Store, proxy: RecordingProxy) -> None:
    fill(gateway_store)

    def alter(answer: Answer) -> None:
        answer.body = bytes([answer.body[0] ^ 1]) + answer.body[1:]
        answer.headers = [(n, v) for n, v in answer.headers if "checksum" not in n.lower()]

    proxy.after = rewritten(lambda e: e.method == "GET" and is_probe(e, "object"), alter)
    finding = of(examine(namespace_of(gateway_store.via(proxy.endpoint))), "get")
    assert (finding.result, "it alters what passes through" in finding.remedy) == ("failed", True)
    untouched(gateway_store)


def test_store_that_ignores_conditions_is_not_supported(gateway_store: Store, proxy: RecordingProxy) -> None:
    fill(gateway_store)

    def accept(exchange: Exchange, answer: Answer) -> Answer:
        conditional = any(name.lower() == "if-none-match" for name in exchange.headers)
        return Answer(200, [("ETag", '"e"')]) if conditional else answer

    proxy.after = accept
    findings = examine(namespace_of(gateway_store.via(proxy.endpoint)))
    finding = of(findings, "conditional writes")
    assert (finding.result, finding.answer) == ("not supported", "second write accepted")
    assert "from one place at a time" in finding.remedy
    assert not any(finding.spoils for finding in findings)
    untouched(gateway_store)


def test_store_that_keeps_deleted_objects(gateway_store: Store, proxy: RecordingProxy) -> None:
    done = Answer(200, [("Content-Type", "application/xml")], b"<DeleteResult/>")
    proxy.before = refuse_when(lambda e: "delete" in e.query, done)
    finding = of(examine(namespace_of(gateway_store.via(proxy.endpoint))), "delete")
    assert (finding.result, "retention rule" in finding.remedy) == ("failed", True)
    assert of(examine(namespace_of(gateway_store)), "list").answer.endswith("left by an earlier run, removed")
    assert gateway_store.listed() == []


def test_clock_of_the_store_is_20_minutes_late(gateway_store: Store, proxy: RecordingProxy) -> None:
    import datetime
    from email.utils import format_datetime

    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=20)

    def late(answer: Answer) -> None:
        answer.headers = [(n, v) for n, v in answer.headers if n.lower() != "date"]
        answer.headers.append(("Date", format_datetime(then, usegmt=True)))

    proxy.after = rewritten(lambda e: True, late)
    proxy.before = refuse_when(
        lambda e: "Authorization" in e.headers, refusal(403, "RequestTimeTooSkewed", "The difference is too large")
    )
    findings = examine(namespace_of(gateway_store.via(proxy.endpoint)))
    clock = of(findings, "clock")
    assert clock.result == "failed"
    assert "ahead of the store" in clock.answer
    assert "Set the clock of this machine, or of the store: above 15 minutes" in clock.remedy
    assert "RequestTimeTooSkewed" in of(findings, "head").answer


# Keys.


def key_to(versitygw: VersityGateway, *resources: str) -> Credentials:
    """A key that may list, and read and write objects of, the resources."""
    iam = versitygw.client("iam")
    user = f"reader-{secrets.token_hex(4)}"
    iam.create_user(UserName=user)
    actions = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": [f"arn:aws:s3:::{name}" for name in resources]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture
def other_bucket(versitygw: VersityGateway) -> Iterator[str]:
    name = f"other-{secrets.token_hex(4)}"
    versitygw.client().create_bucket(Bucket=name)
    yield name
    versitygw.client().delete_bucket(Bucket=name)


def test_key_that_opens_the_namespace_alone(versitygw: VersityGateway, gateway_store: Store, other_bucket: str) -> None:
    fill(gateway_store)
    bucket = gateway_store.bucket
    key = key_to(versitygw, bucket, f"{bucket}/{PREFIX}/*")
    finding = of(examine(namespace_of(gateway_store, other_buckets=[other_bucket]), key=key), "key scope")
    assert finding.result == "ok", finding
    assert finding.answer == f"reads and writes here; refused in bucket {other_bucket} and outside of the prefix"
    untouched(gateway_store)


def test_key_that_opens_more(versitygw: VersityGateway, gateway_store: Store, other_bucket: str) -> None:
    fill(gateway_store)
    bucket = gateway_store.bucket
    whole = key_to(versitygw, bucket, f"{bucket}/*")
    finding = of(examine(namespace_of(gateway_store), key=whole), "key scope")
    told = "The key opens more than the namespace: reads objects outside of the prefix, too"
    assert (finding.result, finding.answer) == ("failed", told)
    assert "AccessKeyPair makes such" in finding.remedy
    both = key_to(versitygw, bucket, f"{bucket}/{PREFIX}/*", other_bucket)
    finding = of(examine(namespace_of(gateway_store, other_buckets=[other_bucket]), key=both), "key scope")
    assert (finding.result, finding.answer) == (
        "failed",
        f"The key opens another bucket: lists bucket {other_bucket}, too",
    )
    untouched(gateway_store)


def test_key_of_minio(minio: MinioServer, minio_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ADMIN_ACCESS_KEY_ID", minio.access_key_id)
    monkeypatch.setenv("MINIO_ADMIN_SECRET_ACCESS_KEY", minio.secret_access_key)
    fill(minio_store)
    other = new_bucket(minio_store.client)
    scope = Scope(minio_store.bucket, PREFIX, read_only=True)
    issuer = MinioSettings(endpoint=minio.endpoint, credentials="env:MINIO_ADMIN").open(None)
    made = issuer.create_key(issuer.ensure_principal("reader", scope), scope, slot="even", generation=0)
    key = Credentials(made.access_key_id, made.secret_access_key)
    declared = Namespace("minio", minio_store.connection, minio_store.bucket, PREFIX, [other])
    finding = of(examine(declared, key=key), "key scope")
    assert (finding.result, finding.answer) == (
        "ok",
        f"reads here; refused in bucket {other} and outside of the prefix",
    )
    untouched(minio_store)


def test_key_of_azure(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SAS token opens its container, not another one; it is all of the container, whatever the prefix."""
    monkeypatch.setenv("STORE_ACCESS_KEY_ID", azurite.account)
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", azurite.account_key)
    store, other = azure_store(azurite), azure_store(azurite)
    scope = Scope(store.bucket, "", read_only=True)
    issuer = AzureSettings(connection=store.connection, container=store.bucket).open(None)
    made = issuer.create_key(issuer.ensure_principal("reader", scope), scope, slot="even", generation=0)
    key = Credentials(made.access_key_id, made.secret_access_key)
    whole = Namespace("azure-blob", store.connection, store.bucket, "", [other.bucket])
    finding = of(examine(whole, key=key), "key scope")
    assert (finding.result, finding.answer) == ("ok", f"reads here; refused in bucket {other.bucket}")
    store.server.container(store.bucket).upload_blob("elsewhere", b"x")
    part = Namespace("azure-blob", store.connection, store.bucket, PREFIX, [other.bucket])
    finding = of(examine(part, key=key), "key scope")
    assert (finding.result, finding.answer) == ("not supported", "opens all of the bucket, not only the prefix")
    assert made.secret_access_key not in str(finding)
    assert store.listed() == ["elsewhere"]


def test_key_of_google(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in gcs.environment().items():
        monkeypatch.setenv(name, value)
    connection = GcsConnection(endpoint=gcs.endpoint, project=gcs.project, location="EU", credentials="env:GCS")
    bucket, other = (open_gcs(connection, f"doctor-{secrets.token_hex(6)}") for _ in range(2))
    bucket.create_bucket()
    other.create_bucket()
    account = gcs.iam.make_account(f"reader-{secrets.token_hex(4)}")
    reader = {"role": "roles/storage.objectViewer", "members": [f"serviceAccount:{account}"]}
    gcs.iam.bindings.setdefault(bucket.bucket, []).append(reader)
    key = Credentials(account, gcs.iam.make_json_key(account, gcs.endpoint))
    finding = of(examine(Namespace("gcs", connection, bucket.bucket, "", [other.bucket]), key=key), "key scope")
    assert (finding.result, finding.answer) == ("ok", f"reads here; refused in bucket {other.bucket}"), finding


def test_key_that_is_not_known(gateway_store: Store) -> None:
    finding = of(
        examine(namespace_of(gateway_store), key=Credentials("AKIANOBODY", "secret-of-nobody-here")), "key scope"
    )
    assert finding.result == "failed"
    assert "InvalidAccessKeyId" in finding.answer
    assert "Check the access key id" in finding.remedy
    assert "secret-of-nobody-here" not in str(finding)


def test_key_whose_head_is_refused(versitygw: VersityGateway, gateway_store: Store, proxy: RecordingProxy) -> None:
    """As Cloudflare R2 is reported to do with the token of one bucket: the key reads, and KServe's pods would end."""
    key = key_to(versitygw, gateway_store.bucket, f"{gateway_store.bucket}/*")
    proxy.before = refuse_when(
        lambda e: (
            e.method == "HEAD"
            and e.path == f"/{gateway_store.bucket}"
            and key.access_key_id in e.headers["Authorization"]
        ),
        Answer(403, []),
    )
    through = Namespace("cloudflare-r2", gateway_store.via(proxy.endpoint).connection, gateway_store.bucket)
    findings = examine(through, key=key)
    scope = of(findings, "key scope")
    told = "KServe's first request is refused: HeadBucket refused (HTTP 403), a listing answered"
    assert (scope.result, scope.answer) == ("failed", told)
    assert "pods would end there" in scope.remedy
    assert of(findings, "head").result == "ok"
    proxy.before = refuse_when(lambda e: e.method == "HEAD" and FOLDER not in e.path, Answer(403, []))
    findings = examine(through)
    assert of(findings, "head").result == "not supported"
    assert "pass a reader's key with --key" in of(findings, "head").remedy
    assert not any(finding.spoils for finding in findings)


# What cannot be asked at all.


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "LIMITS", TimeLimits(connect=2.0, read=0.3, attempts=2))


def only_head_failed(findings: list[Finding], words: str) -> None:
    assert of(findings, "head").result == "failed"
    assert words in of(findings, "head").answer
    assert of(findings, "head").remedy
    rest = {finding.result for finding in findings if finding.check not in ("head", "clock")}
    assert rest == {"skipped"}


def test_nothing_listens(gateway_store: Store, short_limits: None) -> None:
    findings = examine(namespace_of(gateway_store.via(f"http://127.0.0.1:{free_port()}")))
    only_head_failed(findings, "nothing listens there")
    assert of(findings, "clock").result == "failed"


def test_store_that_hangs_is_asked_little(gateway_store: Store, short_limits: None) -> None:
    with fault_server(silent) as server:
        only_head_failed(examine(namespace_of(gateway_store.via(server.endpoint))), "nothing came in time")
        assert len(server.requests) == 3


def test_web_page(gateway_store: Store, short_limits: None) -> None:
    page = b"<!DOCTYPE html><html><head><title>Welcome</title></head></html>"
    with fault_server(answering("200 OK", page, Content_Type="text/html")) as server:
        findings = examine(namespace_of(gateway_store.via(server.endpoint)))
    head = of(findings, "head")
    assert (head.result, head.answer) == ("failed", "Cannot look at the bucket: a web page 'Welcome' (HTTP 200)")
    assert "no S3 store" in head.remedy


def test_bucket_that_is_not_there(gateway_store: Store) -> None:
    missing = Store(gateway_store.endpoint, "no-such-bucket-here", gateway_store.client)
    only_head_failed(examine(namespace_of(missing)), "no such bucket")


def test_credentials_that_are_not_there(gateway_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORE_SECRET_ACCESS_KEY")
    only_head_failed(examine(namespace_of(gateway_store)), "STORE_SECRET_ACCESS_KEY not set")


def test_no_check_begins_when_time_is_over(gateway_store: Store) -> None:
    findings = examine(namespace_of(gateway_store), patience=-1)
    assert {finding.result for finding in findings if finding.check != "clock"} == {"skipped"}
    assert gateway_store.listed() == []


# What is left behind.


class Killed(BaseException):
    """As a signal ends the process: nothing tidies up after it."""


@pytest.mark.parametrize("check", ["put", "multipart", "key scope", "delete"])
def test_interrupted_examination_leaves_nothing(gateway_store: Store, check: str) -> None:
    fill(gateway_store)

    def interrupt(finding: Finding) -> None:
        if finding.check == check:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(namespace_of(gateway_store), told=interrupt)
    untouched(gateway_store)


def test_upload_that_was_interrupted_is_aborted(gateway_store: Store, proxy: RecordingProxy) -> None:
    fill(gateway_store)

    def lose(exchange: Exchange) -> None:
        if exchange.is_part:
            raise Cut

    proxy.before = lose
    findings = examine(namespace_of(gateway_store.via(proxy.endpoint)))
    assert of(findings, "multipart").result == "failed"
    assert of(findings, "cleanup").result == "ok"
    untouched(gateway_store)


def test_next_examination_removes_what_a_killed_one_left(
    gateway_store: Store, proxy: RecordingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(gateway_store)

    def kill(exchange: Exchange) -> None:
        if exchange.is_part:
            raise Cut

    proxy.before = kill
    with monkeypatch.context() as patch:
        patch.setattr(examination._Examination, "_clean", lambda self, subject: None)
        examine(namespace_of(gateway_store.via(proxy.endpoint)))
    left = [key for key in gateway_store.listed() if FOLDER in key]
    assert left
    assert gateway_store.client.list_multipart_uploads(Bucket=gateway_store.bucket)["Uploads"]
    findings = examine(namespace_of(gateway_store))
    assert of(findings, "list").answer == f"listed; {len(left) + 1} left by an earlier run, removed"
    untouched(gateway_store)


def test_cleanup_that_fails_says_how_to_end_it(gateway_store: Store, proxy: RecordingProxy) -> None:
    proxy.before = refuse_when(lambda e: "delete" in e.query, DENIED)
    finding = of(examine(namespace_of(gateway_store.via(proxy.endpoint))), "cleanup")
    assert finding.result == "failed"
    assert f"Run this again: it removes what is left in {PREFIX}/{FOLDER}" in finding.remedy


def test_no_secret_is_told(versitygw: VersityGateway, gateway_store: Store, proxy: RecordingProxy) -> None:
    key = key_to(versitygw, gateway_store.bucket, f"{gateway_store.bucket}/*")
    text = str(examine(namespace_of(gateway_store.via(proxy.endpoint)), key=key))
    assert key.secret_access_key not in text
    assert versitygw.secret_access_key not in text
    assert "X-Amz-Signature" not in text
    signed = [exchange for exchange in proxy.exchanges if "X-Amz-Signature" in exchange.query]
    assert [("Authorization" in exchange.headers) for exchange in signed] == [False]
