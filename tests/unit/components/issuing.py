"""What the backends whose keys the package issues are tried with: one pair of keys, and what was declared for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import AccessKeyPair, InvalidArguments, StorageNamespace
from pulumi_modelstore_provider.keys.issuers import issuer_settings
from pulumi_modelstore_provider.resources.principal import PrincipalProvider
from pulumi_modelstore_provider.resources.store_access_key import StoreAccessKeyProvider
from unit.components.declared import SECRET, Declared, declare

PRINCIPAL = "pulumi-python:dynamic/modelstore:Principal"
KEY = "pulumi-python:dynamic/modelstore:StoreAccessKey"


def issued(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    """What the store adds to a principal and to a key."""
    if args.typ == PRINCIPAL:
        return {"principal": f"{args.inputs['principalName']}@{args.inputs['bucket']}"}
    if args.typ == KEY:
        return {"accessKeyId": f"{args.name}-id", "secretAccessKey": pulumi.Output.secret(f"{args.name}-secret")}
    return {}


def declared_pair(
    kind: type[Any],
    settings: Mapping[str, Any],
    *,
    name: str = "readers",
    namespace: Mapping[str, Any] | None = None,
    **keys: Any,
) -> Declared:
    """A namespace on that backend, a pair of keys that may read, and KServe's credentials with it."""

    def program() -> None:
        models = StorageNamespace("models", backend=kind(**settings), **(namespace or {}))
        readers = AccessKeyPair(name, namespace=models, **{"read_only": True, **keys})
        models.kserve_credentials("readers", keys=readers, kubernetes_namespace="serving")
        pulumi.export("secret", readers.secret_access_key)

    return declare(program, preview=False, outputs=issued)


def refused(kind: type[Any], **settings: Any) -> str:
    """What is said against a namespace with those settings."""
    with pytest.raises(InvalidArguments) as refusal:
        declare(lambda: StorageNamespace("models", backend=kind(**settings)) and None)
    return str(refusal.value)


def assert_pair_in_second_generation(declared: Declared) -> None:
    """One principal, and a key a slot that goes before its successor comes; no secret in clear."""
    assert declared.children("readers")[:4] == ["readers-guard", "readers-principal", "readers-odd", "readers-even"]
    principal = declared["readers-principal"]
    assert (principal.type, principal.inputs["readOnly"]) == (PRINCIPAL, True)
    # The bucket has to be there before a policy can name it, or its own policy somebody.
    assert "models-bucket" in principal.dependencies
    for slot, generation in (("even", 0), ("odd", 1)):
        key = declared[f"readers-{slot}"]
        assert key.type == KEY
        assert (key.inputs["slot"], key.inputs["generation"]) == (slot, generation)
        assert key.inputs["principal"] == f"{principal.inputs['principalName']}@{principal.inputs['bucket']}"
        assert key.request.deleteBeforeReplace
        assert "secretAccessKey" in key.request.additionalSecretOutputs
    assert declared.exports["secret"] == f"{SECRET}readers-odd-secret"


def assert_unchanged_issuer_is_no_difference(declared: Declared) -> None:
    """What a resource records of the issuer is what the component declares again the next time."""
    for name, provider in (("readers-principal", PrincipalProvider()), ("readers-even", StoreAccessKeyProvider())):
        news = dict(declared[name].inputs)
        assert not provider.check({}, news).failures
        recorded = issuer_settings(news["issuer"]).model_dump(by_alias=True, exclude_none=True)
        assert provider.diff("id", {**news, "issuer": recorded}, news).changes is False


def assert_pods_reach(declared: Declared, host: str, *, ca_bundle_configmap: str) -> None:
    """The Secret's annotations name the store as KServe reads them."""
    annotations = declared["readers-secret"].inputs["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == host
    assert annotations["serving.kserve.io/s3-usehttps"] == "1"
    assert annotations["serving.kserve.io/s3-cabundle-configmap"] == ca_bundle_configmap
