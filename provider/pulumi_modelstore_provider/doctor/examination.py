"""Runs the checks one after the other, bounded in time, and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pulumi_modelstore_provider.credentials import ConfigLookup, Credentials
from pulumi_modelstore_provider.doctor import checksums, clocks, conditions, multipart, objects, presigned, scope
from pulumi_modelstore_provider.doctor.findings import Finding, NothingToTry, Unsupported, found
from pulumi_modelstore_provider.doctor.subject import Namespace, Subject
from pulumi_modelstore_provider.errors import CredentialsUnavailable, ModelstoreError, NotInStore, StoreUnreachable
from pulumi_modelstore_provider.stores.opening import open_bucket
from pulumi_modelstore_provider.time_limits import TimeLimits, limited

LIMITS = TimeLimits(connect=5.0, read=15.0, attempts=2)
"""Of one request: somebody waits for the answer."""

PATIENCE = 180.0
"""Seconds after which no further check begins."""


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        name: in findings.
        run: returns what the store answered, and raises otherwise.
        needed: whether KServe or this package cannot work without.
        writes_first: whether it needs the probe object.
    """

    name: str
    run: Callable[[Subject], str]
    needed: bool = True
    writes_first: bool = False


CHECKS: Sequence[Check] = (
    Check("head", objects.head),
    Check("list", objects.listing),
    Check("put", objects.put),
    Check("get", objects.get, writes_first=True),
    Check("multipart", multipart.upload),
    Check("checksums", checksums.noticed, needed=False, writes_first=True),
    Check("conditional writes", conditions.refused_second, needed=False),
    Check("presigned URL", presigned.fetched, needed=False, writes_first=True),
    Check("key scope", scope.kept, writes_first=True),
    Check("delete", objects.delete, writes_first=True),
)
CLOCK = "clock"
CLEANUP = "cleanup"
NAMES: Sequence[str] = (CLOCK, *(check.name for check in CHECKS), CLEANUP)
"""All that findings are called."""


def examine(
    namespace: Namespace,
    *,
    key: Credentials | None = None,
    config: ConfigLookup | None = None,
    told: Callable[[Finding], None] = lambda _: None,
    patience: float = PATIENCE,
) -> list[Finding]:
    """Examine a namespace; each finding is told at once, and all are returned.

    Writes nothing outside of `.modelstore-doctor/` in the namespace, and removes it, also when it is interrupted.
    `key` is a reader's, for the check of its scope; `config` gives the stack's configuration.
    """
    with limited(LIMITS):
        return _Examination(namespace, key, config, told, time.monotonic() + patience).run()


class _Examination:
    """One run; `closed` says why nothing more can be asked."""

    def __init__(
        self,
        namespace: Namespace,
        key: Credentials | None,
        config: ConfigLookup | None,
        told: Callable[[Finding], None],
        end: float,
    ) -> None:
        self._namespace, self._key, self._config, self._told, self._end = namespace, key, config, told, end
        self._findings: list[Finding] = []
        self._closed = ""
        self._written = False

    def run(self) -> list[Finding]:
        self._try(CLOCK, lambda: clocks.compared(self._namespace.connection), needed=True)
        subject = self._opened()
        try:
            for check in CHECKS:
                self._check(check, subject)
        finally:
            if subject is not None and not self._nothing_written:
                self._clean(subject)
        return self._findings

    @property
    def _nothing_written(self) -> bool:
        """Whether no check came as far as writing."""
        return any(finding.check == "put" and finding.result == "skipped" for finding in self._findings)

    def _opened(self) -> Subject | None:
        namespace = self._namespace
        try:
            store = open_bucket(namespace.connection, namespace.bucket, config=self._config)
        except ModelstoreError as error:
            self._fail(CHECKS[0].name, error, needed=True)
            self._closed = "the store could not be asked"
            return None
        return Subject(namespace, store, self._key)

    def _check(self, check: Check, subject: Subject | None) -> None:
        if any(finding.check == check.name for finding in self._findings):
            return
        reason = self._closed
        if not reason and time.monotonic() > self._end:
            reason = "no time is left: the checks before took too long"
        if not reason and check.writes_first and not self._written:
            reason = "the probe object could not be written"
        if reason or subject is None:
            self._add(found(check.name, "skipped", reason, "", needed=check.needed))
            return
        error = self._try(check.name, lambda: check.run(subject), needed=check.needed)
        self._written = self._written or (check.name == "put" and error is None)
        if check.name == "head" and isinstance(error, StoreUnreachable | NotInStore | CredentialsUnavailable):
            self._closed = "the bucket was not reached"

    def _try(self, name: str, run: Callable[[], str], *, needed: bool) -> ModelstoreError | None:
        try:
            answer = run()
        except Unsupported as otherwise:
            self._add(found(name, "not supported", otherwise.answer, otherwise.remedy, needed=needed))
        except NothingToTry as lacking:
            self._add(found(name, "skipped", lacking.answer, lacking.remedy, needed=needed))
        except ModelstoreError as error:
            self._fail(name, error, needed=needed)
            return error
        else:
            self._add(found(name, "ok", answer, "", needed=needed))
        return None

    def _clean(self, subject: Subject) -> None:
        try:
            subject.sweep()
        except ModelstoreError as error:
            self._fail(
                CLEANUP, error, needed=True, first=f"Run this again: it removes what is left in {subject.folder}."
            )
        else:
            self._add(found(CLEANUP, "ok", "nothing is left behind", "", needed=True))

    def _fail(self, name: str, error: ModelstoreError, *, needed: bool, first: str = "") -> None:
        remedy = " ".join(filter(None, (first, error.remedy)))
        answer = ": ".join(filter(None, (error.failed, error.answer)))
        self._add(found(name, "failed", answer, remedy, needed=needed))

    def _add(self, finding: Finding) -> None:
        self._findings.append(finding)
        self._told(finding)
