"""The stubs refuse what the documents do not know, and fail the test in which it was asked."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from servers.versitygw import VersityGateway
from stubs.vast import VastStub, vast_stub


def _asked(stub: VastStub, method: str, path: str, body: Any = None, *, token: str | None = None) -> int:
    request = urllib.request.Request(
        f"{stub.url}{path}",
        method=method,
        headers={"Authorization": f"Api-Token {token or stub.token}"},
        data=None if body is None else json.dumps(body).encode(),
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status: int = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    return status


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("GET", "/api/latest/nothing/", None, 404, "no such path"),
        ("PUT", "/api/latest/users/", None, 405, "no such method"),
        ("GET", "/api/latest/users/?name=readers", None, 400, "unknown parameters"),
        ("POST", "/api/latest/users/", {"name": "a", "local_provider_id": 70, "colour": "red"}, 400, "unknown field"),
        ("POST", "/api/latest/users/", {"name": "a", "local_provider_id": "70"}, 400, "another type"),
        ("POST", "/api/latest/users/", {"name": "a"}, 400, "missing"),
        ("DELETE", "/api/latest/users/41/", {"force": True}, 400, "takes no body"),
        ("POST", "/api/latest/s3policies/", {"name": "a", "policy": "{}"}, 400, "without a tenant's id"),
    ],
)
def test_what_nobody_documents_fails_the_test(
    versitygw: VersityGateway, method: str, path: str, body: Any, status: int, reason: str
) -> None:
    with pytest.raises(pytest.fail.Exception, match=reason), vast_stub(versitygw) as stub:
        assert _asked(stub, method, path, body) == status


def test_who_is_nobody_is_refused_and_fails_nothing(versitygw: VersityGateway) -> None:
    with vast_stub(versitygw) as stub:
        assert _asked(stub, "GET", "/api/latest/users/", token="of-somebody-else") == 401
        assert _asked(stub, "GET", "/api/latest/users/") == 200
