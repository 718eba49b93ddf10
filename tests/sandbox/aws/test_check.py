"""What is refused before anything runs, and what inputs are completed to. No connection is opened."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from pulumi_modelstore_sandbox.aws.properties import UNKNOWN
from sandbox.aws.driver import Driver, Refused

BUCKET = "aws:s3/bucket:Bucket"
USER = "aws:iam/user:User"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", **changes}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": list(statements)})


def failures(driver: Driver, token: str, inputs: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        driver.check(token, "models", inputs)
    return refused.value.failures


def test_an_unnamed_bucket_gets_a_name_and_keeps_it(unreachable: Driver) -> None:
    first = unreachable.check(BUCKET, "Models", {})
    assert first["bucket"].startswith("models-")
    assert len(first["bucket"]) == len("models-") + 7
    assert first["region"] == "us-east-1"
    again = unreachable.check(BUCKET, "Models", {}, {"bucket": "models-0123abc"})
    assert again["bucket"] == "models-0123abc"
    # A name that the program gave before, and gives no more, is not taken for an automatic one.
    assert unreachable.check(BUCKET, "Models", {}, {"bucket": "prod-models"})["bucket"] == first["bucket"]


def test_unknown_missing_and_mistyped_arguments_are_refused_at_once(unreachable: Driver) -> None:
    found = failures(
        unreachable,
        LIFECYCLE,
        {"rules": [{"id": "r", "statuss": "Enabled", "expiration": {"days": "soon"}}], "nonsense": 1},
    )
    assert set(found) == {"bucket", "nonsense", "rules[0].status", "rules[0].statuss", "rules[0].expiration.days"}
    assert "did you mean 'status'?" in found["rules[0].statuss"]
    assert "allowed are bucket, expectedBucketOwner, region, rules" in found["nonsense"]
    assert found["rules[0].expiration.days"] == "must be a whole number, not text"


def test_text_that_is_a_number_is_taken_as_one(unreachable: Driver) -> None:
    rule = {"id": "r", "status": "Enabled", "expiration": {"days": "7"}}
    checked = unreachable.check(LIFECYCLE, "x", {"bucket": "models", "rules": [rule]})
    assert checked["rules"][0]["expiration"]["days"] == 7
    assert unreachable.check(BUCKET, "x", {"forceDestroy": "true"})["forceDestroy"] is True


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ab", "3 to 63 characters"),
        ("x" * 64, "3 to 63 characters"),
        ("Models", "lower-case"),
        ("my_models", "lower-case"),
        ("-models", "starts and ends"),
        ("my..models", "two dots"),
        ("192.168.1.1", "IP address"),
        ("xn--models", "keeps for itself"),
        ("models-s3alias", "keeps for itself"),
    ],
)
def test_names_that_s3_forbids(unreachable: Driver, name: str, reason: str) -> None:
    assert reason in failures(unreachable, BUCKET, {"bucket": name})["bucket"]


def test_settings_inside_a_bucket_point_to_their_own_resource(unreachable: Driver) -> None:
    found = failures(unreachable, BUCKET, {"versioning": {"enabled": True}})
    assert "aws.s3.BucketVersioning" in found["versioning"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{not json", "not JSON"),
        ("[]", "JSON object"),
        (policy(), "one at least"),
        (policy(statement(Effect="Maybe")), "Statement[0] has the Effect 'Maybe'"),
        (policy(statement(Principal="*")), "has a Principal"),
        (policy({"Effect": "Allow", "Action": "s3:*"}), "has no Resource"),
        (policy(statement(), version="2025-01-01"), "Version"),
        (policy(statement(Resource=["arn:aws:s3:::" + "b" * 2048])), "2,048"),
    ],
)
def test_policies_that_iam_refuses(unreachable: Driver, text: str, reason: str) -> None:
    assert reason in failures(unreachable, USER_POLICY, {"user": "u", "policy": text})["policy"]


def test_a_user_s_policy_may_have_2048_bytes_without_its_white_space(unreachable: Driver) -> None:
    empty = len(json.dumps(json.loads(policy(statement(Resource=""))), separators=(",", ":")))
    document = json.loads(policy(statement(Resource="r" * (2048 - empty))))
    assert unreachable.check(USER_POLICY, "p", {"user": "u", "policy": json.dumps(document, indent=8)})
    document["Statement"][0]["Resource"] += "r"
    assert "2,049 bytes" in failures(unreachable, USER_POLICY, {"user": "u", "policy": json.dumps(document)})["policy"]


def test_a_bucket_s_policy_needs_a_principal(unreachable: Driver) -> None:
    found = failures(unreachable, BUCKET_POLICY, {"bucket": "models", "policy": policy(statement())})
    assert "has no Principal" in found["policy"]


def test_a_policy_given_as_an_object_becomes_text(unreachable: Driver) -> None:
    document = json.loads(policy(statement()))
    checked = unreachable.check(USER_POLICY, "p", {"user": "u", "policy": document})
    assert json.loads(checked["policy"]) == document


def test_lifecycle_rules_that_s3_refuses(unreachable: Driver) -> None:
    rules = [
        {"id": "same", "status": "On", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 0}},
        {"id": "same", "status": "Enabled"},
    ]
    found = failures(unreachable, LIFECYCLE, {"bucket": "models", "rules": rules})
    assert "Enabled or Disabled" in found["rules[0].status"]
    assert "positive" in found["rules[0].abortIncompleteMultipartUpload.daysAfterInitiation"]
    assert "one action at least" in found["rules[1]"]
    assert "two rules have the id 'same'" in found["rules"]


def test_an_encryption_that_s3_does_not_have(unreachable: Driver) -> None:
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "ROT13"}}]
    found = failures(unreachable, ENCRYPTION, {"bucket": "models", "rules": rules})
    assert "AES256" in found["rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"]


def test_names_that_iam_forbids(unreachable: Driver) -> None:
    found = failures(unreachable, USER, {"name": "a user", "path": "team"})
    assert "letters, digits" in found["name"]
    assert "starts and ends with a slash" in found["path"]


def test_what_is_not_known_yet_is_not_refused(unreachable: Driver) -> None:
    assert unreachable.check(BUCKET_POLICY, "p", {"bucket": UNKNOWN, "policy": UNKNOWN})["policy"] == UNKNOWN
    assert unreachable.check(LIFECYCLE, "l", {"bucket": UNKNOWN, "rules": UNKNOWN})["rules"] == UNKNOWN
    assert unreachable.check(BUCKET, "b", {"bucket": UNKNOWN})["bucket"] == UNKNOWN


def test_a_type_that_the_sandbox_has_not(unreachable: Driver) -> None:
    (reason,) = failures(unreachable, "aws:ec2/instance:Instance", {}).values()
    assert "no resource type aws:ec2/instance:Instance" in reason
    assert "needs the Pulumi CLI" in reason


def test_the_provider_s_own_configuration(aws: Any) -> None:
    accepted = Driver(region="eu-west-1", profile="work", skipMetadataApiCheck="true", version="7.0.0")
    assert accepted.check_config() == {}
    assert accepted.check(BUCKET, "b", {})["region"] == "eu-west-1"
    refused = Driver(regoin="eu-west-1").check_config()
    assert "did you mean 'region'?" in refused["regoin"]


def test_checks_import_no_boto3(unreachable: Driver) -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from sandbox.aws.driver import Driver\n"
        "Driver().check('aws:s3/bucket:Bucket', 'b', {})\n"
        "assert 'pulumi_aws' in sys.modules\n"
        "print(sorted(name for name in sys.modules if name in ('boto3', 'botocore', 'moto')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_types_may_be_asked_for_by_several_threads_at_once() -> None:
    """A refresh of a stack is the first to need them, for many resources at the same time."""
    program = """
from concurrent.futures import ThreadPoolExecutor
from pulumi_modelstore_sandbox.aws.argument_types import arguments_class
classes = [("bucket", "Bucket"), ("bucket_policy", "BucketPolicy"), ("bucket_versioning", "BucketVersioning")] * 4
with ThreadPoolExecutor(len(classes)) as pool:
    found = list(pool.map(lambda item: arguments_class(f"pulumi_aws.s3.{item[0]}", item[1]), classes))
print(len(set(found)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "3", done.stderr
