"""Pull Secrets of a ServiceAccount, and whether they open the registry that a model is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.kubernetes import subdomain_name_problems
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.kserve.registry import RegistryCredentials


@dataclass(frozen=True)
class PullSecrets:
    """Names of pull Secrets, and what must be in place before a pod pulls with them."""

    names: Sequence[str] = ()
    resources: Sequence[pulumi.Resource] = ()


def check_pull_secrets(
    check: ArgumentCheck, given: Any, kubernetes_namespace: Any, *, argument: str = "pull_secrets"
) -> PullSecrets:
    """The pull Secrets of pods, or of a ServiceAccount, in that namespace."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        remedy = "Pass a list of RegistryCredentials(...) or names"
        check.add(argument, f"{type(given).__name__} is no list", remedy)
        return PullSecrets()
    names: list[str] = []
    resources: list[pulumi.Resource] = []
    for number, item in enumerate(given):
        where = f"{argument}[{number}]"
        if not isinstance(item, RegistryCredentials):
            check.extend(subdomain_name_problems(item, argument=where))
            names.append(item)
        elif check.uses(where, item, RegistryCredentials):
            here, there = kubernetes_namespace, item.kubernetes_namespace_input
            if is_plain(here) and is_plain(there) and here != there:
                found = f'are in "{there}", and they are needed in "{here}", which cannot use them'
                check.add(where, found, "Declare both for one namespace")
            names.append(item.secret)
            # The ServiceAccount beside the Secret is for services without a namespace's.
            resources += item.objects[:1]
    return PullSecrets(names, resources)


def image_problems(uri: str, credentials: RegistryCredentials) -> list[Problem]:
    """Whether the credentials are for the registry of a model's image."""
    scheme, _, image = uri.partition("://")
    if not scheme.startswith("oci") or credentials.refused or credentials.opens(image):
        return []
    found = f"open {', '.join(credentials.hosts)}, and the model is in {image.partition('/')[0]}"
    return [Problem("credentials", found, "Add a Registry(...) for it, or leave credentials out for a public image")]
