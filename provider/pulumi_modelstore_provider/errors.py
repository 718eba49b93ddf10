"""What this package raises: each says what failed, on what, what the other side answered and what to do next."""

from __future__ import annotations

import threading

_REDACTED = "[secret]"
_SHORTEST_SECRET = 6

_lock = threading.Lock()
_secrets: set[str] = set()


def keep_out_of_texts(secret: str) -> None:
    """Make every later error and progress text leave out `secret`; under 6 characters it is too common to filter."""
    if len(secret) >= _SHORTEST_SECRET:
        with _lock:
            _secrets.add(secret)


def without_secrets(text: str) -> str:
    """Return `text` with each known secret replaced by `[secret]`."""
    with _lock:
        known = sorted(_secrets, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, _REDACTED)
    return text


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


class ModelstoreError(Exception):
    """A failure a user can read.

    `failed` says what was attempted, `on` names the object, `answer` is what the other side said, `remedy` what to do.
    `str()` is one paragraph of those four, without any secret that this process has resolved.
    """

    def __init__(self, failed: str, *, on: str = "", answer: str = "", remedy: str = "") -> None:
        self.failed = without_secrets(failed)
        self.on = without_secrets(on)
        self.answer = without_secrets(answer)
        self.remedy = without_secrets(remedy)
        self.namespace = ""
        super().__init__(self._paragraph())

    def of_namespace(self, name: str) -> None:
        """Name the storage namespace that this is about; the first one stays."""
        if name and not self.namespace:
            self.namespace = name
            self.args = (self._paragraph(),)

    def _paragraph(self) -> str:
        place = f"namespace {self.namespace}" if self.namespace else ""
        about = ", ".join(part for part in (place, self.on) if part)
        parts = [_sentence(f"{self.failed} ({about})" if about else self.failed)]
        if self.answer:
            parts.append(_sentence(f"The answer was: {self.answer}"))
        if self.remedy:
            parts.append(_sentence(self.remedy))
        return " ".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (type(self), self.failed, self.on, self.answer, self.remedy, self.namespace)


def _restored(
    kind: type[ModelstoreError], failed: str, on: str, answer: str, remedy: str, namespace: str
) -> ModelstoreError:
    error = kind.__new__(kind)
    ModelstoreError.__init__(error, failed, on=on, answer=answer, remedy=remedy)
    error.of_namespace(namespace)
    return error


class CredentialsUnavailable(ModelstoreError):
    """A credential reference does not resolve to a key pair in this process."""


class StoreUnreachable(ModelstoreError):
    """No answer came from the endpoint: wrong address, no route, TLS refused, or time-out."""


class StoreRefused(ModelstoreError):
    """The store answered with an error; `code` is its own name of it (`AccessDenied`), `status` the HTTP status."""

    def __init__(
        self, failed: str, *, on: str = "", answer: str = "", remedy: str = "", code: str = "", status: int = 0
    ) -> None:
        super().__init__(failed, on=on, answer=answer, remedy=remedy)
        self.code = code
        self.status = status


class NotInStore(StoreRefused):
    """The bucket, object or multipart upload does not exist."""


class WriteConflict(StoreRefused):
    """A conditional write met an object that somebody else wrote in between (HTTP 412 or 409)."""


class ObjectChanged(ModelstoreError):
    """An object is not the one any more that was to be read: somebody else wrote it in between, or it is shorter."""


class InvalidSource(ModelstoreError):
    """A source folder or file cannot be used; `problems` lists every reason."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(problems)
        super().__init__(f"The source {source!r} cannot be used: {shown}")


class SourceUnavailable(InvalidSource):
    """A source is not at hand here: no such path, no answer, no token. What was recorded of it may stand in for it."""


class SourceChanged(ModelstoreError):
    """A source file is no longer what its digest says."""


class VersionConflict(ModelstoreError):
    """The version is already in the store with other content."""


class UploadCorrupted(ModelstoreError):
    """What the store holds is not what was sent."""


class DownloadCorrupted(ModelstoreError):
    """What came from the store is not what the manifest, or the store's own checksum of it, says."""


class DestinationUnusable(ModelstoreError):
    """Files cannot be written where a version is to go; `problems` lists every reason."""

    def __init__(self, destination: str, problems: list[str], *, remedy: str) -> None:
        self.problems = tuple(problems)
        super().__init__(f"The folder {destination!r} cannot take the version: {'; '.join(problems)}", remedy=remedy)


class InvalidTag(ModelstoreError):
    """A tag points nowhere, in a circle, or was moved by somebody else."""


class InvalidLock(ModelstoreError):
    """The lock file is damaged, or of a newer release."""
