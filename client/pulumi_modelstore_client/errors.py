"""What the clients raise: each says what failed, on what, what the store answered and what to do next."""

from __future__ import annotations


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


class StoreError(Exception):
    """A failure that a user can read.

    `failed` says what was attempted, `on` names the object, `answer` is what the store said, `remedy` what to do. None
    of them holds a password or a secret key.
    """

    def __init__(self, failed: str, *, on: str = "", answer: str = "", remedy: str = "") -> None:
        self.failed, self.on, self.answer, self.remedy = failed, on, answer, remedy
        parts = [_sentence(f"{failed} ({on})" if on else failed)]
        if answer:
            parts.append(_sentence(f"The answer was: {answer}"))
        if remedy:
            parts.append(_sentence(remedy))
        super().__init__(" ".join(parts))

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (type(self), self.failed, self.on, self.answer, self.remedy)


def _restored(kind: type[StoreError], failed: str, on: str, answer: str, remedy: str) -> StoreError:
    return kind(failed, on=on, answer=answer, remedy=remedy)


class InvalidRequest(StoreError, ValueError):
    """A name, key or setting that no engine takes; refused before anything was sent."""


class TooLarge(InvalidRequest):
    """A key, value or message above its limit; refused before anything was sent."""


class LibraryMissing(StoreError):
    """The library that speaks to the engine is not installed."""


class StoreUnreachable(StoreError):
    """No answer came: wrong address, no route, TLS refused, a time-out, or a server that ended."""


class AccessRefused(StoreError):
    """The password or key is wrong or missing, or may not do this."""


class StoreFull(StoreError):
    """The store has no room in memory or on its disk; what it holds can still be read."""


class ReceiptExpired(StoreError):
    """A message was acknowledged after it had come back to the queue."""


class NotInStore(StoreError, LookupError):
    """The namespace, queue, message or object does not exist."""
