"""References, what they resolve to, and that no key is in a text."""

from __future__ import annotations

import pickle

import pytest

from pulumi_modelstore_provider.credentials import CredentialReference, Credentials, parse_reference, resolve
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError, StoreRefused

SECRET = "s3cr3t-of-a-test"


@pytest.mark.parametrize(
    ("ref", "kind", "name"),
    [
        ("default", "default", ""),
        ("env:MINIO", "env", "MINIO"),
        ("profile:my team", "profile", "my team"),
        ("config:keys", "config", "keys"),
        ("config:other:keys", "config", "other:keys"),
    ],
)
def test_references(ref: str, kind: str, name: str) -> None:
    reference = parse_reference(ref)
    assert (reference.kind, reference.name, str(reference)) == (kind, name, ref)


@pytest.mark.parametrize("ref", ["", "env", "env:", "env: A", "env:A-B", "env:1A", "file:x", SECRET, "AKIA:" + SECRET])
def test_bad_references_are_not_repeated(ref: str) -> None:
    with pytest.raises(ValueError, match=r"credentials are given by reference|'env:'") as refused:
        parse_reference(ref)
    assert SECRET not in str(refused.value)


def test_environment() -> None:
    environ = {"X_ACCESS_KEY_ID": "id", "X_SECRET_ACCESS_KEY": SECRET, "X_SESSION_TOKEN": "token-1"}
    assert resolve("env:X", environ=environ) == Credentials("id", SECRET, "token-1")
    assert resolve("env:X", environ=environ | {"X_SESSION_TOKEN": ""}) == Credentials("id", SECRET)


def test_missing_variables_are_named() -> None:
    with pytest.raises(CredentialsUnavailable, match="X_SECRET_ACCESS_KEY not set"):
        resolve("env:X", environ={"X_ACCESS_KEY_ID": "id"})
    with pytest.raises(CredentialsUnavailable, match="X_ACCESS_KEY_ID and X_SECRET_ACCESS_KEY not set"):
        resolve("env:X", environ={})


@pytest.mark.parametrize(
    "stored",
    [
        {"k": f'{{"accessKeyId": "id", "secretAccessKey": "{SECRET}"}}'},
        {"k": {"accessKeyId": "id", "secretAccessKey": SECRET}},
        {"kAccessKeyId": "id", "kSecretAccessKey": SECRET},
    ],
)
def test_configuration(stored: dict[str, object]) -> None:
    assert resolve("config:k", config=stored.get) == Credentials("id", SECRET)


@pytest.mark.parametrize(
    "stored", [{}, {"k": SECRET}, {"k": f'["{SECRET}"]'}, {"k": "{}"}, {"kSecretAccessKey": SECRET}]
)
def test_bad_configuration_is_refused_without_its_value(stored: dict[str, object]) -> None:
    with pytest.raises(CredentialsUnavailable, match="pulumi config set --secret k") as refused:
        resolve("config:k", config=stored.get)
    assert SECRET not in str(refused.value)


def test_configuration_may_not_be_at_hand() -> None:
    with pytest.raises(CredentialsUnavailable, match="not at hand"):
        resolve("config:k")


def test_the_sdks_own_references_stay() -> None:
    assert resolve("default") == CredentialReference("default")
    assert resolve("profile:p") == CredentialReference("profile", "p")


def test_secrets_are_in_no_repr_and_no_error() -> None:
    key = Credentials("id", SECRET, "session-token-of-a-test")
    assert SECRET not in repr(key)
    assert "session-token-of-a-test" not in repr(key)
    error = ModelstoreError(f"failed with {SECRET}", on=SECRET, answer=f"<{SECRET}>", remedy="session-token-of-a-test")
    assert "s3cr3t" not in str(error)
    assert "session-token" not in str(error)
    assert str(error).count("[secret]") == 4


def test_errors_are_one_paragraph() -> None:
    error = ModelstoreError("Cannot write", on="s3://b/k", answer="AccessDenied", remedy="Check the policy")
    assert str(error) == "Cannot write (s3://b/k). The answer was: AccessDenied. Check the policy."


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(StoreRefused("Cannot write", on="k", answer="a", code="c", status=403)))
    assert isinstance(error, StoreRefused)
    assert str(error) == "Cannot write (k). The answer was: a."
