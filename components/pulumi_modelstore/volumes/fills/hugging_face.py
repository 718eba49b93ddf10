"""A fill from a repository of the Hugging Face hub."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Literal

from pydantic import ValidationError

from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.hub import TOKEN, HubCredentials
from pulumi_modelstore.volumes.fills.settings import FillSettings
from pulumi_modelstore_provider.artifacts.sources.settings import HuggingFace

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


class HuggingFaceFill(FillSettings):
    """A repository of the hub, fetched by `hf download` at one commit.

    A preview pins a branch or tag to its commit, which `modelstore.lock` beside the program keeps: where the hub is out
    of reach it stands in, and a branch that moves changes nothing until the lock file is refreshed. A branch that is
    recorded nowhere and that the hub cannot be asked for is refused, for it would be one thing here and another there.

    Args:
        repository: `owner/model`.
        revision: a branch or tag; or a commit id of 40 hex digits, for which nobody is asked.
        include: patterns of the files to fetch, such as `*.safetensors`; none means all.
        exclude: patterns of files to leave out.
        token_secret: for gated models: `HubCredentials(...)`, or the name of a Secret in the volume's Kubernetes
            namespace with a token under the key `HF_TOKEN`.
        token: where the machine that deploys finds the token with which it asks for a private repository's commit:
            `env:VARIABLE`, `config:KEY` of the stack's configuration, or `default`, which is HF_TOKEN, what `hf auth
            login` has kept, or none at all; None asks without a token. The Job never sees it.
        endpoint: URL of a mirror of the hub, for a cluster that does not reach it; the preview asks there too.
    """

    kind: Literal["hugging-face"] = "hugging-face"
    repository: str
    revision: str = "main"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    token_secret: str | HubCredentials | None = None
    token: str | None = "default"
    endpoint: str | None = None

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = super().problems()
        if not _REPOSITORY.fullmatch(self.repository):
            found.append(Problem("repository", f'"{self.repository}" is no repository', "Write it like owner/model"))
        if not self.revision or self.revision.startswith("-") or any(sign.isspace() for sign in self.revision):
            found.append(Problem("revision", f"{self.revision!r} is no revision", "Give a commit id of 40 hex digits"))
        for argument in ("include", "exclude"):
            bad = [pattern for pattern in getattr(self, argument) if not pattern or pattern.startswith("-")]
            found += [Problem(argument, f"{pattern!r} is no pattern", "Write it like *.safetensors") for pattern in bad]
        if isinstance(self.token_secret, str):
            found += subdomain_name_problems(self.token_secret, argument="token_secret")
        if self.endpoint is not None and not re.fullmatch(r"https?://[^\s/@]+(/[^\s@]*)?", self.endpoint):
            remedy = "Write it like https://hub.example.org, without a user and password"
            found.append(Problem("endpoint", "is no URL of a mirror", remedy))
        told = {problem.argument for problem in found}
        try:
            self.repository_settings()
        except ValidationError as error:
            wrong = [replace(problem, argument=_argument(problem.argument)) for problem in problems_of(error)]
            found += [problem for problem in wrong if problem.argument not in told]
        return found

    def repository_settings(self) -> HuggingFace:
        """The repository, as its commit is asked for.

        Raises:
            pydantic.ValidationError: where `problems` are left.
        """
        return HuggingFace(repo=self.repository, revision=self.revision, token=self.token, endpoint=self.endpoint)

    def accounts(self) -> dict[str, Account]:
        """What holds the token."""
        return {"token_secret": self.token_secret} if isinstance(self.token_secret, HubCredentials) else {}

    def source(self) -> dict[str, Any]:
        """The repository, its revision and the patterns."""
        return {
            "type": self.kind,
            "repository": self.repository,
            "revision": self.revision,
            "include": list(self.include),
            "exclude": list(self.exclude),
        }

    def packages(self) -> dict[str, str]:
        """The hub's client; `hf` is its command since 0.34."""
        return {"huggingface_hub": "huggingface_hub>=0.34"}

    def environment(self, secret: str) -> list[dict[str, Any]]:  # noqa: ARG002 - another Secret has the token
        """The token, by reference, and the mirror."""
        environment: list[dict[str, Any]] = [{"name": "HF_HOME", "value": "/tmp/hf"}]  # noqa: S108 - in the pod
        if self.endpoint is not None:
            environment.append({"name": "HF_ENDPOINT", "value": self.endpoint.rstrip("/")})
        if self.token_secret is not None:
            holder = self.token_secret.secret if isinstance(self.token_secret, HubCredentials) else self.token_secret
            reference = {"name": holder, "key": TOKEN}
            environment.append({"name": TOKEN, "valueFrom": {"secretKeyRef": reference}})
        return environment


def _argument(field: str) -> str:
    return "repository" if field == "repo" else field
