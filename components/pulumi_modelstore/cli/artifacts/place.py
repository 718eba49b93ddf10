"""Where the commands work: a namespace of a stack's state, opened with the credentials that the state refers to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pulumi_modelstore.cli.declared_namespace import Declared, declared_in
from pulumi_modelstore.cli.deployment import read_resources

if TYPE_CHECKING:
    from pulumi_modelstore_provider.artifacts.catalog import StoredModel, StoredVersion
    from pulumi_modelstore_provider.artifacts.content import Content
    from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
    from pulumi_modelstore_provider.credentials import ConfigLookup
    from pulumi_modelstore_provider.stores.protocol import ObjectStore

_R = TypeVar("_R")
_SPARE_CONNECTIONS = 8


@dataclass(frozen=True)
class Place:
    """A live namespace: its objects, and the state of the stack that declares it."""

    declared: Declared
    objects: ObjectStore
    resources: Sequence[Mapping[str, Any]]
    settings: TransferSettings
    config: ConfigLookup

    def model(self, name: str) -> StoredModel:
        """The model of that name.

        Raises:
            click.ClickException: where the namespace has none.
        """
        from pulumi_modelstore_provider.artifacts.catalog import read_model

        found = read_model(self.objects, self.declared.prefix, name)
        if found is None:
            raise click.ClickException(
                f"the namespace {self.declared.name!r} has no model {name!r}; see: modelstore artifacts list"
            )
        return found

    def users(self, model_prefix: str) -> dict[str, list[str]]:
        """What of the stack uses each version."""
        from pulumi_modelstore.cli.artifacts.users import users_in

        return users_in(self.resources, self.declared.bucket, model_prefix)


def version_of(model: StoredModel, name: str | None) -> tuple[StoredVersion, Content]:
    """The version that `name` is or, as a tag, means, and its files; without a name the newest one.

    Raises:
        click.ClickException: where there is none, or it is not whole.
    """
    committed = [version for version in model.versions if version.committed]
    if name is None and not committed:
        raise click.ClickException(f"the model {model.name!r} has no version")
    found = committed[0] if name is None else model.find(name)
    if found is None:
        chain = next((chain for chain in model.tags if chain.tag == name), None)
        if chain is not None:
            raise click.ClickException(f"the tag {' -> '.join(chain.names)} leads to no version ({chain.state})")
        known = ", ".join([*(version.version for version in committed), *(chain.tag for chain in model.tags)]) or "none"
        raise click.ClickException(f"the model {model.name!r} has no version or tag {name!r}; it has {known}")
    if found.manifest is None:
        raise click.ClickException(f"the version {found.version!r} of {model.name!r} is not whole: {found.problem}")
    return found, found.manifest.content


def state_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options that say whose state, and with which keys; the command gets a `where` of them."""

    @click.option(
        "--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Project folder."
    )
    @click.option("--stack", help="Name of the stack.")
    @click.option("--state", metavar="FILE", help="State to read: an export, a state file, or - for stdin.")
    @click.option("--credentials", metavar="REFERENCE", help="Keys in place of those that the namespace refers to.")
    @functools.wraps(command)
    def with_where(*, cwd: Path, stack: str | None, state: str | None, credentials: str | None, **others: Any) -> _R:
        return command(where=Where(cwd, stack, state, credentials), **others)

    return with_where


def place_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options that say where; the command gets a `place` for them."""

    @state_options
    @click.option("--namespace", metavar="NAME", help="Namespace, where the stack has several.")
    @functools.wraps(command)
    def with_place(*, where: Where, namespace: str | None, **others: Any) -> _R:
        with opened_place(where, namespace) as place:
            return command(place=place, **others)

    return with_place


@dataclass(frozen=True)
class Where:
    """Whose state is read, and which keys are used; see the options."""

    cwd: Path
    stack: str | None
    state: str | None
    credentials: str | None


@contextmanager
def opened_place(where: Where, namespace: str | None) -> Iterator[Place]:
    """The namespace, or the only one; what the store refuses inside ends the command with the reason."""
    from pulumi_modelstore_provider.errors import ModelstoreError

    resources = read_resources(cwd=where.cwd, stack=where.stack, state=where.state)
    declared = declared_in(resources, namespace, credentials=where.credentials)
    try:
        yield _opened(declared, resources, where)
    except ModelstoreError as error:
        error.of_namespace(declared.name)
        raise click.ClickException(str(error)) from None


def _opened(declared: Declared, resources: Sequence[Mapping[str, Any]], where: Where) -> Place:
    from pulumi_modelstore.cli.sandbox_store import lead_to_sandbox
    from pulumi_modelstore.cli.stack_configuration import configuration_of
    from pulumi_modelstore_provider.artifacts.transfer_settings import in_force
    from pulumi_modelstore_provider.stores.opening import open_bucket

    if where.state is None and declared.is_aws:
        lead_to_sandbox(where.cwd, where.stack, told="is used")
    settings = in_force(None)
    config = configuration_of(declared.project, declared.stack, cwd=where.cwd)
    objects = open_bucket(
        declared.namespace.connection,
        declared.bucket,
        config=config,
        connections=settings.concurrency + _SPARE_CONNECTIONS,
    )
    return Place(declared, objects, resources, settings, config)
