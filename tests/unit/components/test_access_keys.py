from __future__ import annotations

import json
from collections.abc import Callable

import pulumi
import pytest

from pulumi_modelstore import AccessKey, AccessKeyPair, AwsS3, ExistingKey, InvalidArguments, S3Compatible
from pulumi_modelstore import StorageNamespace as Namespace
from pulumi_modelstore.backends.s3_policy import POLICY_BYTES, key_policy
from pulumi_modelstore.keys.access_key_pair import slots_of
from unit.components.declared import SECRET, Declared, declare

READY = "pulumi-python:dynamic/modelstore:AccessKeyReady"


def aws(**settings: str) -> Namespace:
    return Namespace("models", backend=AwsS3(bucket="team-models", **settings))


def elsewhere() -> Namespace:
    return Namespace("models", backend=S3Compatible(endpoint="http://s3.example.org:9000", bucket="team-models"))


def pair(**arguments: object) -> Declared:
    return declare(lambda: AccessKeyPair("reader", namespace=aws(), **arguments) and None)  # type: ignore[arg-type]


def generations(declared: Declared) -> dict[str, str]:
    return {
        role: declared[f"reader-{role}"].request.replacement_trigger.string_value
        for role in ("even", "odd")
        if f"reader-{role}" in declared.resources
    }


def test_a_new_pair_has_one_key_of_one_principal() -> None:
    declared = pair()
    assert declared.children("reader") == [
        "reader-guard",
        "reader-user",
        "reader-policy",
        "reader-even",
        "reader-ready",
    ]
    assert generations(declared) == {"even": "generation-0"}
    assert declared["reader-even"].inputs == {"user": "reader-user-0a1b2c3"}
    assert declared["reader-even"].request.deleteBeforeReplace
    assert declared["reader-guard"].inputs == {"rotation": 0, "overlap": True}


@pytest.mark.parametrize(
    ("rotation", "current", "expected"),
    [
        (0, "even", {"even": "generation-0"}),
        (1, "odd", {"even": "generation-0", "odd": "generation-1"}),
        (2, "even", {"even": "generation-2", "odd": "generation-1"}),
        (3, "odd", {"even": "generation-2", "odd": "generation-3"}),
    ],
)
def test_each_rotation_changes_the_stale_slot_alone(rotation: int, current: str, expected: dict[str, str]) -> None:
    declared = pair(rotation=rotation)
    assert generations(declared) == expected
    assert declared["reader-ready"].inputs["accessKeyId"] == f"reader-{current}-id"


def test_raising_the_rotation_by_one_changes_one_trigger() -> None:
    for rotation in range(5):
        before = {slot.role: slot.generation for slot in slots_of(rotation, overlap=True)}
        after = {slot.role: slot.generation for slot in slots_of(rotation + 1, overlap=True)}
        changed = {role for role in after if after[role] != before.get(role)}
        assert len(changed) == 1
        # What was current stays: its pods still run with it.
        assert slots_of(rotation, overlap=True)[0] in slots_of(rotation + 1, overlap=True)


def test_ending_the_overlap_leaves_the_current_key() -> None:
    assert generations(pair(rotation=3, overlap=False)) == {"odd": "generation-3"}


def test_what_consumers_receive_depends_on_the_current_slot_only() -> None:
    def program() -> None:
        namespace = aws()
        keys = AccessKeyPair("reader", namespace=namespace, rotation=1)
        namespace.kserve_credentials("kserve", keys=keys)

    declared = declare(program)
    assert declared["reader-ready"].type == READY
    assert declared["reader-ready"].input_dependencies == {
        "accessKeyId": ["reader-odd"],
        "secretAccessKey": ["reader-odd"],
    }
    assert declared["kserve-secret"].dependencies == ["reader-ready"]
    for consumer in ("reader-ready", "kserve-secret", "kserve-service-account"):
        assert "reader-even" not in declared[consumer].dependencies


def test_guard_and_limit_come_before_the_slots_and_the_policy_before_the_keys() -> None:
    declared = pair(rotation=1)
    for slot in ("reader-even", "reader-odd"):
        assert declared[slot].dependencies == ["models-key-limit", "reader-guard", "reader-policy", "reader-user"]


def test_the_secret_part_is_a_secret_wherever_it_goes() -> None:
    declared = pair()
    assert declared["reader-ready"].inputs["secretAccessKey"] == SECRET + "reader-even-secret-key"
    assert declared["reader"].outputs == {
        "accessKeyId": "reader-even-id",
        "secretAccessKey": SECRET + "reader-even-secret-key",
    }


def test_policy_opens_the_bucket_and_nothing_else() -> None:
    statements = json.loads(pair()["reader-policy"].inputs["policy"])["Statement"]
    assert statements == [
        {
            "Sid": "Bucket",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            "Resource": "arn:aws:s3:::team-models",
        },
        {
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "Resource": "arn:aws:s3:::team-models/*",
        },
    ]


def test_read_only_policy_writes_nothing() -> None:
    statements = json.loads(pair(read_only=True)["reader-policy"].inputs["policy"])["Statement"]
    assert [statement["Action"] for statement in statements] == [
        ["s3:ListBucket", "s3:GetBucketLocation"],
        ["s3:GetObject"],
    ]


