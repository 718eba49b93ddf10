"""Presigned URLs: moto looks for a header where their signature is in the query, and fails with an internal error."""

from __future__ import annotations

import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from moto.iam.access_control import S3IAMRequest
from moto.s3.exceptions import S3AccessDeniedError
from werkzeug.datastructures import Headers

_ALGORITHM: Final = "AWS4-HMAC-SHA256"

# What is replaced below is replaced as plain attributes of it.
_Request: Any = S3IAMRequest


def check_presigned_urls() -> None:
    """Have signature, key and end of a presigned URL checked, and what is not signed at all refused."""
    begin, check = _Request.__init__, _Request.check_signature

    def begin_presigned(request: Any, *, path: str, headers: Any, **rest: Any) -> None:
        signed = None
        if "Authorization" not in headers:
            signed = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))
            if signed.get("X-Amz-Algorithm") != _ALGORITHM or not {"X-Amz-Credential", "X-Amz-Date"} <= signed.keys():
                raise S3AccessDeniedError
            headers = _with_headers(headers, signed)
        request._presigned = signed
        begin(request, path=path, headers=headers, **rest)

    def check_signature(request: Any) -> None:
        if request._presigned is None:
            check(request)
        elif request._presigned.get("X-Amz-Signature") != _signature(request):
            request._raise_signature_does_not_match()
        elif _has_ended(request._presigned):
            request._raise_access_denied()

    _Request.__init__, _Request.check_signature = begin_presigned, check_signature


def _with_headers(headers: Any, signed: dict[str, str]) -> Headers:
    """The headers with those from which moto takes the key."""
    whole = Headers(list(headers.items()))
    whole["Authorization"] = f"{_ALGORITHM} Credential={signed['X-Amz-Credential']}, "
    if "X-Amz-Security-Token" in signed:
        whole["X-Amz-Security-Token"] = signed["X-Amz-Security-Token"]
    return whole


def _signature(request: Any) -> str:
    signed: dict[str, str] = request._presigned
    names = signed.get("X-Amz-SignedHeaders", "").split(";")
    query = urlencode({name: value for name, value in signed.items() if name != "X-Amz-Signature"})
    asked = AWSRequest(
        method=request._method,
        url=f"{urlsplit(request._path).path}?{query}",
        headers={name: value for name, value in request._headers.items() if name.lower() in names},
    )
    asked.context["timestamp"] = signed["X-Amz-Date"]
    auth = S3SigV4QueryAuth(request._access_key.create_credentials(), request._service, request._region)
    canonical = auth.canonical_request(asked)
    return str(auth.signature(auth.string_to_sign(asked, canonical), asked))


def _has_ended(signed: dict[str, str]) -> bool:
    try:
        begun = datetime.datetime.strptime(signed["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
        return begun + datetime.timedelta(seconds=int(signed["X-Amz-Expires"])) < datetime.datetime.now(datetime.UTC)
    except (KeyError, ValueError):
        return True
