"""`FillJob`: the pod in which a volume is filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from pulumi_modelstore.arguments.image import IMAGE
from pulumi_modelstore.arguments.kubernetes import quantity_problems, subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.registry import RegistryCredentials
from pulumi_modelstore.serving.environment import environment_problems


class FillJob(CheckedSettings):
    """The pod that fills a volume, and the init containers that wait for it.

    Args:
        image: an image with Python 3.11 or newer; what a source needs beside it is installed with pip where the image
            does not have it. Without access to a package index use one that has it, such as KServe's own
            `kserve/storage-initializer` for the Hugging Face hub.
        cpu: requested cores.
        memory: requested memory, and its limit.
        user: numeric id that files belong to and processes run as, group too. None on OpenShift, which gives each
            namespace ids of its own.
        pull_secrets: for private registries: `RegistryCredentials(...)`, or names of pull Secrets.
        service_account: ServiceAccount of the pod; unset, the namespace's default one, without a token.
        environment: further variables, such as `PIP_INDEX_URL` or `HTTPS_PROXY`; secrets as `SecretKey(...)`.
        retries: how often a failed pod is replaced; each goes on where the former one was.
        stale_after: seconds without a sign of life after which another fill takes over.
        timeout: how long the stack waits for it, as Pulumi writes it.
    """

    image: str = "python:3.12-slim"
    cpu: str = "2"
    memory: str = "4Gi"
    user: int | None = 1000
    pull_secrets: tuple[str | RegistryCredentials, ...] = ()
    service_account: str | None = None
    environment: Mapping[str, Any] = Field(default_factory=dict)
    retries: int = 6
    stale_after: float = 60.0
    timeout: str = "24h"

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings."""
        found = []
        if not IMAGE.fullmatch(self.image):
            remedy = "Name one with Python 3.11 or newer, such as python:3.12-slim"
            found.append(Problem("image", f'"{self.image}" is no name of an image', remedy))
        found += quantity_problems(self.cpu, argument="cpu") + quantity_problems(self.memory, argument="memory")
        if self.user is not None and self.user < 1:
            remedy = "Give a user above 0: the pod does not run as root"
            found.append(Problem("user", f"is {self.user}", remedy))
        for number, name in enumerate(self.pull_secrets):
            if isinstance(name, str):
                found += subdomain_name_problems(name, argument=f"pull_secrets[{number}]")
        if self.service_account is not None:
            found += subdomain_name_problems(self.service_account, argument="service_account")
        found += environment_problems(self.environment)
        if self.retries < 0:
            found.append(Problem("retries", f"is {self.retries}", "Give a number from 0"))
        if self.stale_after < 10:
            remedy = "Give at least 10: a short pause of a file server is no death"
            found.append(Problem("stale_after", f"is {self.stale_after:g} seconds", remedy))
        return found

    def accounts(self) -> dict[str, Account]:
        """Credentials of the stack that it pulls images with, by argument."""
        given = enumerate(self.pull_secrets)
        return {f"pull_secrets[{number}]": item for number, item in given if isinstance(item, RegistryCredentials)}

    def pull_secret_names(self) -> list[str]:
        """Names of the pull Secrets."""
        return [item.secret if isinstance(item, RegistryCredentials) else item for item in self.pull_secrets]
