"""Decides the steps of each registration, one resource after the other, and has them taken."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_modelstore_sandbox.engine import urn as urns
from pulumi_modelstore_sandbox.engine.actions.action import Action
from pulumi_modelstore_sandbox.engine.actions.create import Create
from pulumi_modelstore_sandbox.engine.actions.read import Import, Read
from pulumi_modelstore_sandbox.engine.actions.same import Replace, Same
from pulumi_modelstore_sandbox.engine.actions.update import Update
from pulumi_modelstore_sandbox.engine.comparison import with_paths
from pulumi_modelstore_sandbox.engine.diffing import Diff, ignoring, replacing_on
from pulumi_modelstore_sandbox.engine.executor import Result, refuse
from pulumi_modelstore_sandbox.engine.goal import Goal
from pulumi_modelstore_sandbox.engine.planner import comparing, replacing
from pulumi_modelstore_sandbox.engine.planner.naming import Naming
from pulumi_modelstore_sandbox.engine.planner.plan import Plan
from pulumi_modelstore_sandbox.engine.providers.answers import CheckFailure
from pulumi_modelstore_sandbox.engine.providers.assets import with_hashes
from pulumi_modelstore_sandbox.engine.providers.failure import ProviderFailed
from pulumi_modelstore_sandbox.engine.providers.sources import program_folder
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import Properties

if TYPE_CHECKING:
    from pulumi_modelstore_sandbox.engine.run import Run


class InvalidInputs(Exception):
    """A provider refuses inputs."""

    def __init__(self, state: ResourceState, failures: Sequence[CheckFailure]) -> None:
        lines = [f"{item.property}: {item.reason}" if item.property else item.reason for item in failures]
        super().__init__("\n".join([f"{state.type} {state.name!r} has invalid inputs:", *lines]))


class Planner:
    """Plans registrations; called from many threads, one for each resource that is being registered."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._folder = program_folder(run.target.main)
        self._lock = threading.RLock()
        olds = {state.urn: state for state in run.ledger.resources() if not state.delete}
        self.plan = Plan(olds)
        self.naming = Naming(run.target, olds)

    def register(self, goal: Goal) -> Result:
        """Plan a registration and take its steps. Raises ValueError when it contradicts an earlier one."""
        with self._lock:
            urn = self.naming.claim(goal.parent, goal.type, goal.name)
            old, alias = self.naming.find_old(urn, goal)
            if alias:
                self._run.ledger.rename(alias, urn)
        new = goal.state(urn, old)
        self._run.redaction.learn(new.inputs)
        if urns.is_provider(goal.type):
            self.plan.providers[urn] = new
            if alias:
                self.plan.providers[alias] = new
                self._run.registry.rename(alias, urn)
        try:
            return self._register(goal, new, old)
        except ProviderFailed as failure:
            return refuse(self._run, new, failure.message, failure.details)
        except InvalidInputs as invalid:
            if not self._run.preview and self._run.executor.skips(new):
                # What the failed one would have given is missing among the inputs: not the user's mistake.
                self._run.executor.unmet.add(urn)
                return Result(urn, skipped=True)
            return refuse(self._run, new, str(invalid))
        except replacing.Refused as refused:
            return refuse(self._run, new, str(refused))

    def read(self, new: ResourceState) -> Result:
        """Read a resource that the stack does not own. Raises ValueError when its name is taken."""
        goal = Goal(type=new.type, name=new.name, custom=True, properties={}, parent=new.parent)
        with self._lock:
            urn = self.naming.claim(new.parent, new.type, new.name)
            old, alias = self.naming.find_old(urn, goal)
        if alias:
            self._run.ledger.rename(alias, urn)
        if old is not None and not old.external and old.id != new.id:
            self.plan.replaces.add(urn)
            return self._run.executor.take([Read(old, new, replacing=True), Replace(old, new)])
        self.plan.kept.add(urn)
        return self._run.executor.take([Read(old, new)])

    def _register(self, goal: Goal, new: ResourceState, old: ResourceState | None) -> Result:
        if self._imports(goal, old):
            actions: list[Action] = [Import(old, new)]
            if old is not None:
                actions.append(Replace(old, new))
            imported = self._run.executor.take(actions)
            if imported.state is None or imported.failed:
                return imported
            self.plan.imports.add(new.urn)
            old = imported.state
            new = goal.state(new.urn, old)
        actions = self._steps(goal, new, old)
        if not actions:
            return Result(new.urn, state=old)
        return self._run.executor.take(actions)

    def _imports(self, goal: Goal, old: ResourceState | None) -> bool:
        if not (goal.custom and goal.import_id):
            return False
        return old is None or old.external or goal.import_id != (old.import_id or old.id)

    def _steps(self, goal: Goal, new: ResourceState, old: ResourceState | None) -> list[Action]:
        recreating = new.urn in self.plan.deletes
        owned = None if old is None or old.external or old.taint or recreating else old
        if owned is None:
            new = self._checked(new, None, dict(goal.properties))
        else:
            new = self._checked(new, owned.inputs, self._ignoring(goal, owned))
        if recreating and old is not None:
            return self._recreate(new, old)
        if old is None:
            self.plan.creates.add(new.urn)
            return [Create(None, new)]
        if old.external:
            self.plan.creates.add(new.urn)
            return [Create(old, new, keeps_old=True), Replace(old, new)]
        fires = comparing.fires(self._run, old, new)
        diff = Diff(changed=True) if fires else comparing.compare(self._run, self.plan, old, new)
        with self._lock:
            if new.urn in self.plan.deletes:
                return self._recreate(new, old)
            return self._from_diff(goal, new, old, diff, fires=fires)

    def _from_diff(
        self, goal: Goal, new: ResourceState, old: ResourceState, diff: Diff, *, fires: bool
    ) -> list[Action]:
        diff = replacing_on(diff, goal.replace_on_changes, has_init_errors=bool(old.init_errors))
        old = self._run.ledger.current(old)
        if not (diff.changed or old.pending_replacement):
            if old.init_errors:
                self.plan.kept.add(new.urn)
                return [Update(old, new, diff)]
            self.plan.kept.add(new.urn)
            return [] if new.urn in self.plan.imports else [Same(old, new)]
        if not (diff.replaces or fires or old.pending_replacement):
            self.plan.kept.add(new.urn)
            return [Update(old, new, with_paths(diff, old.inputs, new.inputs))]
        replacing.allow(self._run, goal, old, new)
        self.plan.replaces.add(new.urn)
        if not old.taint:
            # What the provider carried over from the old resource does not hold for its replacement.
            new = self._checked(new, None, dict(goal.properties))
        diff = with_paths(diff, old.inputs, new.inputs)
        before = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if before:
            return replacing.delete_first(self._run, self.plan, old, new, diff)
        return [Create(old, new, diff, keeps_old=True), Replace(old, new, diff)]

    def _recreate(self, new: ResourceState, old: ResourceState) -> list[Action]:
        """Create what was deleted because something that it depends on had to be deleted first."""
        self.plan.deletes.discard(new.urn)
        self.plan.replaces.add(new.urn)
        old = self._run.ledger.current(old)
        diff = Diff(changed=True, replace_keys=self.plan.dependent_keys.get(new.urn, ()))
        return [Replace(old, new), Create(old, new, replace(diff, keys=()))]

    def _ignoring(self, goal: Goal, old: ResourceState) -> Properties:
        inputs, unfollowed = ignoring(goal.ignore_changes, old.inputs, dict(goal.properties))
        if unfollowed:
            paths = ", ".join(unfollowed)
            self._run.report.say(
                "info", f"ignore_changes: added or removed elements cannot be ignored: {paths}", old.urn
            )
        return inputs

    def _checked(self, new: ResourceState, olds: Properties | None, news: Properties) -> ResourceState:
        if not new.custom:
            return new.with_(inputs=news)
        if urns.is_provider(new.type):
            checked = self._run.registry.check(new.urn, olds or {}, news)
        else:
            provider = self._run.provider_of(new)
            checked = provider.check(new.urn, olds, news, os.urandom(32), unknowns=self._run.preview)
        if checked.failures:
            raise InvalidInputs(new, checked.failures)
        self._run.redaction.learn(checked.inputs)
        # A provider written with the SDK gives assets back without their digests.
        return new.with_(inputs={key: with_hashes(value, self._folder) for key, value in checked.inputs.items()})