def test_prefixes_of_namespace_and_pair_narrow_the_objects() -> None:
    declared = declare(lambda: AccessKeyPair("reader", namespace=aws(prefix="team-a"), prefix="models/llama") and None)
    objects = json.loads(declared["reader-policy"].inputs["policy"])["Statement"][1]
    assert objects["Resource"] == "arn:aws:s3:::team-models/team-a/models/llama/*"
    assert declared["reader-ready"].inputs["prefix"] == "team-a/models/llama"


def test_longest_policy_fits_into_the_limit_of_iam() -> None:
    policy = key_policy("b" * 63, "p" * 512, read_only=False, partition="aws-us-gov")
    assert len(policy) <= POLICY_BYTES


def test_single_key_has_no_guard() -> None:
    declared = declare(lambda: AccessKey("job", namespace=aws()) and None)
    assert declared.children("job") == ["job-user", "job-policy", "job-key", "job-ready"]


def _pair_and_single(rotation: int) -> Callable[[], None]:
    def program() -> None:
        namespace = aws()
        AccessKeyPair("reader", namespace=namespace, rotation=rotation)
        AccessKey("job", namespace=namespace)

    return program


def test_two_keys_of_one_namespace_in_whatever_way() -> None:
    declared = declare(_pair_and_single(0))
    assert {"reader-even", "job-key"} <= declared.resources.keys()


def test_third_key_is_refused_naming_the_two() -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(_pair_and_single(1))
    text = str(refused.value)
    assert 'AccessKey "job"' in text
    assert 'job would be a third key of namespace "models", which has reader (odd) and reader (even)' in text
    assert "Delete one of them first" in text


def test_all_issued_keys_of_the_program_are_under_one_limit() -> None:
    def program() -> None:
        namespace = aws()
        former = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old"), "urn:pulumi:dev::p::t::older"])
        AccessKeyPair("reader", namespace=namespace)
        AccessKey("writer", namespace=namespace, opts=former)

    declared = declare(program)
    assert declared["models-key-limit"].parent == "models"
    assert declared["models-key-limit"].inputs["keys"] == {"reader (even)": [], "writer": ["old", "older"]}


def test_keys_brought_along_need_no_limit() -> None:
    def program() -> None:
        AccessKeyPair("reader", namespace=elsewhere(), keys=[ExistingKey("id", "secret")])

    assert "models-key-limit" not in declare(program).resources


def test_keys_brought_along_are_proven_too() -> None:
    def program() -> None:
        keys = [ExistingKey("AKIANEW", "new-secret"), ExistingKey("AKIAOLD", pulumi.Output.secret("old-secret"))]
        source = AccessKeyPair("reader", namespace=elsewhere(), keys=keys)
        pulumi.export("previous", source.previous_access_key_id)

    declared = declare(program)
    assert declared.children("reader") == ["reader-ready"]
    assert declared["reader-ready"].inputs["accessKeyId"] == "AKIANEW"
    assert declared["reader-ready"].inputs["secretAccessKey"] == SECRET + "new-secret"
    assert declared.exports == {"previous": "AKIAOLD"}


def test_existing_key_from_configuration_is_secret_and_never_printed() -> None:
    def program() -> None:
        AccessKey("reader", namespace=elsewhere(), key=ExistingKey.from_config("reader"))

    config = {"readerAccessKeyId": "AKIA", "readerSecretAccessKey": "hush"}
    declared = declare(program, config=config, secrets=["readerSecretAccessKey"])
    assert declared["reader-ready"].inputs["secretAccessKey"] == SECRET + "hush"
    assert "hush" not in repr(ExistingKey("AKIA", "hush"))


def test_key_in_clear_in_the_configuration_is_refused() -> None:
    config = {"readerAccessKeyId": "AKIA", "readerSecretAccessKey": "hush"}
    with pytest.raises(InvalidArguments, match="pulumi config set --secret readerSecretAccessKey") as refused:
        declare(lambda: ExistingKey.from_config("reader") and None, config=config)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("program", "problems"),
    [
        (
            lambda: AccessKeyPair("reader", namespace=elsewhere()),
            ["keys: not given for reader, and the stack cannot make any on an S3-compatible store."],
        ),
        (
            lambda: AccessKey("reader", namespace=elsewhere()),
            ["key: not given for reader, and the stack cannot make any on an S3-compatible store."],
        ),
        (
            lambda: AccessKeyPair("reader", namespace=aws(), keys=[ExistingKey("a", "b")]),
            ["keys: are not needed: aws-s3 issues keys to the stack. Leave keys out."],
        ),
        (
            lambda: AccessKeyPair("reader", namespace=elsewhere(), keys=[ExistingKey("", "")] * 3, rotation=1),
            [
                "keys[0].access_key_id: is empty",
                "keys[0].secret_access_key: is empty",
                "keys[2].secret_access_key: is empty",
                "rotation: has no effect on keys that are brought along",
                "keys: are 3, a namespace has at most 2",
            ],
        ),
        (lambda: AccessKeyPair("reader", namespace=elsewhere(), keys=[]), ["keys: are empty"]),
        (lambda: AccessKeyPair("reader", namespace=aws(), rotation=True), ["rotation: True is no generation"]),
        (lambda: AccessKeyPair("reader", namespace=aws(), prefix="/a//b"), ["prefix: "]),
        (lambda: AccessKeyPair("r" * 52, namespace=aws()), ['name: "rrr', "Use at most 51 characters"]),
    ],
)
def test_bad_arguments(program: Callable[[], object], problems: list[str]) -> None:
    with pytest.raises(InvalidArguments) as refused:
        declare(lambda: program() and None)
    for problem in problems:
        assert problem in str(refused.value)
