"""Azurite does what the tests that rely on it take for granted."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError
from azure.storage.blob import AccessPolicy, BlobBlock, BlobServiceClient, BlockState

from servers.azurite import Azurite, azurite_server

pytest.importorskip("azure.storage.blob", reason="azure-storage-blob is in the extra `azure`")


def _later() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)


def _sas(azurite: Azurite, container: str, policy: str) -> str:
    from azure.storage.blob import generate_container_sas

    token: str = generate_container_sas(azurite.account, container, account_key=azurite.account_key, policy_id=policy)
    return token


def test_policy_bounds_its_token_until_it_is_taken_away(azurite: Azurite) -> None:
    service = azurite.service()
    own, other = service.create_container("azurite-own"), service.create_container("azurite-other")
    for container in (own, other):
        container.upload_blob("a", b"content")
    own.set_container_access_policy({"reader:even:0": AccessPolicy(permission="rl", expiry=_later())})
    token = _sas(azurite, "azurite-own", "reader:even:0")
    issued = azurite.container("azurite-own", sas=token)

    assert [blob.name for blob in issued.list_blobs()] == ["a"]
    with pytest.raises(HttpResponseError, match="AuthorizationPermissionMismatch"):
        issued.upload_blob("b", b"")
    with pytest.raises(HttpResponseError, match="AuthorizationFailure"):
        azurite.container("azurite-other", sas=token).download_blob("a")
    own.set_container_access_policy({})
    with pytest.raises(HttpResponseError, match="AuthorizationFailure"):
        issued.download_blob("a")


def test_one_holds_the_lease_and_sets_policies_with_it(azurite: Azurite) -> None:
    container = azurite.service().create_container("azurite-leased")
    lease = container.acquire_lease(15)
    with pytest.raises(HttpResponseError, match="LeaseAlreadyPresent"):
        container.acquire_lease(15)
    container.set_container_access_policy({"a": AccessPolicy("r", _later())}, lease=lease)
    with pytest.raises(HttpResponseError, match="LeaseIdMismatch"):
        container.set_container_access_policy({}, lease="11111111-1111-4111-8111-111111111111")
    lease.release()
    container.acquire_lease(15).release()
    assert [policy.id for policy in container.get_container_access_policy()["signed_identifiers"]] == ["a"]


def test_blocks_are_checked_listed_and_committed_once(azurite: Azurite) -> None:
    container = azurite.service().create_container("azurite-blocks")
    blob = container.get_blob_client("a")
    blob.stage_block("one", b"1", validate_content=True)
    wrong = bytearray(hashlib.md5(b"3").digest())
    with pytest.raises(HttpResponseError, match="Md5Mismatch"):
        blob.stage_block("two", b"2", transactional_content_md5=wrong)
    assert [block.id for block in blob.get_block_list("uncommitted")[1]] == ["one"]
    assert [found.name for found in container.list_blobs(include=["uncommittedblobs"])] == ["a"]
    assert list(container.list_blobs()) == []

    blob.commit_block_list([BlobBlock("one", BlockState.UNCOMMITTED)], match_condition=MatchConditions.IfMissing)
    with pytest.raises(HttpResponseError, match="BlobAlreadyExists"):
        blob.commit_block_list([], match_condition=MatchConditions.IfMissing)


def test_wrong_account_key_and_unknown_certificate_are_refused() -> None:
    with azurite_server(tls=True) as server:
        wrong = BlobServiceClient(
            server.endpoint,
            credential={"account_name": server.account, "account_key": "d3Jvbmc="},
            connection_verify=str(server.ca_bundle),
            retry_total=0,
        )
        with pytest.raises(AzureError, match="AuthorizationFailure"):
            wrong.create_container("azurite-tls")
        untrusting = BlobServiceClient(server.endpoint, credential=server.account_key, retry_total=0)
        with pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"):
            untrusting.create_container("azurite-tls")
        server.service().create_container("azurite-tls")
