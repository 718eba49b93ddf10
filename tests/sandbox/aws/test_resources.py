"""Each resource type's life against the real stand-in."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from pulumi_modelstore_sandbox.aws.endpoint import AwsEndpoint
from pulumi_modelstore_sandbox.aws.errors import AwsRefused
from pulumi_modelstore_sandbox.aws.iam_access_key import smtp_password
from pulumi_modelstore_sandbox.aws.properties import UNKNOWN
from sandbox.aws.conftest import client
from sandbox.aws.driver import Driver, Refused, Resource
from sandbox.aws.test_check import BUCKET, BUCKET_POLICY, ENCRYPTION, LIFECYCLE, USER, USER_POLICY, policy, statement

ACCESS_KEY = "aws:iam/accessKey:AccessKey"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def unique(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:12]}"


def kinds(driver: Driver, resource: Resource, inputs: dict[str, Any]) -> dict[str, PropertyDiffKind]:
    return {path: diff.kind for path, diff in driver.diff(resource, inputs).detailed_diff.items()}


@pytest.fixture
def bucket(driver: Driver) -> Resource:
    return driver.create(BUCKET, "models", {"bucket": unique("models")})


def test_a_preview_knows_the_name_and_not_what_aws_computes(driver: Driver) -> None:
    planned = driver.preview(BUCKET, "models", {"bucket": "models", "tags": {"team": "llm"}})
    assert planned["bucket"] == "models"
    assert planned["tagsAll"] == {"team": "llm"}
    assert planned["arn"] == planned["bucketDomainName"] == UNKNOWN


def test_the_life_of_a_bucket(driver: Driver, s3: Any) -> None:
    name = unique("models")
    created = driver.create(BUCKET, "models", {"bucket": name, "tags": {"team": "llm"}})
    assert created.id == name
    assert created.outputs["arn"] == f"arn:aws:s3:::{name}"
    assert created.outputs["bucketRegionalDomainName"] == f"{name}.s3.us-east-1.amazonaws.com"
    assert not driver.diff(created, {"bucket": name, "tags": {"team": "llm"}}).changes

    wanted = {"bucket": name, "tags": {"team": "vision", "tier": "gold"}}
    assert kinds(driver, created, wanted) == {"tags.team": PropertyDiffKind.UPDATE, "tags.tier": PropertyDiffKind.ADD}
    updated = driver.update(created, wanted)
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags == {"team": "vision", "tier": "gold"}
    refreshed = driver.read(updated)
    assert refreshed is not None
    assert refreshed.outputs == updated.outputs
    assert refreshed.inputs == updated.inputs

    driver.delete(updated)
    assert driver.read(updated) is None
    driver.delete(updated)


def test_another_name_replaces_a_bucket(driver: Driver, bucket: Resource) -> None:
    diff = driver.diff(bucket, {"bucket": unique("others")})
    assert diff.replaces == ["bucket"]
    assert not diff.delete_before_replace
    moved = driver.diff(bucket, {"bucket": bucket.id, "region": "eu-west-1"})
    assert moved.replaces == ["region"]
    # The new one has the old one's name: the old one goes first.
    assert moved.delete_before_replace


def test_drift_in_tags_is_seen_and_undone(driver: Driver, s3: Any) -> None:
    name = unique("models")
    created = driver.create(BUCKET, "models", {"bucket": name, "tags": {"team": "llm"}})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "team", "Value": "other"}]})
    refreshed = driver.read(created)
    assert refreshed is not None
    assert refreshed.outputs["tags"] == refreshed.inputs["tags"] == {"team": "other"}
    wanted = {"bucket": name, "tags": {"team": "llm"}}
    assert kinds(driver, refreshed, wanted) == {"tags.team": PropertyDiffKind.UPDATE}


def test_one_s_own_bucket_may_be_created_again_in_us_east_1_only(driver: Driver, bucket: Resource) -> None:
    assert driver.create(BUCKET, "again", {"bucket": bucket.id}).id == bucket.id
    name = unique("elsewhere")
    driver.create(BUCKET, "first", {"bucket": name, "region": "eu-west-1"})
    with pytest.raises(AwsRefused, match=r"BucketAlreadyOwnedByYou.*adopt=True") as refused:
        driver.create(BUCKET, "second", {"bucket": name, "region": "eu-west-1"})
    assert refused.value.code == "BucketAlreadyOwnedByYou"
    assert name in str(refused.value)


def test_a_bucket_with_objects_stays_unless_destruction_is_forced(driver: Driver, s3: Any) -> None:
    name = unique("models")
    created = driver.create(BUCKET, "models", {"bucket": name})
    s3.put_object(Bucket=name, Key="weights", Body=b"w")
    s3.create_multipart_upload(Bucket=name, Key="half")
    with pytest.raises(AwsRefused, match=r"BucketNotEmpty.*retain_on_delete.*force_destroy=True"):
        driver.delete(created)
    assert s3.get_object(Bucket=name, Key="weights")["Body"].read() == b"w"
    forced = driver.update(created, {"bucket": name, "forceDestroy": True})
    driver.delete(forced)
    assert driver.read(forced) is None


def test_a_bucket_is_imported_with_what_it_is(driver: Driver, bucket: Resource) -> None:
    imported = driver.import_(BUCKET, bucket.id)
    assert imported is not None
    assert imported.inputs["bucket"] == bucket.id
    assert not driver.diff(imported, {"bucket": bucket.id}).changes
    assert driver.import_(BUCKET, unique("nobodys")) is None


@pytest.mark.parametrize(
    ("token", "settings", "changed", "path"),
    [
        (
            BLOCK,
            {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True},
            {"blockPublicAcls": True, "restrictPublicBuckets": True},
            "restrictPublicBuckets",
        ),
        (
            ENCRYPTION,
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
            {
                "rules": [
                    {
                        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"},
                        "bucketKeyEnabled": True,
                    }
                ]
            },
            "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        ),
        (
            LIFECYCLE,
            {
                "rules": [
                    {"id": "stale", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
                ]
            },
            {
                "rules": [
                    {
                        "id": "stale",
                        "status": "Enabled",
                        "filter": {"prefix": "models/"},
                        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3},
                    }
                ]
            },
            "rules[0].abortIncompleteMultipartUpload.daysAfterInitiation",
        ),
        (
            OWNERSHIP,
            {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
            {"rule": {"objectOwnership": "ObjectWriter"}},
            "rule.objectOwnership",
        ),
        (
            VERSIONING,
            {"versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
            "versioningConfiguration.status",
        ),
        (
            BUCKET_POLICY,
            {"policy": policy(statement(Effect="Deny", Principal="*", Action="s3:*"))},
            {"policy": policy(statement(Principal="*"))},
            "policy",
        ),
    ],
    ids=["block", "encryption", "lifecycle", "ownership", "versioning", "policy"],
)
def test_the_life_of_a_bucket_s_setting(
    driver: Driver, bucket: Resource, token: str, settings: dict[str, Any], changed: dict[str, Any], path: str
) -> None:
    first, second = {"bucket": bucket.id, **settings}, {"bucket": bucket.id, **changed}
    assert driver.preview(token, "setting", first)["bucket"] == bucket.id
    created = driver.create(token, "setting", first)
    assert created.id == bucket.id
    assert not driver.diff(created, first).changes
    assert path in kinds(driver, created, second)

    updated = driver.update(created, second)
    refreshed = driver.read(updated)
    assert refreshed is not None
    assert not driver.diff(refreshed, second).changes
    assert refreshed.outputs == updated.outputs
    # What the update wrote is what AWS has: read without any memory of it, it still differs from the first.
    imported = driver.import_(token, bucket.id)
    assert imported is not None
    assert path in kinds(driver, imported, first)
    assert not driver.diff(imported, second).changes

    assert driver.diff(updated, {**second, "bucket": "another"}).replaces == ["bucket"]
    driver.delete(updated)
    driver.delete(updated)
    if token != VERSIONING:
        assert driver.read(updated) is None


def test_the_life_of_an_access_log(driver: Driver, bucket: Resource, s3: Any) -> None:
    logs = driver.create(BUCKET, "logs", {"bucket": unique("logs")})
    inputs = {"bucket": bucket.id, "targetBucket": logs.id, "targetPrefix": "models/"}
    with pytest.raises(AwsRefused, match=r"InvalidTargetBucketForLogging.*aws\.s3\.BucketPolicy"):
        driver.create(LOGGING, "log", inputs)
    delivery = statement(
        Principal={"Service": "logging.s3.amazonaws.com"}, Action="s3:PutObject", Resource=f"arn:aws:s3:::{logs.id}/*"
    )
    driver.create(BUCKET_POLICY, "delivery", {"bucket": logs.id, "policy": policy(delivery)})
    created = driver.create(LOGGING, "log", inputs)
    enabled = {"TargetBucket": logs.id, "TargetPrefix": "models/"}
    assert s3.get_bucket_logging(Bucket=bucket.id)["LoggingEnabled"] == enabled
    s3.put_object(Bucket=bucket.id, Key="weights", Body=b"w")
    assert s3.list_objects_v2(Bucket=logs.id)["KeyCount"] == 0, "nobody delivers a log here"
    assert kinds(driver, created, {**inputs, "targetPrefix": "other/"}) == {"targetPrefix": PropertyDiffKind.UPDATE}
    refreshed = driver.read(created)
    assert refreshed is not None
    assert not driver.diff(refreshed, inputs).changes

    driver.delete(created)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket.id)
    assert driver.read(created) is None
    with pytest.raises(Refused, match="whose log it is"):
        driver.check(LOGGING, "log", {**inputs, "targetBucket": bucket.id})


def test_a_setting_of_a_bucket_that_is_not_there(driver: Driver) -> None:
    with pytest.raises(AwsRefused, match=r"NoSuchBucket.*bucket's own output"):
        driver.create(BLOCK, "setting", {"bucket": unique("nobodys"), "blockPublicAcls": True})


def test_the_life_of_a_user_with_a_policy_and_a_key(driver: Driver, iam: Any) -> None:
    user = driver.create(USER, "reader", {"tags": {"team": "llm"}})
    assert user.id.startswith("reader-")
    assert user.outputs["arn"].endswith(f":user/{user.id}")
    rights = driver.create(USER_POLICY, "rights", {"user": user.id, "policy": policy(statement())})
    assert rights.id == f"{user.id}:{rights.outputs['name']}"
    spaced = json.dumps(json.loads(policy(statement())), indent=2)
    name = rights.inputs["name"]
    assert not driver.diff(rights, {"user": user.id, "policy": spaced, "name": name}).changes

    key = driver.create(ACCESS_KEY, "key", {"user": user.id})
    assert key.id.startswith("AKIA")
    assert key.secrets == {"secret", "sesSmtpPasswordV4"}
    assert key.outputs["sesSmtpPasswordV4"] == smtp_password(key.outputs["secret"], "us-east-1")
    inactive = driver.update(key, {"user": user.id, "status": "Inactive"})
    assert inactive.outputs["secret"] == key.outputs["secret"]
    assert iam.list_access_keys(UserName=user.id)["AccessKeyMetadata"][0]["Status"] == "Inactive"
    assert driver.diff(key, {"user": "another"}).replaces == ["user"]

    with pytest.raises(AwsRefused, match=r"DeleteConflict.*force_destroy=True"):
        driver.delete(user)
    for resource in (key, rights, user):
        refreshed = driver.read(resource)
        assert refreshed is not None
        assert refreshed.secrets == resource.secrets
    for resource in (key, rights, user):
        driver.delete(resource)
        assert driver.read(resource) is None
        driver.delete(resource)


def test_a_third_key_of_a_user_names_the_two(driver: Driver) -> None:
    user = driver.create(USER, "reader", {})
    keys = [driver.create(ACCESS_KEY, f"key-{number}", {"user": user.id}) for number in range(2)]
    with pytest.raises(AwsRefused, match="LimitExceeded") as refused:
        driver.create(ACCESS_KEY, "key-3", {"user": user.id})
    for key in keys:
        assert key.id in str(refused.value)
        assert key.outputs["secret"] not in str(refused.value)
    assert "delete one of them first" in str(refused.value)


def test_a_user_is_renamed_in_place(driver: Driver, iam: Any) -> None:
    before, after = unique("before"), unique("after")
    user = driver.create(USER, "reader", {"name": before})
    key = driver.create(ACCESS_KEY, "key", {"user": before})
    diff = driver.diff(user, {"name": after})
    assert diff.changes
    assert diff.replaces == []
    assert driver.update(user, {"name": after}, preview=True).outputs["arn"] == UNKNOWN
    renamed = driver.update(user, {"name": after})
    assert renamed.outputs["arn"].endswith(f":user/{after}")
    assert iam.list_access_keys(UserName=after)["AccessKeyMetadata"][0]["AccessKeyId"] == key.id
    assert driver.read(renamed) is not None
    forced = driver.update(renamed, {"name": after, "forceDestroy": True})
    driver.delete(forced)
    assert driver.read(forced) is None


def test_the_life_of_a_role(driver: Driver) -> None:
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    )
    role = driver.create(ROLE, "pod", {"assumeRolePolicy": trust, "description": "reads models"})
    rights = driver.create(ROLE_POLICY, "rights", {"role": role.id, "policy": policy(statement())})
    wanted = {"assumeRolePolicy": trust, "description": "reads more", "maxSessionDuration": 7200, "name": role.id}
    updated = driver.update(role, wanted)
    refreshed = driver.read(updated)
    assert refreshed is not None
    assert refreshed.outputs["maxSessionDuration"] == 7200
    assert not driver.diff(refreshed, wanted).changes
    assert driver.read(rights) is not None
    driver.delete(rights)
    driver.delete(updated)
    assert driver.read(updated) is None


def test_functions(driver: Driver, aws: AwsEndpoint, bucket: Resource) -> None:
    identity = driver.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert identity["accountId"] == "123456789012"
    assert identity["arn"].endswith("user/sandbox-deployer")
    assert driver.invoke("aws:index/getRegion:getRegion")["region"] == aws.region
    assert driver.invoke("aws:s3/getBucket:getBucket", bucket=bucket.id)["arn"] == bucket.outputs["arn"]
    document = driver.invoke(
        "aws:iam/getPolicyDocument:getPolicyDocument",
        statements=[
            {
                "actions": ["s3:GetObject"],
                "resources": ["arn:aws:s3:::b/*"],
                "principals": [{"type": "AWS", "identifiers": ["*"]}],
                "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
            }
        ],
    )
    assert json.loads(document["json"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
            "Principal": {"AWS": "*"},
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        }
    ]
    with pytest.raises(Exception, match="no function aws:ec2"):
        driver.invoke("aws:ec2/getAmi:getAmi")


def test_default_tags_are_under_the_resource_s_own(aws: AwsEndpoint, driver: Driver, s3: Any) -> None:
    tagging = Driver(defaultTags=json.dumps({"tags": {"owner": "ml", "team": "none"}}))
    created = tagging.create(BUCKET, "models", {"bucket": unique("models"), "tags": {"team": "llm"}})
    found = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=created.id)["TagSet"]}
    assert found == created.outputs["tagsAll"] == {"owner": "ml", "team": "llm"}
    refreshed = tagging.read(created)
    assert refreshed is not None
    assert not tagging.diff(refreshed, {"bucket": created.id, "tags": {"team": "llm"}}).changes


def test_the_real_aws_is_never_asked(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.us-east-1.amazonaws.com")
    with pytest.raises(AwsRefused, match="does not work on the real AWS"):
        Driver().create(BUCKET, "models", {})


def test_a_server_that_is_not_there(unreachable: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-value")
    with pytest.raises(Exception, match=r"could not be asked to create the bucket \(models\)") as failed:
        unreachable.create(BUCKET, "models", {"bucket": "models"})
    assert "hidden-value" not in str(failed.value)


def test_an_issued_key_reaches_its_bucket_and_nothing_else(driver: Driver, aws: AwsEndpoint, s3: Any) -> None:
    from botocore.exceptions import ClientError

    own, other = unique("own"), unique("other")
    driver.create(BUCKET, "own", {"bucket": own})
    driver.create(BUCKET, "other", {"bucket": other})
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{own}", f"arn:aws:s3:::{own}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    driver.create(BUCKET_POLICY, "tls", {"bucket": own, "policy": policy(tls)})
    user = driver.create(USER, "reader", {})
    rights = policy(
        statement(
            Action=["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            Resource=f"arn:aws:s3:::{own}",
            Condition={"StringLike": {"s3:prefix": ["models/*"]}},
        ),
        statement(Action=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource=f"arn:aws:s3:::{own}/models/*"),
    )
    driver.create(USER_POLICY, "rights", {"user": user.id, "policy": rights})
    key = driver.create(ACCESS_KEY, "key", {"user": user.id})
    issued = client("s3", aws, key.id, key.outputs["secret"])
    for bucket in (own, other):
        s3.put_object(Bucket=bucket, Key="secret", Body=b"s")

    issued.put_object(Bucket=own, Key="models/a", Body=b"a")
    assert issued.get_object(Bucket=own, Key="models/a")["Body"].read() == b"a"
    assert issued.list_objects_v2(Bucket=own, Prefix="models/")["KeyCount"] == 1
    assert issued.delete_objects(Bucket=own, Delete={"Objects": [{"Key": "models/a"}]})["Deleted"]
    denied = [
        lambda: issued.list_objects_v2(Bucket=own),
        lambda: issued.get_object(Bucket=own, Key="secret"),
        lambda: issued.get_object(Bucket=other, Key="secret"),
        lambda: issued.put_object(Bucket=other, Key="models/a", Body=b""),
        lambda: issued.list_objects_v2(Bucket=other, Prefix="models/"),
        issued.list_buckets,
        lambda: issued.delete_bucket(Bucket=own),
        lambda: client("iam", aws, key.id, key.outputs["secret"]).create_access_key(UserName=user.id),
        lambda: client("s3", aws, key.id, "x" * 40).list_objects_v2(Bucket=own, Prefix="models/"),
    ]
    for call in denied:
        with pytest.raises(ClientError, match=r"AccessDenied|SignatureDoesNotMatch"):
            call()

    driver.update(key, {"user": user.id, "status": "Inactive"})
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        issued.list_objects_v2(Bucket=own, Prefix="models/")
    driver.update(key, {"user": user.id, "status": "Active"})
    assert issued.list_objects_v2(Bucket=own, Prefix="models/")["KeyCount"] == 0
    driver.delete(key)
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        issued.list_objects_v2(Bucket=own, Prefix="models/")
