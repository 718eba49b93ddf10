"""boto3 clients to the sandbox's AWS: where they connect, how long they wait, and what their errors become."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pulumi_modelstore_sandbox.aws.endpoint import DEFAULT_REGION, AwsEndpoint
from pulumi_modelstore_sandbox.aws.errors import AwsRefused, AwsUnreachable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60
ATTEMPTS: Final = 4

_MISSING_CODES: Final = frozenset(
    {
        "404",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "NotFound",
        "OwnershipControlsNotFoundError",
        "ResourceNotFoundException",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


@dataclass(frozen=True)
class Settings:
    """The provider's configuration, as far as the sandbox follows it."""

    region: str = DEFAULT_REGION
    default_tags: Mapping[str, str] = field(default_factory=dict)


class AwsClients:
    """Clients by service and region, each made once; boto3's clients may be used from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._started: AwsEndpoint | None = None

    def s3(self, region: str | None = None) -> Any:
        """Return a client of S3 for a region, the provider's own when it is None."""
        return self._client("s3", region or self.settings.region)

    def dynamodb(self, region: str | None = None) -> Any:
        """Return a client of DynamoDB for a region, the provider's own when it is None."""
        return self._client("dynamodb", region or self.settings.region)

    def iam(self) -> Any:
        """Return a client of IAM."""
        return self._client("iam", self.settings.region)

    def sts(self) -> Any:
        """Return a client of STS."""
        return self._client("sts", self.settings.region)

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._made(service, region)
            return self._clients[service, region]

    def _made(self, service: str, region: str) -> Any:
        import boto3
        from botocore.config import Config

        url = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
        # A key in the provider's own configuration is a real account's: the sandbox's AWS does not know it.
        key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if not url:
            endpoint = self._running()
            url = (endpoint.iam_url if service == "iam" else None) or endpoint.url
            key, secret = endpoint.access_key_id, endpoint.secret_access_key
        _refuse_real_aws(url)
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            s3={"addressing_style": "path"},
            # As many as the engine's parallel steps.
            max_pool_connections=32,
        )
        return boto3.session.Session().client(
            service,
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=config,
        )

    def _running(self) -> AwsEndpoint:
        """Start the sandbox's AWS: nobody has, where the Pulumi CLI started this provider by itself."""
        from pulumi_modelstore_sandbox.aws.server import ensure_running
        from pulumi_modelstore_sandbox.state.home import Home

        if self._started is None:
            self._started = ensure_running(Home.nearest().path)
        return self._started


def _refuse_real_aws(url: str) -> None:
    host = urlsplit(url).hostname or ""
    if host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws")):
        raise AwsRefused(
            "The sandbox's provider does not work on the real AWS",
            on=url,
            remedy="Deploy there with the Pulumi CLI and its own AWS provider, or unset AWS_ENDPOINT_URL",
        )


@contextmanager
def asking(doing: str, on: str, remedies: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run calls to AWS; raise AwsRefused or AwsUnreachable that say what was being done, on what.

    `remedies` says what to do about an error, by AWS's code of it.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error_code(error)
        answer = error.response.get("Error", {}).get("Message") or "no further words"
        raise AwsRefused(
            f"AWS did not {doing}", on=on, answer=f"{code}: {answer}", remedy=(remedies or {}).get(code, ""), code=code
        ) from error
    except BotoCoreError as error:
        raise AwsUnreachable(
            f"AWS could not be asked to {doing}",
            on=on,
            answer=str(error),
            remedy="See whether AWS_ENDPOINT_URL names a server that is up; every sandbox command starts its own",
        ) from error


def error_code(error: ClientError) -> str:
    """Return AWS's own name of an error."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def unless_missing() -> Iterator[None]:
    """Run calls to AWS; what they ask about may be gone (a real 404, nothing else)."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error_code(error) not in _MISSING_CODES:
            raise
