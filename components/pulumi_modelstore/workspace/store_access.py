"""How a pod reaches a store, and the Secret that tells it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck, CheckedComponent
from pulumi_modelstore.arguments.kubernetes import label_name_problems, labels_problems, subdomain_name_problems
from pulumi_modelstore.kserve.secret_data import declare_secret
from pulumi_modelstore_client.errors import InvalidRequest
from pulumi_modelstore_client.names import LONGEST_STORE, valid_name


@dataclass(frozen=True)
class StoreAccess:
    """What a client needs, under the names that follow the prefix in its environment.

    Args:
        url: where the store is, without any secret.
        credentials: such as `PASSWORD`; what is empty is left out.
        after: what must be there before a pod uses the store.
    """

    url: pulumi.Input[str]
    credentials: Mapping[str, pulumi.Input[str] | None] = field(default_factory=dict, repr=False)
    after: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True)
class SecretPlace:
    """Where a store's Secret is and how its keys begin, checked."""

    variables: str
    secret_name: str
    kubernetes_namespace: pulumi.Input[str]
    labels: Mapping[str, str]

    @classmethod
    def checked(
        cls,
        check: ArgumentCheck,
        *,
        variables: Any,
        secret_name: str | None,
        kubernetes_namespace: Any,
        labels: Any,
    ) -> SecretPlace:
        """Take the arguments that all stores have; what is wrong with them goes into the check."""
        name = check.name if secret_name is None else secret_name
        check.extend(subdomain_name_problems(name, argument="secret_name"))
        check.extend(label_name_problems(kubernetes_namespace, argument="kubernetes_namespace"))
        labels = check.mapping("labels", labels)
        check.extend(labels_problems(labels, argument="labels"))
        if not isinstance(variables, str) or not variables.isidentifier() or variables != variables.upper():
            remedy = "Use capital letters, digits and underscores, such as SESSIONS_KV"
            check.add("variables", f"{variables!r} cannot begin environment variables", remedy)
        return cls(variables, name, kubernetes_namespace, labels)


class WorkspaceStore(CheckedComponent):
    """A store, and the Secret whose keys are the environment of the client: `envFrom` with a `secretRef` to it."""

    secret_name: pulumi.Output[str]
    """Name of the Secret, for `envFrom` of a pod."""
    kubernetes_namespace: pulumi.Output[str]
    """Where the Secret is."""
    url: pulumi.Output[str]
    """What the client is told of the store, without credentials."""

    def _publish(self, access: StoreAccess, place: SecretPlace) -> None:
        metadata: dict[str, Any] = {"name": place.secret_name, "namespace": place.kubernetes_namespace}
        if place.labels:
            metadata["labels"] = dict(place.labels)
        values: dict[str, pulumi.Input[str]] = {f"{place.variables}_URL": access.url}
        for name, value in access.credentials.items():
            if value is not None and value != "":
                values[f"{place.variables}_{name}"] = value
        options = self.child_options(depends_on=[*access.after])
        secret = declare_secret(f"{self.given_name}-secret", metadata, values, options)
        self.objects = (*access.after, secret)
        self.url = pulumi.Output.from_input(access.url)
        self.secret_name = pulumi.Output.from_input(place.secret_name)
        self.kubernetes_namespace = pulumi.Output.from_input(place.kubernetes_namespace)
        self.register_outputs(
            {"secretName": self.secret_name, "kubernetesNamespace": self.kubernetes_namespace, "url": self.url}
        )


def checked_store(check: ArgumentCheck, store: Any) -> str:
    """The store's name on its server, which is the component's unless it is given."""
    name = check.name if store is None else store
    try:
        return valid_name(name, what="The store", longest=LONGEST_STORE)
    except InvalidRequest as error:
        check.add("store", f"{name!r} is no name of a store", error.remedy)
    return "refused"
