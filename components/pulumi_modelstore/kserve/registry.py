"""`RegistryCredentials`: what nodes pull images of private registries with, models among them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pydantic import Field

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.secret_data import encoded

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(/[a-z0-9][a-z0-9._/-]*)?")


class Registry(CheckedSettings):
    """An account of a registry, such as a robot account of Harbor or Quay that may only pull.

    Args:
        host: such as `quay.io` or `harbor.example.org:8443`; with a path (`quay.io/team`) for images below it alone.
        username: such as `robot$models` on Harbor, `team+models` on Quay.
        password: its password or token; kept secret.
    """

    host: str
    username: Any
    password: Any = Field(repr=False)

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings; values that may be secret are not repeated."""
        found = []
        if not _HOST.fullmatch(self.host):
            remedy = "Write it like quay.io or harbor.example.org:8443, without https://"
            found.append(Problem("host", f'"{self.host}" is no host of a registry', remedy))
        for name in ("username", "password"):
            value = getattr(self, name)
            if is_plain(value) and not (isinstance(value, str) and value):
                said = "is empty" if value == "" else f"{type(value).__name__} is no text"
                found.append(Problem(name, said, "Pass a string, or config.require_secret(...)"))
        return found


class RegistryCredentials(Account):
    """A pull Secret for registries, and a ServiceAccount whose pods pull with it.

    Services that read from a namespace have a ServiceAccount already: `namespace.kserve_credentials(...,
    pull_secrets=[...])` has it pull too. For the others it is `credentials=` of the service.

    Args:
        name: of the component, and of both Kubernetes objects unless they are named.
        registries: one account for each registry.
        kubernetes_namespace: where the objects live, and the only place they are good for.
        secret_name: name of the Secret.
        service_account_name: name of the ServiceAccount.
        labels: labels of both objects.
        opts: options of the component.

    Raises:
        InvalidArguments: at preview, with every problem of the whole program.
    """

    secret_name: pulumi.Output[str]
    """Name of the Secret."""
    service_account_name: pulumi.Output[str]
    """Name of the ServiceAccount, for `serviceAccountName` of a pod."""
    kubernetes_namespace: pulumi.Output[str]
    """Where both are."""

    def __init__(
        self,
        name: str,
        *,
        registries: Sequence[Registry],
        kubernetes_namespace: pulumi.Input[str] = "default",
        secret_name: str | None = None,
        service_account_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("RegistryCredentials", name)
        accounts = _checked(check, registries)
        super().__init__(
            check,
            kubernetes_namespace=kubernetes_namespace,
            secret_name=secret_name,
            service_account_name=service_account_name,
            labels=labels,
            opts=opts,
        )
        self.hosts = tuple(account.host for account in accounts)
        if self.refused:
            return
        secret = {
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": _docker_configuration(accounts)},
        }
        outputs = self.declare(secret, {"imagePullSecrets": [{"name": self.secret}]})
        self.secret_name, self.service_account_name = outputs["secret_name"], outputs["service_account_name"]
        self.kubernetes_namespace = outputs["kubernetes_namespace"]
        self.register_outputs({"secretName": self.secret_name, "serviceAccountName": self.service_account_name})

    def opens(self, image: str) -> bool:
        """Whether one of the accounts is for that image's registry."""
        return any(image == host or image.startswith(f"{host}/") for host in self.hosts)


def _checked(check: ArgumentCheck, registries: Any) -> Sequence[Registry]:
    if not isinstance(registries, Sequence) or isinstance(registries, str) or not registries:
        check.add("registries", "is no list with a registry", "Pass [Registry(host=..., username=..., password=...)]")
        return ()
    usable: list[Registry] = []
    for number, registry in enumerate(registries):
        where = f"registries[{number}]"
        if check.settings(where, registry, Registry, remedy="Pass Registry(host=..., username=..., password=...)"):
            check.extend(registry.problems(), under=where)
            if any(registry.host == other.host for other in usable):
                check.add(f"{where}.host", f'"{registry.host}" has an account already', "Give one for each registry")
            usable.append(registry)
    return usable


def _docker_configuration(accounts: Sequence[Registry]) -> pulumi.Input[str]:
    hosts = [account.host for account in accounts]

    def configuration(*credentials: str) -> str:
        pairs = zip(credentials[::2], credentials[1::2], strict=True)
        auths = {
            host: {"username": user, "password": password, "auth": encoded(f"{user}:{password}")}
            for host, (user, password) in zip(hosts, pairs, strict=True)
        }
        return encoded(json.dumps({"auths": auths}, sort_keys=True))

    return derive(configuration, *(value for account in accounts for value in (account.username, account.password)))
