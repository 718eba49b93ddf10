"""A fill from a repository of the Hugging Face hub."""

from __future__ import annotations

import re
from typing import Any, Literal

from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.hub import TOKEN, HubCredentials
from pulumi_modelstore.volumes.fills.settings import FillSettings

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class HuggingFaceFill(FillSettings):
    """A repository of the hub, fetched by `hf download`.

    Args:
        repository: `owner/model`.
        revision: commit id of 40 hex digits; a branch or tag is fetched as it is when the Job runs, and never again.
        include: patterns of the files to fetch, such as `*.safetensors`; none means all.
        exclude: patterns of files to leave out.
        token_secret: for gated models: `HubCredentials(...)`, or the name of a Secret in the volume's Kubernetes
            namespace with a token under the key `HF_TOKEN`.
        endpoint: URL of a mirror of the hub, for a cluster that does not reach it.
    """

    kind: Literal["hugging-face"] = "hugging-face"
    repository: str
    revision: str = "main"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    token_secret: str | HubCredentials | None = None
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
        return found

    def warnings(self) -> list[str]:
        """A revision that moves."""
        if _COMMIT.fullmatch(self.revision):
            return []
        said = f'{self.repository} is fetched at "{self.revision}", which can move: two volumes may differ'
        return [f"{said}; a commit id of 40 hex digits cannot"]

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
