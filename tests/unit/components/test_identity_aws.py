"""`AwsIrsa` in the place of keys: what is declared, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AwsIrsa,
    AwsS3,
    GpuInferenceService,
    InvalidArguments,
    KServeCredentials,
    ModelArtifact,
    S3Compatible,
    StorageNamespace,
)
from unit.components.declared import UNKNOWN, Declared, declare

PROVIDER = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
ROLE = "arn:aws:iam::123456789012:role/teams/reader"


def _namespace(**settings: Any) -> StorageNamespace:
    return StorageNamespace("models", backend=AwsS3(bucket="team-models", region="eu-west-1", **settings))


def _outputs(args: Any) -> dict[str, Any]:
    if args.typ == "aws:iam/role:Role":
        return {"name": f"{args.name}-0a1b2c3", "arn": f"arn:aws:iam::123456789012:role/{args.name}-0a1b2c3"}
    return {}


def _declared(identity: Callable[[], AwsIrsa], **arguments: Any) -> Declared:
    def program() -> None:
        credentials = _namespace(**arguments.pop("backend", {})).kserve_credentials(
            "reader", identity=identity(), kubernetes_namespace="serving", **arguments
        )
        pulumi.export("secret", credentials.secret_name)
        pulumi.export("checksum", credentials.checksum)

    return declare(program, outputs=_outputs)


def _problems(identity: Callable[[], Any], **arguments: Any) -> list[str]:
    with pytest.raises(InvalidArguments) as refused:
        _declared(identity, **arguments)
    return [str(problem) for problem in refused.value.problems]


def test_a_role_for_one_service_account() -> None:
    declared = _declared(lambda: AwsIrsa(oidc_provider_arn=PROVIDER), service_account_name="pods")
    assert declared.children("reader") == ["reader-role", "reader-policy", "reader-service-account"]
    role = declared["reader-role"]
    assert role.type == "aws:iam/role:Role"
    assert json.loads(role.inputs["assumeRolePolicy"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ServiceAccount",
                "Effect": "Allow",
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{ISSUER}:sub": "system:serviceaccount:serving:pods",
                        f"{ISSUER}:aud": "sts.amazonaws.com",
                    }
                },
            }
        ],
    }
    policy = declared["reader-policy"]
    assert policy.type == "aws:iam/rolePolicy:RolePolicy"
    assert policy.inputs["role"] == "reader-role-0a1b2c3"
    assert json.loads(policy.inputs["policy"])["Statement"] == [
        {
            "Sid": "Bucket",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
            "Resource": "arn:aws:s3:::team-models",
        },
        {"Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::team-models/*"},
    ]
    account = declared["reader-service-account"]
    assert account.inputs == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "pods",
            "namespace": "serving",
            "annotations": {
                "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/reader-role-0a1b2c3",
                "serving.kserve.io/s3-region": "eu-west-1",
            },
        },
        "automountServiceAccountToken": False,
    }
    assert {"reader-role", "reader-policy"} <= set(account.dependencies)
    # The first 16 hex digits of the ARN's SHA-256.
    assert declared.exports == {"secret": "", "checksum": "bf808f3d1ccadbdc"}


def test_a_writer_in_a_part_of_the_bucket_elsewhere() -> None:
    provider = PROVIDER.replace("arn:aws:", "arn:aws-cn:")
    backend = {"region": "cn-north-1", "prefix": "team-a/"}

    def program() -> None:
        namespace = StorageNamespace("models", backend=AwsS3(bucket="team-models", **backend))
        identity = AwsIrsa(oidc_provider_arn=provider, read_only=False)
        KServeCredentials("writer", namespace=namespace, identity=identity)

    statements = json.loads(declare(program, outputs=_outputs)["writer-policy"].inputs["policy"])["Statement"]
    assert statements[0]["Resource"] == "arn:aws-cn:s3:::team-models"
    assert statements[1]["Resource"] == "arn:aws-cn:s3:::team-models/team-a/*"
    assert {"s3:PutObject", "s3:DeleteObject"} <= set(statements[1]["Action"])


def test_an_existing_role_is_used_as_it_is() -> None:
    declared = _declared(lambda: AwsIrsa(role_arn=ROLE), annotations={"example.org/owner": "a"})
    assert declared.children("reader") == ["reader-service-account"]
    assert declared["reader-service-account"].inputs["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": ROLE,
        "serving.kserve.io/s3-region": "eu-west-1",
        "example.org/owner": "a",
    }


def test_values_of_other_resources() -> None:
    def program() -> None:
        identity = AwsIrsa(oidc_provider_arn=pulumi.Output.from_input(PROVIDER))
        _namespace().kserve_credentials(
            "reader", identity=identity, kubernetes_namespace=pulumi.Output.from_input("ns")
        )

    trust = declare(program, outputs=_outputs)["reader-role"].inputs["assumeRolePolicy"]
    assert "system:serviceaccount:ns:reader" in trust


@pytest.mark.parametrize(
    ("backend", "annotations"),
    [
        (
            {"endpoint": "http://10.0.0.5:9000", "addressing": "virtual"},
            {"s3-endpoint": "10.0.0.5:9000", "s3-usehttps": "0", "s3-usevirtualbucket": "true"},
        ),
        (
            {"endpoint": "https://s3.lab", "verify_tls": False},
            {"s3-endpoint": "s3.lab", "s3-usehttps": "1", "s3-verifyssl": "0"},
        ),
        ({"ca_bundle_configmap": "proxy-ca"}, {"s3-cabundle-configmap": "proxy-ca"}),
    ],
)
def test_what_kserve_reads_from_the_service_account(backend: dict[str, Any], annotations: dict[str, str]) -> None:
    declared = _declared(lambda: AwsIrsa(role_arn=ROLE), backend=backend)
    expected = {f"serving.kserve.io/{key}": value for key, value in annotations.items()}
    assert declared["reader-service-account"].inputs["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": ROLE,
        "serving.kserve.io/s3-region": "eu-west-1",
        **expected,
    }


def test_a_service_works_unchanged(model_folder: Any) -> None:
    def program() -> None:
        namespace = _namespace()
        credentials = namespace.kserve_credentials("reader", identity=AwsIrsa(oidc_provider_arn=PROVIDER))
        model = ModelArtifact("llm", namespace=namespace, source=str(model_folder), version="v1")
        GpuInferenceService("llm", model=model, credentials=credentials)

    service = declare(program, preview=False, outputs=_outputs)["llm-service"]
    predictor = service.inputs["spec"]["predictor"]
    assert predictor["serviceAccountName"] == "reader"
    assert predictor["annotations"] == {"pulumi-modelstore/credentials-checksum": "bf808f3d1ccadbdc"}
    assert "labels" not in predictor
    assert {"reader-role", "reader-policy", "reader-service-account"} <= set(service.dependencies)


def test_a_new_role_s_pods_are_shown_in_a_preview() -> None:
    def program() -> None:
        namespace = _namespace()
        credentials = namespace.kserve_credentials("reader", identity=AwsIrsa(oidc_provider_arn=PROVIDER))
        GpuInferenceService("llm", model="s3://team-models/models/llm/v1/", credentials=credentials)

    declared = declare(program, outputs=lambda _: {})
    service = declared["llm-service"]
    # Only what follows from the ARN is not known before there is a role.
    assert service.inputs["spec"]["predictor"]["annotations"]["pulumi-modelstore/credentials-checksum"] == UNKNOWN
    assert service.inputs["spec"]["predictor"]["model"]["storageUri"] == "s3://team-models/models/llm/v1/"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "identity.oidc_provider_arn: is missing. Give the ARN of the cluster's OpenID Connect provider, or role"),
        ({"oidc_provider_arn": PROVIDER, "role_arn": ROLE}, "identity.role_arn: is given beside oidc_provider_arn."),
        ({"role_arn": ROLE, "read_only": False}, "identity.read_only: is false for a role that the stack does not"),
        ({"oidc_provider_arn": "https://" + ISSUER}, f'identity.oidc_provider_arn: "https://{ISSUER}" is no such ARN.'),
        (
            {"oidc_provider_arn": ROLE},
            f'identity.oidc_provider_arn: "{ROLE}" is no such ARN. Write it like arn:aws:iam',
        ),
        ({"role_arn": "reader"}, 'identity.role_arn: "reader" is no such ARN. Write it like arn:aws:iam::123456789012'),
        (
            {"role_arn": ROLE.replace("aws", "aws-cn", 1)},
            "identity.role_arn: is of partition aws-cn, and the bucket's region eu-west-1 of aws.",
        ),
    ],
)
def test_bad_settings(settings: dict[str, Any], problem: str) -> None:
    (found,) = _problems(lambda: AwsIrsa(**settings))
    assert found.startswith(problem)


def test_a_name_too_long_for_a_role() -> None:
    def program() -> None:
        _namespace().kserve_credentials("r" * 52, identity=AwsIrsa(oidc_provider_arn=PROVIDER))

    with pytest.raises(InvalidArguments, match="Use at most 51 characters in the component's name"):
        declare(program)


@pytest.mark.parametrize(
    "endpoint",
    ["https://s3.eu-west-1.amazonaws.com", "https://bucket.vpce-0a1b-2c3d.s3.eu-west-1.vpce.amazonaws.com"],
)
def test_an_endpoint_of_s3_that_would_be_asked_for_the_role(endpoint: str) -> None:
    (found,) = _problems(lambda: AwsIrsa(role_arn=ROLE), backend={"endpoint": endpoint})
    assert found.startswith(f"identity.endpoint: {endpoint} of the backend would be asked for the role too")


def test_one_of_keys_and_identity() -> None:
    def program() -> None:
        namespace = _namespace()
        keys = AccessKeyPair("keys", namespace=namespace)
        namespace.kserve_credentials("neither")
        namespace.kserve_credentials("both", keys=keys, identity=AwsIrsa(role_arn=ROLE))
        namespace.kserve_credentials("text", identity="reader")  # type: ignore[arg-type]
        namespace.kserve_credentials("secret", identity=AwsIrsa(role_arn=ROLE), secret_name="reader-keys")
        annotations = {"eks.amazonaws.com/role-arn": ROLE}
        namespace.kserve_credentials("twice", identity=AwsIrsa(role_arn=ROLE), annotations=annotations)

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert [
        (refusal.name, [str(problem).split(".")[0] for problem in refusal.problems])
        for refusal in refused.value.refusals
    ] == [
        ("neither", ["keys: are missing"]),
        ("both", ["identity: is given beside keys"]),
        ("text", ["identity: str is no identity"]),
        ("secret", ["secret_name: is given beside identity, which needs no Secret"]),
        ("twice", ['annotations["eks']),
    ]


def test_other_stores_know_no_role() -> None:
    def program() -> None:
        backend = S3Compatible(endpoint="http://10.0.0.5:9000", bucket="team-models")
        StorageNamespace("lab", backend=backend).kserve_credentials("reader", identity=AwsIrsa(role_arn=ROLE))

    with pytest.raises(InvalidArguments) as refused:
        declare(program)
    assert [str(problem) for problem in refused.value.problems] == [
        (
            'identity: AwsIrsa opens nothing in namespace "lab": a store of kind s3-compatible knows no identities '
            "of a cloud. Pass keys=AccessKeyPair(...) in its place."
        )
    ]


def test_refused_settings_are_reported_once() -> None:
    with pytest.raises(InvalidArguments) as refused:
        _declared(lambda: AwsIrsa(role_arn=7))  # type: ignore[arg-type]
    assert [(refusal.component, len(refusal.problems)) for refusal in refused.value.refusals] == [("AwsIrsa", 1)]
