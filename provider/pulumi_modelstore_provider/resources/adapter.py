"""What all dynamic providers here share: configuration at hand, errors without noise, invalid inputs all at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from pulumi.dynamic import CheckFailure, CheckResult, Config, ConfigureRequest, ResourceProvider
from pulumi.output import Unknown
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.stores.opening import open_bucket
from pulumi_modelstore_provider.stores.protocol import ObjectStore

_P = ParamSpec("_P")
_R = TypeVar("_R")

_stack_configuration: Config | None = None
_CONNECTION: TypeAdapter[Connection] = TypeAdapter(Connection)


class Inputs(BaseModel):
    """A resource's inputs: camelCase on the wire; keys that the engine adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    namespace: str | None = None
    """The storage namespace that the resource belongs to, for messages."""

    def recorded(self) -> dict[str, Any]:
        """Return what the state keeps of the inputs; what is unset is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Adapter(ResourceProvider):
    """A dynamic provider without attributes, so that its pickle is a reference to its class and holds no secret."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the stack's configuration for `config:` references, in the module and so out of any pickle."""
        global _stack_configuration  # noqa: PLW0603 - one stack a provider process
        _stack_configuration = req.config


def stack_configuration() -> ConfigLookup | None:
    """Return the look-up of the stack's configuration; None where no engine has given one."""
    return None if _stack_configuration is None else _stack_configuration.get


def bucket_of(connection: Connection, bucket: str) -> ObjectStore:
    """Open a bucket with the credentials that the connection refers to."""
    return open_bucket(connection, bucket, config=stack_configuration())


def plainly(call: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a ModelstoreError name the namespace, and leave without the frames and causes: engines print all of those."""

    @functools.wraps(call)
    def told(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return call(*args, **kwargs)
        except ModelstoreError as error:
            error.of_namespace(_namespace_of(args))
            raise error.with_traceback(None) from None

    return told


def _namespace_of(arguments: tuple[Any, ...]) -> str:
    """The namespace in a call's properties; the last ones are the new ones."""
    named = [given["namespace"] for given in arguments if isinstance(given, Mapping) and given.get("namespace")]
    return str(named[-1]) if named else ""


def checked(news: dict[str, Any], model: type[Inputs], *further: Callable[[Inputs], list[CheckFailure]]) -> CheckResult:
    """Check inputs: every invalid one is a failure with its path; what a preview does not know yet is passed over.

    `further` checks run when all inputs are known and valid one by one.
    """
    try:
        inputs = model.model_validate(news)
    except ValidationError as invalid:
        failures = [
            CheckFailure(property_path(location), _reason(error))
            for error in invalid.errors(include_input=False, include_url=False)
            if not _passes_unknown(news, location := _without_tag(error["loc"]))
        ]
        return CheckResult(news, failures)
    return CheckResult(news, [failure for check in further for failure in check(inputs)])


def property_path(location: tuple[int | str, ...]) -> str:
    """Return Pulumi's notation of a path: `connection.endpoint`, `files["a.json"]`, `tags[0]`."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.replace("_", "").isalnum():
            path += f".{step}" if path else step
        else:
            path += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return path


def _without_tag(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Leave out the kinds of connections and sources, which pydantic puts into the path."""
    if location[:1] == ("connection",):
        return (location[0], *location[2:])
    if location[:1] == ("source",):
        # source, its form, number, kind, and the path within.
        return (location[0], *location[2:3], *_without_tag(location[4:]))
    return location


def differs(olds: Mapping[str, Any], news: Mapping[str, Any], *names: str) -> list[str]:
    """Return those of the inputs `names` that differ; one that is not known yet does. Null and absent are the same."""
    return [name for name in names if olds.get(name) != news.get(name)]


def connection_differs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Tell whether the connection's settings differ in meaning: a default that is spelled out is no difference."""
    try:
        return _connection(olds) != _connection(news)
    except ValidationError:
        return True


def address_differs(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Tell whether the connection leads to another store; it may when it is not known yet."""
    try:
        return _connection(olds).address != _connection(news).address
    except ValidationError:
        return True


def _connection(props: Mapping[str, Any]) -> Connection:
    return _CONNECTION.validate_python(props.get("connection"))


def _reason(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    return "it is required" if error["type"] == "missing" else message


def _passes_unknown(value: Any, location: tuple[int | str, ...]) -> bool:
    for step in location:
        if isinstance(value, Unknown):
            return True
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return False
    return _holds_unknown(value)


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_unknown(item) for item in value)
    return isinstance(value, Unknown)
