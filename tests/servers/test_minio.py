"""MinIO does what the tests that rely on it take for granted."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from servers.minio import MinioServer, minio_server


def test_the_server_itself_sets_no_limit_of_keys(minio: MinioServer) -> None:
    """So that a third key which is refused was refused by the package."""
    admin = minio.admin()
    admin.user_add("server-three-keys", "secret-of-the-user")
    admin.attach_policy(["readonly"], user="server-three-keys")
    own = minio.admin(key=("server-three-keys", "secret-of-the-user"))
    for number in range(3):
        own.add_service_account(access_key=f"server-key-{number}", secret_key="secret-of-the-key")
    assert minio.keys("server-three-keys") == {"server-key-0", "server-key-1", "server-key-2"}
    admin.user_remove("server-three-keys")
    assert minio.keys("server-three-keys") == set()


def test_policies_are_enforced(minio: MinioServer) -> None:
    root, admin = minio.client(), minio.admin()
    root.create_bucket(Bucket="server-own")
    root.put_object(Bucket="server-own", Key="a", Body=b"mine")
    admin.user_add("server-reader", "secret-of-the-reader")
    reader = minio.client(key=("server-reader", "secret-of-the-reader"))
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.get_object(Bucket="server-own", Key="a")
    admin.attach_policy(["readonly"], user="server-reader")
    assert reader.get_object(Bucket="server-own", Key="a")["Body"].read() == b"mine"
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.put_object(Bucket="server-own", Key="a", Body=b"yours")


def test_its_certificate_is_trusted_with_its_ca_alone() -> None:
    with minio_server(tls=True) as server:
        health = f"{server.endpoint}/minio/health/live"
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(health, timeout=10)
        trust = ssl.create_default_context(cafile=str(server.ca_bundle))
        with urllib.request.urlopen(health, timeout=10, context=trust) as answer:
            assert answer.status == 200
        server.client().create_bucket(Bucket="server-tls")
        assert server.admin().user_list() == "{}"
