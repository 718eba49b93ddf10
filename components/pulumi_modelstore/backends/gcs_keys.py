"""Keys on Google Cloud: a service account and its role on the bucket by pulumi_gcp, and one key a slot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.backends.gcs_access import BUCKET_READER, READER, WRITER, prefix_condition
from pulumi_modelstore.backends.protocol import IssuedKey, KeyRequest, Role
from pulumi_modelstore.backends.store_keys import declare_keys
from pulumi_modelstore.identity.naming import identity_name

if TYPE_CHECKING:
    import pulumi_gcp

# Google Cloud documentation, "Create service accounts".
_LONGEST_ACCOUNT_ID = 30


def declare_account_keys(
    request: KeyRequest,
    *,
    form: Literal["json", "hmac"],
    project: str | None,
    connection: pulumi.Input[dict[str, Any]],
) -> Mapping[Role, IssuedKey]:
    """Declare the account, what it opens, and its keys.

    Args:
        request: whose keys, how many, and what they open.
        form: key files, or HMAC pairs for the interface that S3's clients speak.
        project: where the account is; unset, the `gcp` provider's.
        connection: how the deployer, who makes the keys, reaches Google.
    """
    import pulumi_gcp as gcp

    name = request.name
    account = gcp.serviceaccount.Account(
        f"{name}-account",
        account_id=identity_name(name, longest=_LONGEST_ACCOUNT_ID),
        display_name=name,
        project=project,
        opts=pulumi.ResourceOptions(
            parent=request.parent,
            # The issuer writes down there which keys it has begun to make.
            ignore_changes=["description"],
            depends_on=[*request.after],
        ),
    )
    opened = [_opened(request, account)]
    if form == "hmac":
        seen = gcp.storage.BucketIAMMember(
            f"{name}-bucket-access",
            bucket=request.bucket,
            role=BUCKET_READER,
            member=account.member,
            opts=pulumi.ResourceOptions(parent=request.parent, depends_on=[*request.after_bucket]),
        )
        opened.append(seen)
    issuer = derive(lambda known: {"kind": "gcs", "form": form, "connection": known}, connection)
    return declare_keys(request, issuer, account.email, after=[account, *opened])


def _opened(request: KeyRequest, account: pulumi_gcp.serviceaccount.Account) -> pulumi_gcp.storage.BucketIAMMember:
    import pulumi_gcp as gcp

    prefix = request.prefix.strip("/")
    condition = None
    if prefix:
        condition = gcp.storage.BucketIAMMemberConditionArgs(
            title="one prefix of the bucket",
            expression=derive(lambda bucket: prefix_condition(bucket, prefix), request.bucket),
        )
    return gcp.storage.BucketIAMMember(
        f"{request.name}-access",
        bucket=request.bucket,
        role=READER if request.read_only else WRITER,
        member=account.member,
        condition=condition,
        opts=pulumi.ResourceOptions(parent=request.parent, depends_on=[*request.after_bucket]),
    )
