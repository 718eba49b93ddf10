"""Keys on Google Cloud: a service account, its role on the bucket, and one key a slot."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_modelstore.arguments.inputs import derive
from pulumi_modelstore.backends.gcs_access import BUCKET_READER, READER, WRITER, prefix_condition
from pulumi_modelstore.backends.protocol import IssuedKey, KeyRequest, KeySlot, Role
from pulumi_modelstore.identity.naming import identity_name

if TYPE_CHECKING:
    import pulumi_gcp

    from pulumi_modelstore_provider.gcs.account_keys import KeyForm
    from pulumi_modelstore_provider.gcs.connection import GcsConnection

# Google Cloud documentation, "Create service accounts".
_LONGEST_ACCOUNT_ID = 30


def declare_account_keys(
    request: KeyRequest,
    form: KeyForm,
    *,
    project: str | None,
    endpoint: pulumi.Input[str] | None,
    connection: Callable[[str | None], GcsConnection],
) -> Mapping[Role, IssuedKey]:
    """Declare the account, what it opens, and its keys.

    Args:
        request: whose keys, how many, and what they open.
        form: key files, or pairs for the interface that S3's clients speak.
        project: where the account is; unset, the `gcp` provider's.
        endpoint: where the deployer reaches Google, for counting the keys that there are; None for Google's own.
        connection: how, by that endpoint.
    """
    import pulumi_gcp as gcp

    name = request.name
    own = pulumi.ResourceOptions(parent=request.parent)
    account = gcp.serviceaccount.Account(
        f"{name}-account",
        account_id=identity_name(name, longest=_LONGEST_ACCOUNT_ID),
        display_name=name,
        project=project,
        opts=pulumi.ResourceOptions(parent=request.parent, depends_on=[*request.after]),
    )
    reached = [_opened(request, account)]
    if form == "hmac":
        seen = gcp.storage.BucketIAMMember(
            f"{name}-bucket-access",
            bucket=request.bucket,
            role=BUCKET_READER,
            member=account.member,
            opts=pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=[*request.after_bucket])),
        )
        reached.append(seen)
    limit = pulumi.ResourceHook(f"{name}-third-key", _refusing(form, endpoint, connection))
    issued: dict[Role, IssuedKey] = {}
    for slot in request.slots:
        options = pulumi.ResourceOptions(
            parent=request.parent,
            # Google would allow ten: the stale key goes before its successor comes all the same.
            delete_before_replace=True,
            replacement_trigger=f"generation-{slot.generation}",
            depends_on=[*reached, *request.after],
            hooks=pulumi.ResourceHookBinding(before_create=[limit]),
        )
        issued[slot.role] = _key(name, slot, form, account, project, options)
    return issued


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


def _key(
    name: str,
    slot: KeySlot,
    form: KeyForm,
    account: pulumi_gcp.serviceaccount.Account,
    project: str | None,
    options: pulumi.ResourceOptions,
) -> IssuedKey:
    import pulumi_gcp as gcp

    if form == "hmac":
        pair = gcp.storage.HmacKey(
            f"{name}-{slot.role}", service_account_email=account.email, project=project, opts=options
        )
        return IssuedKey(pair.access_id, pair.secret)
    file = gcp.serviceaccount.Key(f"{name}-{slot.role}", service_account_id=account.name, opts=options)
    # The file's text is in base64; the last part of the name is the key's id, which the file holds too.
    text = file.private_key.apply(lambda encoded: base64.b64decode(encoded).decode())
    return IssuedKey(file.name.apply(lambda known: known.rsplit("/", 1)[-1]), pulumi.Output.secret(text))


def _refusing(
    form: KeyForm, endpoint: pulumi.Input[str] | None, connection: Callable[[str | None], GcsConnection]
) -> Callable[[pulumi.ResourceHookArgs], Awaitable[None]]:
    """A hook that counts the account's keys before one more is made, also after a run that was interrupted."""

    async def refuse_third(args: pulumi.ResourceHookArgs) -> None:
        from pulumi_modelstore_provider.gcs.account_keys import refuse_third_key

        inputs: Mapping[str, Any] = args.new_inputs or {}
        named = str(inputs["serviceAccountEmail" if form == "hmac" else "serviceAccountId"])
        known = await pulumi.Output.from_input(endpoint).future()
        reached = connection(known.rstrip("/") if known else None)
        # In a thread: the program's other resources go on meanwhile.
        await asyncio.to_thread(refuse_third_key, reached, named.rsplit("/", 1)[-1], form, config=_configuration)

    return refuse_third


def _configuration(key: str) -> Any:
    """A key of the stack's configuration; one without a colon is the project's own."""
    namespace, separator, name = key.partition(":")
    return pulumi.Config(namespace).get(name) if separator else pulumi.Config().get(key)
