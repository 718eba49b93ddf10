"""A seeded schedule of what goes wrong between a client and its store, for the proxy that lies between them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from provider.recording_proxy import Answer, Cut, Exchange, RecordingProxy, refusal

CUT_REQUEST = "the connection breaks within the request"
UNANSWERED = "the connection breaks before the store is asked"
DROPPED = "the answer is lost after the store has done the work"
TRUNCATED = "the answer is cut off"
FLIPPED_REQUEST = "a bit of the request's body flips"
FLIPPED_ANSWER = "a bit of the answer's body flips"
OTHER_ETAG = "the answer has another ETag"
ERROR_500 = "500 InternalError"
ERROR_503 = "503 without a body"
SLOW_DOWN = "503 SlowDown"
DELAYED = "the answer comes late"
ALL = (
    CUT_REQUEST,
    UNANSWERED,
    DROPPED,
    TRUNCATED,
    FLIPPED_REQUEST,
    FLIPPED_ANSWER,
    OTHER_ETAG,
    ERROR_500,
    ERROR_503,
    SLOW_DOWN,
    DELAYED,
)
_UNNAMED = {"uploadId", "continuation-token", "key-marker", "upload-id-marker"}


@dataclass
class FaultSchedule:
    """Faults by chance: `share` of the requests meet one of `kinds`.

    Drawn from the seed, the request and how often it has come, so that the order of threads changes nothing. `met` is
    what happened.
    """

    seed: int
    share: float
    kinds: tuple[str, ...] = ALL
    met: list[tuple[str, str]] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attach(self, proxy: RecordingProxy) -> None:
        """Have the proxy keep to the schedule."""
        proxy.receiving, proxy.before, proxy.after = self._receiving, self._before, self._after

    @staticmethod
    def detach(proxy: RecordingProxy) -> None:
        """Let all pass from now on."""
        proxy.receiving = proxy.before = lambda exchange: None
        proxy.after = lambda exchange, answer: answer

    def _receiving(self, exchange: Exchange) -> int | None:
        """Draw for a request that begins; its number goes with it in a header that is taken out again."""
        name = _name(exchange)
        with self._lock:
            self._seen[name] += 1
            chance = random.Random(f"{self.seed} {name} {self._seen[name]}")
            kind = chance.choice(self.kinds) if chance.random() < self.share else None
            if kind is not None:
                self.met.append((kind, name))
        if kind == CUT_REQUEST:
            return chance.randrange(1 + int(exchange.headers.get("Content-Length") or 0))
        threading.current_thread().fault = (kind, chance)  # type: ignore[attr-defined]
        return None

    def _before(self, exchange: Exchange) -> Answer | None:
        kind, chance = _of_thread()
        if kind == UNANSWERED:
            raise Cut
        if kind == ERROR_500:
            return refusal(500, "InternalError", "We encountered an internal error")
        if kind == ERROR_503:
            return Answer(503, [])
        if kind == SLOW_DOWN:
            return refusal(503, "SlowDown", "Reduce your request rate")
        if kind == FLIPPED_REQUEST:
            exchange.body = _flipped(exchange.body, chance)
        return None

    def _after(self, exchange: Exchange, answer: Answer) -> Answer:
        kind, chance = _of_thread()
        if kind == DROPPED:
            raise Cut
        if kind == DELAYED:
            time.sleep(0.05)
        elif kind == TRUNCATED:
            answer.cut = chance.randrange(len(answer.body)) if answer.body else 0
        elif kind == FLIPPED_ANSWER:
            answer.body = _flipped(answer.body, chance)
        elif kind == OTHER_ETAG:
            lie = f'"{chance.randbytes(16).hex()}"'
            answer.headers = [(name, lie if name.lower() == "etag" else value) for name, value in answer.headers]
        return answer


def _of_thread() -> tuple[str | None, random.Random]:
    """What was drawn for the request that this thread handles: one thread of the proxy serves one connection."""
    found: tuple[str | None, random.Random] = threading.current_thread().fault  # type: ignore[attr-defined]
    return found


def _name(exchange: Exchange) -> str:
    """What a request is, without what differs from run to run: the bucket and the ids that the store gives."""
    path = urlsplit(exchange.path).path.split("/", 2)
    query = {name: values for name, values in exchange.query.items() if name not in _UNNAMED}
    return f"{exchange.method} {path[2] if len(path) > 2 else ''}?{urlencode(query, doseq=True)}"


def _flipped(body: bytes, chance: random.Random) -> bytes:
    if not body:
        return body
    changed = bytearray(body)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)
