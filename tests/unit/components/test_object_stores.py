"""Object stores on the clouds that are not AWS: what their clients are told, and what is refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from pulumi_modelstore import (
    AccessKeyPair,
    AzureBlob,
    CloudflareR2,
    Gcs,
    InvalidArguments,
    ObjectStore,
    StorageNamespace,
)
from unit.components.declared import Declared, declare
from unit.components.issuing import issued

ACCOUNT = "0123456789abcdef0123456789abcdef"
BACKENDS: dict[str, Any] = {
    "r2": lambda: CloudflareR2(account_id=ACCOUNT, bucket="apps", jurisdiction="eu"),
    "google": lambda: Gcs(bucket="acme-apps", location="EU", keys="hmac"),
    "azure": lambda: AzureBlob(account="acmeapps", container="apps", credentials="env:AZURE"),
    "emulator": lambda: AzureBlob(account="lab", container="apps", endpoint="http://h:1/lab", credentials="env:AZURE"),
}
PACKAGES = {"r2": "pulumi_cloudflare", "google": "pulumi_gcp"}


def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    if args.typ == "gcp:serviceaccount/account:Account":
        return {"email": "apps@acme.iam.gserviceaccount.com", "member": "serviceAccount:apps"}
    return issued(args)


def declared_stores(of: str, *access: str, keys: bool = True) -> Declared:
    if of in PACKAGES:
        pytest.importorskip(PACKAGES[of], reason=f"{PACKAGES[of]} is in an extra")

    def program() -> None:
        namespace = StorageNamespace("apps", backend=BACKENDS[of]())
        pair = AccessKeyPair("keys", namespace=namespace) if keys else None
        for one in access:
            store = ObjectStore(f"{one}-store", access=one, namespace=namespace, keys=pair)  # type: ignore[arg-type]
            pulumi.export(one, store.url)

    return declare(program, preview=False, outputs=outputs)


@pytest.mark.parametrize(
    ("of", "url"),
    [
        ("r2", f"s3://apps/_?access=private&region=auto&endpoint=https://{ACCOUNT}.eu.r2.cloudflarestorage.com"),
        ("google", "s3://acme-apps/_?access=private&region=auto&endpoint=https://storage.googleapis.com"),
        ("azure", "azure://apps/_?access=private&account=acmeapps"),
        ("emulator", "azure://apps/_?access=private&account=lab&endpoint=http://h:1/lab"),
    ],
)
def test_what_clients_of_private_stores_are_told(of: str, url: str) -> None:
    declared = declared_stores(of, "private")
    assert declared.exports["private"] == url.replace("/_?", "/objects/private-store?")
    assert list(declared["private-store-secret"].inputs["data"]) == ["[secret]"]


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        ("r2", "R2 opens a whole bucket to the public, by a domain of its own, or none of it"),
        ("google", "the namespace's bucket enforces public access prevention"),
        ("azure", "Azure opens a whole container to the public or none of it"),
    ],
)
def test_public_stores_are_refused_with_the_reason(of: str, reason: str) -> None:
    with pytest.raises(InvalidArguments, match=f"access: is public, which is not to be had: {reason}.*private"):
        declared_stores(of, "public")


def test_pods_with_an_identity_need_no_key_where_the_store_knows_identities() -> None:
    declared = declared_stores("azure", "private", keys=False)
    assert declared.exports["private"] == "azure://apps/objects/private-store?access=private&account=acmeapps"
    assert not [name for name in declared.resources if name.startswith("keys")]
    for of in ("r2", "google"):
        with pytest.raises(InvalidArguments, match=r"keys: are not given, and .* knows no identities of pods"):
            declared_stores(of, "private", keys=False)
