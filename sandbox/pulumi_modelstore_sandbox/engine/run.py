"""One operation on one stack: what its parts share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.events import EventSink
from pulumi_modelstore_sandbox.engine.executor import Executor
from pulumi_modelstore_sandbox.engine.journal import Journal
from pulumi_modelstore_sandbox.engine.ledger import Ledger
from pulumi_modelstore_sandbox.engine.met import Met
from pulumi_modelstore_sandbox.engine.program.callbacks import Callbacks
from pulumi_modelstore_sandbox.engine.program.hooks import Hooks
from pulumi_modelstore_sandbox.engine.providers.client import ProviderClient
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.providers.host import close_loops
from pulumi_modelstore_sandbox.engine.providers.registry import Registry, unknown_provider
from pulumi_modelstore_sandbox.engine.providers.sources import Sources
from pulumi_modelstore_sandbox.engine.redaction import Redaction
from pulumi_modelstore_sandbox.engine.report import Report
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.target import Options, Target
from pulumi_modelstore_sandbox.engine.values import Secret


class Run:
    """A preview, update, refresh or destroy; leaving it closes its providers."""

    def __init__(self, target: Target, journal: Journal, emit: EventSink, options: Options, *, preview: bool) -> None:
        self.target = target
        self.options = options
        self.preview = preview
        self.redaction = Redaction()
        for key in target.secret_keys:
            self.redaction.learn(Secret(target.config.get(key)))
        self.report = Report(emit, self.redaction)
        self.ledger = Ledger(journal, writes=not preview)
        for state in self.ledger.resources():
            self.redaction.learn(state.inputs)
            self.redaction.learn(state.outputs)
        self.met = Met(self.ledger)
        self.sources = Sources(target, self.report, self.met)
        self.registry = Registry(self.sources.load)
        self.callbacks = Callbacks()
        self.hooks = Hooks(self.callbacks, self.report, preview=preview)
        self._parallel = max(1, options.parallel)
        self.slots = threading.BoundedSemaphore(self._parallel)
        self.executor = Executor(self)
        self.stopping = threading.Event()
        """Set when the run is interrupted: steps that have begun end, no other begins."""

    def __enter__(self) -> Self:
        _listen_to_progress(self.report)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait_for_steps()
        _listen_to_progress(None)
        self.callbacks.close()
        self.sources.close()
        close_loops()
        self.ledger.flush()

    @contextlib.contextmanager
    def stopped_by_interruption(self) -> Iterator[None]:
        """Begin no step once the block is left by an exception, such as KeyboardInterrupt."""
        try:
            yield
        except BaseException:
            self.stopping.set()
            raise

    def _wait_for_steps(self) -> None:
        # A pool whose thread was just being started when Ctrl-C came does not know it, and waits for it no more.
        for _ in range(self._parallel):
            self.slots.acquire()
        self.slots.release(self._parallel)

    def provider_of(self, state: ResourceState) -> ProviderClient:
        """Return a resource's provider, configured as recorded where the program has not registered it."""
        if not state.provider:
            raise ProviderFailed(f"{state.urn} names no provider")
        reference = urns.parse_reference(state.provider)
        provider = self.registry.get(reference)
        if provider is not None:
            return provider
        for recorded in self.ledger.resources():
            if recorded.urn == reference.urn and recorded.id == reference.id:
                return self.registry.same(recorded)
        raise unknown_provider(state.provider, state.urn)

    def warn_of_left_over(self) -> None:
        """Tell which steps an earlier run began and did not end."""
        left_over = self.ledger.left_over
        if left_over:
            lines = [f"  * {item.resource.urn}, interrupted while {item.type}" for item in left_over]
            self.report.say(
                "warning",
                "\n".join(
                    [
                        f"An earlier run was interrupted during {len(left_over)} operation(s):",
                        *lines,
                        "Whether they took place is not known: run refresh, which reads what there is, and remove by",
                        "hand what a creation left behind.",
                    ]
                ),
            )


def _listen_to_progress(report: Report | None) -> None:
    from pulumi_modelstore_provider.progress import set_engine

    set_engine(report)
