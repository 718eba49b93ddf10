"""Recognises answers that no S3 store gives: web pages, redirects of a proxy, the other end's word on TLS.

The SDK takes some of them for a success, others for an error without a reason, and follows some redirects for ever.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

SAID = "Said"
"""Where an answer that the SDK has parsed holds the text of an error that is not S3's XML."""

_SHOWN = 200
_REDIRECTS = range(301, 400)
_RETRIED = {408, 429, 500, 502, 503, 504}
_PAGE = re.compile(rb"(<!doctype html|<html)", re.IGNORECASE)
_TITLE = re.compile(rb"<(title|h1)[^>]*>\s*(.*?)\s*</", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_PLAIN_TO_TLS = (b"HTTP request to an HTTPS server", b"plain HTTP request was sent to HTTPS port")
_HAS_ETAG = {"PutObject", "GetObject", "HeadObject", "UploadPart"}
_HAS_BODY = {
    "CompleteMultipartUpload",
    "CreateMultipartUpload",
    "ListMultipartUploads",
    "ListObjectsV2",
    "ListParts",
}

_NO_STORE = "Check the endpoint and HTTPS_PROXY: what answered there is no S3 store, or something in front of one"
_NEEDS_TLS = "Write the endpoint with https://, and give the store's CA with ca_bundle where it is not a public one"


class ForeignAnswer(Exception):
    """An answer that no S3 store gives; `answer` says what came, `remedy` what to do, `status` is HTTP's."""

    def __init__(self, answer: str, remedy: str, status: int) -> None:
        super().__init__(answer)
        self.answer = answer
        self.remedy = remedy
        self.status = status


def watch(client: Any, *, follows_regions: bool) -> None:
    """Have the client raise ForeignAnswer for such answers; those that may pass are still asked for again.

    With `follows_regions` redirects are left to the SDK, which finds a bucket's region by them: AWS has many.
    """
    look = functools.partial(_look, follows_regions=follows_regions)
    # Ahead of the handler for `before-parse.s3.*`: the SDK makes an error 500 of a page that came with 200.
    client.meta.events.register_first("before-parse.*.*", look)


def _look(
    operation_model: Any,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    *,
    follows_regions: bool,
    **_: Any,
) -> None:
    status: int = response_dict["status_code"]
    headers: Mapping[str, str] = response_dict["headers"]
    operation: str = operation_model.name
    if status in _REDIRECTS and not follows_regions and "x-amz-bucket-region" not in headers:
        # The SDK asks where the bucket is, is redirected again, and so on.
        target = headers.get("location", "")
        redirect = f"HTTP {status}, a redirect" + (f" to {target}" if target else "")
        raise ForeignAnswer(_spoken(redirect), _NO_STORE, status)
    streams = operation_model.has_streaming_output and status < _REDIRECTS.start
    body: bytes = b"" if streams else (response_dict["body"] or b"").lstrip()
    if any(words in body for words in _PLAIN_TO_TLS):
        raise ForeignAnswer(_spoken(body), _NEEDS_TLS, status)
    if _PAGE.match(body):
        found = _TITLE.search(body)
        page = "a web page" + (f" {_spoken(found[2])!r}" if found else "") + f" (HTTP {status})"
        if status not in _RETRIED:
            raise ForeignAnswer(page, _NO_STORE, status)
        customized_response_dict[SAID] = page
    elif status >= _REDIRECTS.start:
        if body and not body.startswith(b"<"):
            customized_response_dict[SAID] = f"{_spoken(body)} (HTTP {status})"
    elif operation in _HAS_ETAG and "etag" not in headers and not body:
        raise ForeignAnswer(f"HTTP {status} without an ETag", _NO_STORE, status)
    elif operation in _HAS_BODY and not body:
        raise ForeignAnswer(f"HTTP {status} with nothing in it", _NO_STORE, status)


def _spoken(text: str | bytes) -> str:
    """The beginning of a text that somebody else wrote, on one line."""
    if isinstance(text, bytes):
        text = text[: 4 * _SHOWN].decode("utf-8", "replace")
    return " ".join(_TAG.sub(" ", text).split())[:_SHOWN]
