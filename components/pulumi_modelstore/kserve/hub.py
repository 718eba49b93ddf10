"""`HubCredentials`: what pods read gated models of the Hugging Face hub with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modelstore.arguments.check import ArgumentCheck
from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.kserve.account import Account
from pulumi_modelstore.kserve.secret_data import encoded

TOKEN = "HF_TOKEN"
"""The key under which KServe's initializer, fills and the hub's own client look for a token."""


class HubCredentials(Account):
    """A Secret with a token of the hub, and a ServiceAccount with which KServe downloads from `hf://`.

    For a Secret of its own: KServe takes one kind of credential from each. Pods that fetch by themselves read it with
    `environment={"HF_TOKEN": SecretKey(secret=...)}`, and fills with `token_secret=`.

    Args:
        name: of the component, and of both Kubernetes objects unless they are named.
        token: the token, a secret; unset, the Secret of that name is there already, with the key `HF_TOKEN`.
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
        token: pulumi.Input[str] | None = None,
        kubernetes_namespace: pulumi.Input[str] = "default",
        secret_name: str | None = None,
        service_account_name: str | None = None,
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check = ArgumentCheck("HubCredentials", name)
        if token is not None and is_plain(token) and not (isinstance(token, str) and token.strip() == token and token):
            check.add("token", "is no token", "Pass config.require_secret(...), or leave it out where a Secret has it")
        super().__init__(
            check,
            kubernetes_namespace=kubernetes_namespace,
            secret_name=secret_name,
            service_account_name=service_account_name,
            labels=labels,
            opts=opts,
        )
        if self.refused:
            return
        data: dict[str, Any] | None = None
        if token is not None:
            data = {"type": "Opaque", "data": {TOKEN: derive(encoded, token)}}
        outputs = self.declare(data, {"secrets": [{"name": self.secret}]})
        self.secret_name, self.service_account_name = outputs["secret_name"], outputs["service_account_name"]
        self.kubernetes_namespace = outputs["kubernetes_namespace"]
        self.register_outputs({"secretName": self.secret_name, "serviceAccountName": self.service_account_name})
