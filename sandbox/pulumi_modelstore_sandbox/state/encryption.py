"""Encryption under a passphrase as the Pulumi CLI does it, so that each opens what the other sealed.

AES-256-GCM with a random nonce of 12 bytes, written `v1:<nonce>:<ciphertext>` in base64; the key comes from the
passphrase by PBKDF2-HMAC-SHA256. The salt is recorded as `v1:<salt>:<check>`; the check is a known word, encrypted.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import os
import threading

from pulumi_modelstore_sandbox.state.errors import StateError

ITERATIONS = 1_000_000
"""PBKDF2 rounds of the CLI's passphrase provider."""
SALT_BYTES = 8
NONCE_BYTES = 12
KEY_BYTES = 32
CHECK_WORD = "pulumi"


class _Derivation:
    """A key on its way: it takes a quarter of a second or more, during which the program can load."""

    def __init__(self, phrase: str, salt: bytes) -> None:
        self._key = b""
        self._thread = threading.Thread(target=self._run, args=(phrase, salt), daemon=True)
        self._thread.start()

    def _run(self, phrase: str, salt: bytes) -> None:
        self._key = hashlib.pbkdf2_hmac("sha256", phrase.encode(), salt, ITERATIONS, KEY_BYTES)

    def key(self) -> bytes:
        self._thread.join()
        return self._key


# Once a process for each passphrase and salt; nothing of it is ever written.
_derive = functools.lru_cache(maxsize=None)(_Derivation)


class PassphraseCipher:
    """Encrypts and decrypts under one passphrase and one recorded salt; the key is derived in the background."""

    def __init__(self, phrase: str, recorded: str) -> None:
        """Take the salt as recorded (`v1:<salt>:<check>`); raises StateError when it has another form."""
        version, _, rest = recorded.partition(":")
        encoded, _, self._check = rest.partition(":")
        if version != "v1" or not self._check:
            raise StateError(
                f"The encryption salt {recorded!r} is not of the form v1:<salt>:<check> that this release reads."
            )
        self.recorded = recorded
        """The salt in the form in which `encryptionsalt` and the state hold it."""
        self._derivation = _derive(phrase, _decode(encoded))

    @classmethod
    def create(cls, phrase: str) -> PassphraseCipher:
        """Make a cipher with a new random salt."""
        salt = os.urandom(SALT_BYTES)
        check = _encrypt(_derive(phrase, salt).key(), CHECK_WORD)
        return cls(phrase, f"v1:{_encode(salt)}:{check}")

    @functools.cached_property
    def fits(self) -> bool:
        """Whether the passphrase is the one that the salt was recorded with."""
        try:
            return self.decrypt(self._check) == CHECK_WORD
        except ValueError:
            return False

    def encrypt(self, text: str) -> str:
        """Encrypt a text; the same text gives another ciphertext each time."""
        return _encrypt(self._derivation.key(), text)

    def decrypt(self, sealed: str) -> str:
        """Decrypt `v1:<nonce>:<ciphertext>`; raises ValueError when it is malformed or sealed under another key."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        parts = sealed.split(":")
        if len(parts) != 3 or parts[0] != "v1":
            raise ValueError("not of the form v1:<nonce>:<ciphertext>")
        nonce, ciphertext = _decode(parts[1]), _decode(parts[2])
        try:
            return AESGCM(self._derivation.key()).decrypt(nonce, ciphertext, None).decode()
        except InvalidTag:
            raise ValueError("sealed under another passphrase, or damaged") from None


def _encrypt(key: bytes, text: str) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE_BYTES)
    return f"v1:{_encode(nonce)}:{_encode(AESGCM(key).encrypt(nonce, text.encode(), None))}"


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None
