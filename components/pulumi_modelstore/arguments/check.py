"""Collecting the problems of one component, and the component that can be refused."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from inspect import get_annotations
from typing import Any

import pulumi

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import Refusal, refuse
from pulumi_modelstore.arguments.settings import CheckedSettings

_RESOURCE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_placeholder = itertools.count(1)


class ArgumentCheck:
    """The problems found in one component's arguments.

    Args:
        component: class name of the component.
        name: its name as the user gave it; a bad one is the first problem.
    """

    def __init__(self, component: str, name: Any) -> None:
        self.component = component
        self.problems: list[Problem] = []
        self.depends_on_refused = False
        self.name = name if isinstance(name, str) and name else f"unnamed-{next(_placeholder)}"
        if not isinstance(name, str) or not _RESOURCE_NAME.fullmatch(name):
            remedy = "Use 1 to 63 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
            self.add("name", "is empty" if name == "" else f"{name!r} is no usable resource name", remedy)

    def add(self, argument: str, found: str, remedy: str) -> None:
        """Record one problem."""
        self.problems.append(Problem(argument, found, remedy))

    def extend(self, problems: Iterable[Problem], *, under: str = "") -> None:
        """Record problems that were found elsewhere, such as in a settings model that is argument `under`."""
        self.problems.extend(problem.under(under) if under else problem for problem in problems)

    def settings(self, argument: str, value: Any, model: type[CheckedSettings], *, remedy: str) -> bool:
        """Whether `value` is a settings model of the wanted class that was not refused; records where it is another."""
        if not isinstance(value, model):
            self.add(argument, f"{type(value).__name__} is not {model.__name__}", remedy)
            return False
        return self.uses_settings(value)

    def uses_settings(self, settings: object) -> bool:
        """Whether the settings object was not refused itself."""
        refused = isinstance(settings, CheckedSettings) and settings.refused
        self.depends_on_refused = self.depends_on_refused or refused
        return not refused

    def text(self, argument: str, value: Any) -> str | None:
        """The string, where it is one or None; anything else is a problem and counts as not given."""
        if value is None or isinstance(value, str):
            return value
        self.add(argument, _wrong(value, "text"), _plainly(value, "Pass a string"))
        return None

    def flag(self, argument: str, value: Any) -> bool:
        """The flag; a string, as configuration gives it, is a problem, for the text `false` counts as true."""
        if isinstance(value, bool):
            return value
        self.add(argument, _wrong(value, "flag"), _plainly(value, "Pass True or False; config.get_bool(...) gives one"))
        return False

    def texts(self, argument: str, value: Any) -> Sequence[str]:
        """The strings of a list; a single string is a problem, for it counts as a list of its letters."""
        if value is None:
            return ()
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            self.add(argument, _wrong(value, "list"), _plainly(value, "Pass a list of strings"))
            return ()
        for number, item in enumerate(value):
            if not isinstance(item, str):
                self.add(f"{argument}[{number}]", _wrong(item, "text"), _plainly(item, "Pass a string"))
        return [item for item in value if isinstance(item, str)]

    def mapping(self, argument: str, value: Any) -> Mapping[str, Any]:
        """The mapping; an empty one stands for None, and for anything else, which is a problem."""
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.add(argument, _wrong(value, "mapping"), _plainly(value, 'Write it like {"name": "value"}'))
        return {}

    def uses(self, argument: str, value: Any, component: type[CheckedComponent], *, wanted: str = "") -> bool:
        """Whether `value` is a component of the wanted class, in messages `wanted`, that was not refused itself."""
        if not isinstance(value, component):
            wanted = wanted or component.__name__
            self.add(argument, f"{type(value).__name__} is not a {wanted}", f"Pass the {wanted} object itself")
            return False
        if value.refused:
            self.depends_on_refused = True
        return not value.refused


class CheckedComponent(pulumi.ComponentResource):
    """A component whose arguments are checked before it declares anything.

    Attributes:
        given_name: the name that the program gave it, for messages about it.
        refused: whether its arguments, or those of a component it uses, were refused; it then has no children and its
            outputs are empty.
    """

    given_name: str
    refused: bool

    def __init__(self, check: ArgumentCheck, opts: pulumi.ResourceOptions | None) -> None:
        if check.problems:
            refuse(Refusal(check.component, check.name, tuple(check.problems)))
        self.given_name = check.name
        self.refused = bool(check.problems) or check.depends_on_refused
        super().__init__(f"modelstore:index:{check.component}", check.name, None, opts)
        if self.refused:
            self._blank_outputs()

    def _blank_outputs(self) -> None:
        # The program goes on, so that what comes after is checked too: its exports must find something.
        for kind in type(self).__mro__:
            if issubclass(kind, CheckedComponent):
                for attribute, annotation in get_annotations(kind).items():
                    if str(annotation).startswith("pulumi.Output"):
                        setattr(self, attribute, pulumi.Output.from_input(""))

    def child_options(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child of this component."""
        return pulumi.ResourceOptions(parent=self, **options)


def _wrong(value: Any, wanted: str) -> str:
    # The value is not repeated: one in the wrong place may be a secret.
    if is_plain(value):
        return f"{type(value).__name__} is no {wanted}"
    return "is an output, and a preview has to know its value"


def _plainly(value: Any, remedy: str) -> str:
    return remedy if is_plain(value) else "Pass a plain value, such as one of the stack's configuration"
