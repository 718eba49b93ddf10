"""Where the sandbox's AWS listens, and the environment that leads the AWS SDKs there."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final

DEFAULT_REGION: Final = "us-east-1"

# Settings of a user's own account: they would lead an SDK past the sandbox, or stop it at a profile that is not there.
REAL_ACCOUNT_VARIABLES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


@dataclass(frozen=True, slots=True)
class AwsEndpoint:
    """A stand-in for AWS and the administrator's key to it.

    `iam_url` is None where IAM answers at `url` as well. `notice` is a sentence for the user when the stand-in does not
    hold what it held before, else None.
    """

    url: str
    access_key_id: str
    secret_access_key: str
    region: str = DEFAULT_REGION
    iam_url: str | None = None
    notice: str | None = None

    def __repr__(self) -> str:
        return f"AwsEndpoint({self.url!r}, {self.access_key_id!r}, [secret], region={self.region!r})"


def environment(endpoint: AwsEndpoint) -> dict[str, str]:
    """Return the AWS_* variables that point every AWS SDK at `endpoint`, and nowhere else."""
    return {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ENDPOINT_URL_S3": endpoint.url,
        "AWS_ENDPOINT_URL_IAM": endpoint.iam_url or endpoint.url,
        "AWS_ACCESS_KEY_ID": endpoint.access_key_id,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_access_key,
        "AWS_REGION": endpoint.region,
        "AWS_DEFAULT_REGION": endpoint.region,
        # Without it a missing key makes botocore wait for an instance's metadata address.
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def apply(endpoint: AwsEndpoint, environ: MutableMapping[str, str]) -> None:
    """Point `environ` at `endpoint`: set `environment(endpoint)`, drop the user's own account, keep proxies out."""
    for name in REAL_ACCOUNT_VARIABLES:
        environ.pop(name, None)
    environ.update(environment(endpoint))
    environ.update(_without_proxy(environ))


def _without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """Add the loopback address to the hosts that no proxy serves, in both spellings of the variable."""
    hosts = [host for host in (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(",") if host]
    value = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
    return {"NO_PROXY": value, "no_proxy": value}
