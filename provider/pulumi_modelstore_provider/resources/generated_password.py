"""A password that is made once, when the stack is deployed, and kept as a secret in its state."""

from __future__ import annotations

import secrets
import string
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pydantic import Field

from pulumi_modelstore_provider.resources.adapter import Adapter, Inputs, checked, differs
from pulumi_modelstore_provider.resources.declaration import DeclaredResource

# Nothing that a configuration file, a shell or a URL would have to quote.
_ALPHABET = string.ascii_letters + string.digits


class GeneratedPasswordInputs(Inputs):
    """How long the password is, and which one after another."""

    length: int = Field(default=40, ge=24, le=128)
    generation: int = Field(default=0, ge=0)


class GeneratedPasswordProvider(Adapter):
    """Holds no object elsewhere: the state is where the password is."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse every invalid input."""
        return checked(news, GeneratedPasswordInputs)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the generation; another length is for the next password."""
        replaces = differs(_olds, _news, "generation")
        return DiffResult(changes=bool(replaces), replaces=replaces)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make a password from the operating system's randomness."""
        inputs = GeneratedPasswordInputs.model_validate(props)
        password = "".join(secrets.choice(_ALPHABET) for _ in range(inputs.length))
        return CreateResult(f"generation-{inputs.generation}", {**inputs.recorded(), "password": password})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep the password."""
        inputs = GeneratedPasswordInputs.model_validate(_news)
        return UpdateResult({**inputs.recorded(), "password": _olds["password"]})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what is recorded: there is nothing elsewhere to look at."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Do nothing: it goes with the state."""


class GeneratedPassword(DeclaredResource, module="modelstore", name="GeneratedPassword"):
    """A password of letters and digits."""

    def __init__(
        self,
        name: str,
        *,
        length: int = 40,
        generation: int = 0,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the password; raising `generation` makes another one. `length` is 24 to 128 characters."""
        props = {"length": length, "generation": generation, "password": None}
        secret = pulumi.ResourceOptions(additional_secret_outputs=["password"])
        super().__init__(GeneratedPasswordProvider(), name, props, pulumi.ResourceOptions.merge(opts, secret))

    @property
    def password(self) -> pulumi.Output[str]:
        """The password; a secret."""
        return self.output("password")
