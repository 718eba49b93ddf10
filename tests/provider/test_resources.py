"""The resources as an engine calls them: create, read, update, delete, against a real store."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from provider.stores import PREFIX, Store, request_for
from pulumi_modelstore_provider.credentials import Credentials
from pulumi_modelstore_provider.errors import CredentialsUnavailable, InvalidTag, ModelstoreError, StoreRefused
from pulumi_modelstore_provider.resources.access_key_ready import AccessKeyReadyProvider
from pulumi_modelstore_provider.resources.artifact_tag import ArtifactTagProvider
from pulumi_modelstore_provider.resources.artifact_upload import ArtifactUploadProvider
from pulumi_modelstore_provider.resources.bucket import BucketProvider
from pulumi_modelstore_provider.s3.connection import S3Connection
from pulumi_modelstore_provider.stores.key_trial import await_key
from servers.versitygw import VersityGateway


def upload_inputs(store: Store, folder: Path, version: str = "", **changes: Any) -> dict[str, Any]:
    request = request_for(folder, version)
    return {
        "__provider": "pickled",
        "connection": store.connection.to_inputs(),
        "bucket": store.bucket,
        "modelPrefix": PREFIX,
        "version": request.version,
        "files": dict(request.files),
        "source": str(folder),
        "onDelete": "retain",
        "urn": "",
    } | changes


def tag_inputs(store: Store, tag: str, target: str) -> dict[str, Any]:
    place = {"connection": store.connection.to_inputs(), "bucket": store.bucket, "modelPrefix": PREFIX}
    return place | {"tag": tag, "target": target, "urn": ""}


def test_upload_through_its_life(store: Store, model: Path) -> None:
    provider = ArtifactUploadProvider()
    inputs = upload_inputs(store, model, onDelete="purge")
    created = provider.create(inputs)
    assert created.id == f"s3://{store.bucket}/{PREFIX}"
    assert created.outs is not None
    assert {name: created.outs[name] for name in inputs if name != "__provider"} == {
        name: value for name, value in inputs.items() if name != "__provider"
    }
    assert provider.diff(created.id, created.outs, inputs).changes is False
    assert provider.create(inputs).outs == created.outs

    read = provider.read(created.id, created.outs)
    assert (read.id, read.outs) == (created.id, created.outs)

    (model / "config.json").write_text("{}")
    news = upload_inputs(store, model, onDelete="purge")
    updated = provider.update(created.id, created.outs, news)
    assert updated.outs is not None
    assert updated.outs["version"] == news["version"] != inputs["version"]
    assert provider.diff(created.id, updated.outs, news).changes is False

    provider.delete(created.id, updated.outs)
    assert not any(news["version"] in key for key in store.listed())
    assert any(inputs["version"] in key for key in store.listed())
    provider.delete(created.id, updated.outs)
    assert provider.read(created.id, updated.outs).id == ""


def test_retained_upload_stays_byte_for_byte_and_says_so(
    store: Store, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    provider = ArtifactUploadProvider()
    created = provider.create(upload_inputs(store, model))
    before = {key: store.body(key) for key in store.listed()}
    with caplog.at_level("INFO", logger="pulumi_modelstore"):
        provider.delete(created.id, created.outs or {})
    assert {key: store.body(key) for key in store.listed()} == before
    assert f"all versions of the model stay in s3://{store.bucket}/{PREFIX}" in caplog.text


def test_drift_is_shown_by_a_refresh(store: Store, model: Path) -> None:
    provider = ArtifactUploadProvider()
    inputs = upload_inputs(store, model, "v1")
    created = provider.create(inputs)
    (model / "config.json").write_text("{}")
    other = request_for(model, "v1")
    from pulumi_modelstore_provider.artifacts.source import read_source

    text = read_source(model, base=model).manifest_json(model="llama", version="v1").encode()
    store.client.put_object(Bucket=store.bucket, Key=f"{PREFIX}manifests/v1.json", Body=text)
    read = provider.read(created.id, created.outs or {})
    assert read.id == created.id
    assert read.outs is not None
    assert read.inputs is not None
    assert read.outs["files"] == read.inputs["files"] == dict(other.files)
    assert provider.diff(created.id, read.outs, inputs).changes is True


def test_what_is_gone_with_its_bucket_is_gone(store: Store, model: Path) -> None:
    upload = upload_inputs(store, model) | {"bucket": "no-such-bucket-here"}
    assert ArtifactUploadProvider().read("id", upload).id == ""
    tag = tag_inputs(store, "latest", "v1") | {"bucket": "no-such-bucket-here"}
    assert ArtifactTagProvider().read("id", tag).id == ""


def test_refresh_raises_what_is_no_absence(gateway_store: Store, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = ArtifactUploadProvider()
    created = provider.create(upload_inputs(gateway_store, model))
    monkeypatch.setenv("STORE_SECRET_ACCESS_KEY", "wrong-secret-for-a-refresh")
    with pytest.raises(StoreRefused, match="SignatureDoesNotMatch"):
        provider.read(created.id, created.outs or {})


def test_relative_source_counts_from_the_programs_folder(
    store: Store, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model.parent)
    ArtifactUploadProvider().create(upload_inputs(store, model, source="model"))
    assert len(store.listed()) == 3


def test_credentials_from_the_stacks_configuration(
    gateway_store: Store, versitygw: VersityGateway, model: Path
) -> None:
    provider = ArtifactUploadProvider()
    key = {"accessKeyId": versitygw.access_key_id, "secretAccessKey": versitygw.secret_access_key}
    provider.configure(ConfigureRequest(Config({"project:keys": json.dumps(key)}, "project")))
    by_config = Store(gateway_store.endpoint, gateway_store.bucket, gateway_store.client, "config:keys")
    created = provider.create(upload_inputs(by_config, model))
    assert versitygw.secret_access_key not in json.dumps(created.outs)
    assert vars(provider) == {}
    provider.configure(ConfigureRequest(Config({}, "project")))
    with pytest.raises(CredentialsUnavailable, match="config:keys"):
        provider.read(created.id, created.outs or {})


def test_errors_leave_without_the_frames_below(gateway_store: Store, model: Path) -> None:
    import traceback

    inputs = upload_inputs(gateway_store, model, bucket="no-such-bucket-here")
    with pytest.raises(ModelstoreError) as failed:
        ArtifactUploadProvider().create(inputs)
    text = "".join(traceback.format_exception(failed.value))
    assert "botocore" not in text
    assert failed.value.__cause__ is None


def test_tag_through_its_life(store: Store, model: Path) -> None:
    for version in ("v1", "v2"):
        (model / "config.json").write_text(version)
        ArtifactUploadProvider().create(upload_inputs(store, model, version))
    provider = ArtifactTagProvider()
    created = provider.create(tag_inputs(store, "latest", "v1"))
    assert created.outs == tag_inputs(store, "latest", "v1")
    updated = provider.update(created.id, created.outs, tag_inputs(store, "latest", "v2"))
    assert provider.read(created.id, created.outs).outs == updated.outs

    # Moved by somebody else: refused until a refresh has shown it.
    store.client.put_object(Bucket=store.bucket, Key=f"{PREFIX}tags/latest", Body=b"v1\n")
    store.client.put_object(Bucket=store.bucket, Key=f"{PREFIX}tags/stable", Body=b"v1\n")
    with pytest.raises(InvalidTag, match="somebody else"):
        provider.update(created.id, updated.outs or {}, tag_inputs(store, "latest", "stable"))
    refreshed = provider.read(created.id, updated.outs or {})
    assert refreshed.outs is not None
    assert refreshed.outs["target"] == "v1"
    assert refreshed.inputs == refreshed.outs
    moved = provider.update(created.id, refreshed.outs, tag_inputs(store, "latest", "stable"))

    provider.delete(created.id, moved.outs or {})
    provider.delete(created.id, moved.outs or {})
    assert provider.read(created.id, moved.outs or {}).id == ""
    assert f"{PREFIX}tags/stable" in store.listed()


def test_tag_that_a_destroyed_stack_left_is_its_own_again(store: Store, model: Path) -> None:
    for version in ("v1", "v2"):
        (model / "config.json").write_text(version)
        ArtifactUploadProvider().create(upload_inputs(store, model, version))
    provider = ArtifactTagProvider()
    ours, theirs = {"urn": "urn:pulumi:dev::p::t::ours"}, {"urn": "urn:pulumi:dev::p::t::theirs"}
    provider.create(tag_inputs(store, "latest", "v1") | ours)
    with pytest.raises(InvalidTag, match="somebody else"):
        provider.create(tag_inputs(store, "latest", "v2") | theirs)
    with pytest.raises(InvalidTag, match="somebody else"):
        provider.create(tag_inputs(store, "latest", "v2"))
    provider.create(tag_inputs(store, "latest", "v2") | ours)
    assert store.body(f"{PREFIX}tags/latest") == b"v2\n"


def test_tag_of_somebody_else_survives_a_delete(store: Store, model: Path) -> None:
    ArtifactUploadProvider().create(upload_inputs(store, model, "v1"))
    provider = ArtifactTagProvider()
    created = provider.create(tag_inputs(store, "latest", "v1"))
    store.client.put_object(Bucket=store.bucket, Key=f"{PREFIX}tags/latest", Body=b"theirs\n")
    provider.delete(created.id, created.outs or {})
    assert store.body(f"{PREFIX}tags/latest") == b"theirs\n"


def test_bucket_is_created_once_and_never_deleted(store: Store) -> None:
    provider = BucketProvider()
    name = f"test-{secrets.token_hex(6)}"
    inputs = {"connection": store.connection.to_inputs(), "bucket": name, "adopt": False}
    created = provider.create(inputs)
    store.client.put_object(Bucket=name, Key="k", Body=b"kept")
    assert provider.create(inputs).outs == created.outs == inputs
    assert provider.read(name, inputs).outs == inputs
    provider.delete(name, inputs)
    assert store.client.get_object(Bucket=name, Key="k")["Body"].read() == b"kept"


def test_access_log_of_a_bucket_begins_moves_and_ends(moto_store: Store) -> None:
    provider, client = BucketProvider(), moto_store.client
    name, logs = (f"test-{secrets.token_hex(6)}" for _ in range(2))
    client.create_bucket(Bucket=logs)
    # What AWS itself asks for; it is the log bucket's owner who gives it.
    writer = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}
    grants = [{"Grantee": writer, "Permission": permission} for permission in ("READ_ACP", "WRITE")]
    owner = client.get_bucket_acl(Bucket=logs)["Owner"]
    client.put_bucket_acl(Bucket=logs, AccessControlPolicy={"Grants": grants, "Owner": owner})
    plain = {"connection": moto_store.connection.to_inputs(), "bucket": name, "adopt": False}
    logged = plain | {"accessLog": {"bucket": logs, "prefix": "models/"}}

    created = provider.create(logged)
    found = client.get_bucket_logging(Bucket=name)["LoggingEnabled"]
    assert (found["TargetBucket"], found["TargetPrefix"]) == (logs, "models/")
    moved = logged | {"accessLog": {"bucket": logs, "prefix": "other/"}}
    assert provider.diff(name, created.outs, moved).changes
    provider.update(name, created.outs, moved)
    assert client.get_bucket_logging(Bucket=name)["LoggingEnabled"]["TargetPrefix"] == "other/"
    assert provider.diff(name, moved, plain).changes
    provider.update(name, moved, plain)
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=name)


def test_bucket_to_adopt_has_to_be_there(store: Store) -> None:
    provider = BucketProvider()
    inputs = {"connection": store.connection.to_inputs(), "bucket": store.bucket, "adopt": True}
    assert provider.create(inputs).id == store.bucket
    missing = inputs | {"bucket": f"test-{secrets.token_hex(6)}"}
    with pytest.raises(ModelstoreError, match="bucket to adopt does not exist"):
        provider.create(missing)
    assert provider.read("id", missing).id == ""


def test_bucket_of_another_account(
    versitygw: VersityGateway, gateway_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    access_key_id, secret_access_key = scoped_key(versitygw, gateway_store.bucket)
    monkeypatch.setenv("OTHER_ACCESS_KEY_ID", access_key_id)
    monkeypatch.setenv("OTHER_SECRET_ACCESS_KEY", secret_access_key)
    other = Store(gateway_store.endpoint, f"test-{secrets.token_hex(6)}", None, "env:OTHER")
    inputs = {"connection": other.connection.to_inputs(), "bucket": other.bucket, "adopt": False}
    with pytest.raises(StoreRefused, match=r"Cannot create the bucket.*Check that the key may do this") as refused:
        BucketProvider().create(inputs)
    assert secret_access_key not in str(refused.value)


def scoped_key(versitygw: VersityGateway, bucket: str) -> tuple[str, str]:
    """A key that may list and read one bucket."""
    iam = versitygw.client("iam")
    user = f"user-{secrets.token_hex(4)}"
    iam.create_user(UserName=user)
    statement = {
        "Effect": "Allow",
        "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def key_inputs(store: Store, access_key_id: str, secret_access_key: str) -> dict[str, Any]:
    return {
        "connection": S3Connection(endpoint=store.endpoint).to_inputs(),
        "bucket": store.bucket,
        "prefix": "team/",
        "accessKeyId": access_key_id,
        "secretAccessKey": secret_access_key,
    }


def test_key_that_works_is_handed_on(gateway_store: Store, versitygw: VersityGateway) -> None:
    inputs = key_inputs(gateway_store, *scoped_key(versitygw, gateway_store.bucket))
    created = AccessKeyReadyProvider().create(inputs)
    assert created.outs == inputs
    assert inputs["secretAccessKey"] not in created.id
    assert AccessKeyReadyProvider().update(created.id, inputs, inputs).outs == inputs


def test_key_is_waited_for(gateway_store: Store, versitygw: VersityGateway) -> None:
    """The key's bucket policy arrives after the second try."""
    iam = versitygw.client("iam")
    user = f"user-{secrets.token_hex(4)}"
    iam.create_user(UserName=user)
    issued = iam.create_access_key(UserName=user)["AccessKey"]
    pauses: list[float] = []

    def allow_later(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            statement = {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{gateway_store.bucket}"],
            }
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)

    credentials = Credentials(issued["AccessKeyId"], issued["SecretAccessKey"])
    tries = await_key(
        S3Connection(endpoint=gateway_store.endpoint), gateway_store.bucket, "", credentials, sleep=allow_later
    )
    assert tries == 4
    assert pauses[:2] == [0.5, 1.0]


def test_key_that_never_works(gateway_store: Store) -> None:
    pauses: list[float] = []
    with pytest.raises(
        StoreRefused, match=r"AKIANOBODY still does not work after 1\d s.*InvalidAccessKeyId"
    ) as refused:
        await_key(
            S3Connection(endpoint=gateway_store.endpoint),
            gateway_store.bucket,
            "",
            Credentials("AKIANOBODY", "secret-of-nobody"),
            patience=10,
            sleep=pauses.append,
        )
    assert 10 <= sum(pauses) < 20
    assert "secret-of-nobody" not in str(refused.value)


def test_key_for_a_bucket_that_is_not_there(gateway_store: Store, versitygw: VersityGateway) -> None:
    inputs = key_inputs(gateway_store, versitygw.access_key_id, versitygw.secret_access_key)
    with pytest.raises(ModelstoreError, match="bucket does not exist"):
        AccessKeyReadyProvider().create(inputs | {"bucket": "no-such-bucket-here"})
