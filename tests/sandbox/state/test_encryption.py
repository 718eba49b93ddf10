"""The passphrase encryption, against values that the Pulumi CLI wrote."""

from __future__ import annotations

import pytest

from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher
from pulumi_modelstore_sandbox.state.errors import StateError

# Written by `pulumi stack init` and `pulumi config set --secret token s3cr3t-token` with the passphrase "pw".
CLI_SALT = "v1:SA1yXTTTZZg=:v1:slJqYivAhnySrB+c:ni2E6g/yPaW2GtrcsRN4DMb8FGz9Fw=="
CLI_SECRET = "v1:RxiZemM3F2nO9Htk:VUoMzGkZ304DC9Z6uH0Qct7GGg1uM3UnQIq7rA=="


def test_opens_what_the_cli_sealed() -> None:
    cipher = PassphraseCipher("pw", CLI_SALT)
    assert cipher.fits
    assert cipher.decrypt(CLI_SECRET) == "s3cr3t-token"


def test_knows_a_wrong_passphrase_and_a_damaged_value() -> None:
    assert not PassphraseCipher("wrong", CLI_SALT).fits
    with pytest.raises(ValueError, match="another passphrase"):
        PassphraseCipher("wrong", CLI_SALT).decrypt(CLI_SECRET)
    for damaged in ("v1:abc", "v2:a:b", "v1:!!!:AAAA", "v1:AAAA:AAAA", ""):
        with pytest.raises(ValueError):  # noqa: PT011 - each is damaged in its own way
            PassphraseCipher("pw", CLI_SALT).decrypt(damaged)


def test_its_own_salt_is_new_each_time_and_checks_the_passphrase() -> None:
    first, second = PassphraseCipher.create("one"), PassphraseCipher.create("one")
    assert first.recorded != second.recorded
    assert PassphraseCipher("one", first.recorded).fits
    assert not PassphraseCipher("two", first.recorded).fits
    assert first.encrypt("text ü\u2028") != first.encrypt("text ü\u2028")
    assert first.decrypt(first.encrypt("text ü\u2028")) == "text ü\u2028"


@pytest.mark.parametrize("salt", ["", "v1", "v1:abc", "v2:SA1yXTTTZZg=:v1:a:b"])
def test_refuses_a_salt_of_another_form(salt: str) -> None:
    with pytest.raises(StateError, match="encryption salt"):
        PassphraseCipher("pw", salt)
