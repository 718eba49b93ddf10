"""Opens and seals the secrets of one stack's state."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pulumi_modelstore_sandbox.engine.values import Secret, Value
from pulumi_modelstore_sandbox.state import passphrase
from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher
from pulumi_modelstore_sandbox.state.errors import StateError, WrongPassphraseError
from pulumi_modelstore_sandbox.state.home import Home
from pulumi_modelstore_sandbox.state.passphrase import Passphrase
from pulumi_modelstore_sandbox.state.properties import decode, encode_nested
from pulumi_modelstore_sandbox.state.sealed import SealedSecret


class Vault:
    """The secrets of one stack: those recorded are opened, new ones sealed under the passphrase of this run."""

    def __init__(
        self,
        home: Home,
        subject: str,
        *,
        recorded: str = "",
        configured: str = "",
        notify: Callable[[str], None],
    ) -> None:
        """Take the salt `recorded` in the state and the one `configured` in Pulumi.<stack>.yaml (`encryptionsalt`)."""
        self._home = home
        self._subject = subject
        self._recorded = recorded
        self._configured = configured
        self._notify = notify
        self._reading: PassphraseCipher | None = None
        self._writing: PassphraseCipher | None = None

    def prefetch(self) -> None:
        """Begin to derive the key for what is recorded; returns at once."""
        candidates = self._candidates()
        if self._recorded and candidates:
            PassphraseCipher(candidates[0].phrase, self._recorded)

    def open(self, ciphertext: str) -> Value:
        """Return the value sealed in the state."""
        try:
            return decode(json.loads(self.reading().decrypt(ciphertext)), nested_secret)
        except ValueError as error:
            raise StateError(f"A secret in {self._subject} cannot be opened: {error}.") from None

    def recorded(self, ciphertext: str) -> SealedSecret:
        """Return a secret of the state, to be opened when its value is asked for."""
        return SealedSecret(ciphertext, self._recorded, lambda: self.open(ciphertext))

    def seal(self, secret: Secret) -> SealedSecret:
        """Encrypt a value for the state."""
        value, cipher = secret.value, self.writing()
        return SealedSecret(cipher.encrypt(json.dumps(encode_nested(value))), cipher.recorded, lambda: value)

    def keeps(self, secret: SealedSecret) -> bool:
        """Whether the ciphertext may be written as it is: it is sealed under the salt that will be recorded."""
        return secret.salt == self.writing().recorded

    def reading(self) -> PassphraseCipher:
        """Return the cipher that opens what is recorded; raises WrongPassphraseError when no passphrase fits."""
        if self._reading is None:
            self._reading = self._fitting(self._recorded, self._candidates(), self._subject)
        return self._reading

    def writing(self) -> PassphraseCipher:
        """Return the cipher of this run: the recorded one where the passphrase is still the same."""
        if self._writing is None:
            self._writing = self._choose()
        return self._writing

    def verify(self) -> None:
        """Raise WrongPassphraseError when what is recorded cannot be opened, or nothing new sealed."""
        if self._recorded:
            self.reading()
        if self._recorded or (self._configured and passphrase.from_environment()):
            self.writing()

    @property
    def salt(self) -> str:
        """The salt to record: empty as long as the stack has never had a secret."""
        return self._writing.recorded if self._writing else self._recorded

    @property
    def keeps_recorded(self) -> bool:
        """Whether every recorded ciphertext may be written as it is."""
        return self.writing().recorded == self._recorded

    def _choose(self) -> PassphraseCipher:
        own = passphrase.from_environment()
        wanted = self._configured if own else ""
        if self._recorded and wanted in {"", self._recorded}:
            cipher = self.reading()
            preferred = own or passphrase.generated(self._home)
            if preferred is None or PassphraseCipher(preferred.phrase, self._recorded).fits:
                return cipher
        if own and self._configured:
            return self._fitting(self._configured, [own], "the stack's file, under `encryptionsalt`,")
        phrase = own or passphrase.generated(self._home) or passphrase.generate(self._home, self._notify)
        return PassphraseCipher.create(phrase.phrase)

    def _candidates(self) -> list[Passphrase]:
        return [found for found in (passphrase.from_environment(), passphrase.generated(self._home)) if found]

    def _fitting(self, salt: str, candidates: list[Passphrase], subject: str) -> PassphraseCipher:
        for candidate in candidates:
            cipher = PassphraseCipher(candidate.phrase, salt)
            if cipher.fits:
                return cipher
        tried = " and ".join(candidate.origin for candidate in candidates)
        raise WrongPassphraseError(
            f"The secrets in {subject} are sealed under another passphrase than the one in {tried}. "
            f"Set {passphrase.VARIABLE} to the passphrase that the stack was made with."
            if candidates
            else f"The secrets in {subject} are sealed under a passphrase, and none is at hand. "
            f"Set {passphrase.VARIABLE}, or {passphrase.FILE_VARIABLE} to a file that holds it."
        )


def nested_secret(tagged: dict[str, Any]) -> Secret:
    """Read a secret within a secret: it stands there in clear, in the place of a ciphertext."""
    text = tagged.get("ciphertext", tagged.get("plaintext", "null"))
    return Secret(decode(json.loads(text), nested_secret))
