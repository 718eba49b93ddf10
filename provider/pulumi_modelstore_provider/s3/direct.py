"""Sends what carries an object's bytes on connections of its own; the SDK sends everything else.

A request of the SDK costs two milliseconds, and its body two copies and, over plain HTTP, a SHA-256. Here a request
costs a tenth of that, and the body goes out of the memory that it was read into. Arguments, answers and errors are the
SDK's. Whatever is unusual goes through the SDK: a proxy, a redirect to another region, a store that does not take an
unsigned body.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_modelstore_provider.metering import pass_at_once
from pulumi_modelstore_provider.s3.addressing import bucket_address
from pulumi_modelstore_provider.s3.breakdowns import breakdowns
from pulumi_modelstore_provider.s3.connections import HttpConnections, trust
from pulumi_modelstore_provider.s3.direct_request import DirectRequest, Way
from pulumi_modelstore_provider.s3.http1_answers import HttpAnswer
from pulumi_modelstore_provider.s3.signing import RequestSigner
from pulumi_modelstore_provider.stores.bodies import RangeBody
from pulumi_modelstore_provider.stores.started import Started
from pulumi_modelstore_provider.time_limits import TimeLimits, time_limits

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_SUMS = {"ChecksumCRC32": "x-amz-checksum-crc32"}
_AGAIN = {408, 429, 500, 502, 503, 504}
_AGAIN_CODES = {"RequestTimeout", "RequestTimeoutException", "SlowDown", "Throttling", "RequestLimitExceeded"}
_LONGEST_WAIT = 20.0
_ABOUT_THE_WAY = {
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TemporaryRedirect",
    "XAmzContentSHA256Mismatch",
}
_ABOUT_THE_BYTES = {"BadDigest", "IncompleteBody", "InvalidDigest"}
_PERHAPS_ABOUT_THE_WAY = {400, 401, 403, 405, 411, 501}


class DirectRequests:
    """PutObject and UploadPart of one bucket, with the SDK's arguments and answers; threads may share it."""

    def __init__(self, client: Any, way: Way | None = None) -> None:
        """Send by `way`; where there is none, all goes through the SDK."""
        self._client, self._way = client, way
        self._proven = False

    @property
    def way(self) -> Way | None:
        """How they go; None where all goes through the SDK."""
        return self._way

    def start_put(self, arguments: dict[str, Any]) -> Started[Mapping[str, Any]]:
        """Begin what the client's `put_object` does with `arguments`; the body has to stay as it is until then.

        It is sent at once where this way has proven itself.
        """
        way, request, answered_on = self._way, None, None
        if way is not None and self._proven:
            request = DirectRequest(way, arguments)
            try:
                sent = request.send()
                # Of an answer that came before, some may have been read already, and nothing more may come.
                answered_on = sent.connection.fileno() if sent.whole else None
            except breakdowns():
                # It is sent anew when the answer is wanted.
                request = None
        return Started(lambda: self._ask("PutObject", self._client.put_object, arguments, request), answered_on)

    def upload_part(self, **arguments: Any) -> Mapping[str, Any]:
        """Do what the client's `upload_part` does."""
        return self._ask("UploadPart", self._client.upload_part, arguments)

    def _ask(
        self,
        operation: str,
        through_sdk: Callable[..., Mapping[str, Any]],
        arguments: dict[str, Any],
        request: DirectRequest | None = None,
    ) -> Mapping[str, Any]:
        """Send it here; what may have been refused for the way it came goes through the SDK as well."""
        if request is None:
            way = self._way
            if way is None:
                return _through(through_sdk, arguments)
            request = DirectRequest(way, arguments)
        try:
            answer = self._send(operation, request)
        except _refusal() as refusal:
            code = refusal.response["Error"].get("Code", "")
            status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
            unproven = not self._proven and status in _PERHAPS_ABOUT_THE_WAY and code not in _ABOUT_THE_BYTES
            if not unproven and code not in _ABOUT_THE_WAY:
                raise
            # Where the SDK is refused as well, that is the answer, and this way is none the worse.
            answer = _through(through_sdk, arguments)
            self._way = None
        else:
            self._proven = True
        return answer

    def _send(self, operation: str, request: DirectRequest) -> Mapping[str, Any]:
        attempts = request.way.attempts
        for attempt in range(1, attempts + 1):
            try:
                answer = request.answer()
                parsed = self._parsed(operation, answer)
            except breakdowns():
                if attempt == attempts:
                    raise
            else:
                if answer.status < 300:
                    return parsed
                again = answer.status in _AGAIN or parsed["Error"].get("Code") in _AGAIN_CODES
                if not again or attempt == attempts:
                    raise _refusal()(parsed, operation)
            time.sleep(min(random.random() * 2 ** (attempt - 1), _LONGEST_WAIT))  # noqa: S311 - no secret
        raise AssertionError("the last attempt returns or raises")

    def _parsed(self, operation: str, answer: HttpAnswer) -> Mapping[str, Any]:
        etag = answer.headers.get("etag")
        if answer.status == 200 and etag is not None and not answer.body:
            return {"ETag": etag} | {key: answer.headers[name] for key, name in _SUMS.items() if name in answer.headers}
        return self._by_the_sdk(operation, answer)

    def _by_the_sdk(self, operation: str, answer: HttpAnswer) -> Mapping[str, Any]:
        """Have the SDK read the answer, with all who watch over its answers."""
        from botocore.awsrequest import HeadersDict
        from botocore.parsers import create_parser

        model = self._client.meta.service_model.operation_model(operation)
        response = {
            "headers": HeadersDict(answer.headers),
            "status_code": answer.status,
            "context": {"operation_name": operation},
            "body": answer.body,
        }
        further: dict[str, Any] = {}
        self._client.meta.events.emit(
            f"before-parse.s3.{operation}",
            operation_model=model,
            response_dict=response,
            customized_response_dict=further,
        )
        parsed: dict[str, Any] = create_parser("rest-xml").parse(response, model.output_shape)
        return parsed | further


def _refusal() -> type[ClientError]:
    from botocore import exceptions

    kind: type[ClientError] = exceptions.ClientError
    return kind


def _through(sdk: Callable[..., Mapping[str, Any]], arguments: dict[str, Any]) -> Mapping[str, Any]:
    """Have the SDK send it; it takes no memory but bytes, and files."""
    body = arguments["Body"]
    pass_at_once(len(body))
    if isinstance(body, memoryview):
        view = body
        body = RangeBody(len(view), lambda start: iter((view[start:],) if start < len(view) else ()))
    return sdk(**arguments | {"Body": body})


def direct_requests(
    client: Any, bucket: str, session: Any, verify: bool | str | None, *, limits: TimeLimits | None = None
) -> DirectRequests:
    """Return the requests for `bucket`; through the SDK behind a proxy, and where it is unusually configured.

    `session` has the credentials of `client`; `verify` is what the client was made with.
    """
    from botocore.utils import get_environ_proxies

    address = bucket_address(client, bucket)
    keys = session.get_credentials()
    if address is None or keys is None or client.meta.config.proxies or get_environ_proxies(address.url("")):
        return DirectRequests(client)
    limits = limits or time_limits()
    if verify is None:
        # AWS_CA_BUNDLE or a profile's: the SDK looks there by itself, and tells nobody.
        verify = session._session.get_config_variable("ca_bundle")
    connections = HttpConnections(address, limits=limits, trust=lambda: trust(verify))
    signer = RequestSigner(keys.get_frozen_credentials, client.meta.region_name)
    return DirectRequests(client, Way(address, signer, connections, limits.attempts))
