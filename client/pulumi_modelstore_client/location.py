"""Where a store is and with what it is opened, as the environment of a pod says it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pulumi_modelstore_client.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Location:
    """A store's address and credentials; the secret parts are left out of `repr`.

    Args:
        url: parts of the address; no password stands in it.
        options: what follows the question mark.
        username: of Valkey's or Redis's access lists; empty for the default user.
        password: of the same; empty where the server asks for none.
        access_key_id: of AWS or an S3 endpoint; empty for the SDK's own chain. On Azure it is a name alone.
        secret_access_key: goes with it; on Azure a SAS token or the account's key.
        ca_file: PEM file with the certificates that the server's own descends from; empty for the usual ones.
        variable: the environment variable that named it, for messages.
    """

    url: SplitResult
    options: Mapping[str, str]
    username: str = ""
    password: str = field(default="", repr=False)
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    ca_file: str = ""
    variable: str = "the URL"

    @property
    def engine(self) -> str:
        """The URL's scheme: `valkey`, `rediss`, `dynamodb`, `sqs`, `s3`, `azure`."""
        return self.url.scheme

    @property
    def place(self) -> str:
        """The address for messages."""
        return f"{self.url.scheme}://{self.url.netloc}{self.url.path}"

    def option(self, name: str) -> str:
        """What follows `name=` in the URL; empty where it is not there."""
        return self.options.get(name, "")


def location(
    url: str,
    *,
    username: str = "",
    password: str = "",
    access_key_id: str = "",
    secret_access_key: str = "",
    ca_file: str = "",
    variable: str = "the URL",
) -> Location:
    """Take a URL apart. Raises InvalidRequest, which does not repeat it, where it is none or has a password in it."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        _ = parts.port
    except ValueError:
        raise InvalidRequest(
            f"{variable} cannot be read as a URL", remedy="Write it like valkey://host:6379/0?store=name"
        ) from None
    if parts.password is not None:
        raise InvalidRequest(
            f"{variable} has a password in it",
            remedy="Give the password in the variable of its own, which no log and no process list shows",
        )
    return Location(
        parts, options, username or parts.username or "", password, access_key_id, secret_access_key, ca_file, variable
    )


def from_environment(prefix: str, environ: Mapping[str, str] | None = None) -> Location:
    """Read `<prefix>_URL` and, where they are set, `<prefix>_USERNAME`, `_PASSWORD`, `_ACCESS_KEY_ID`,
    `_SECRET_ACCESS_KEY` and `_CA_FILE`.

    Raises InvalidRequest where the URL is not set or is none.
    """  # noqa: D205 - the names read better in one sentence
    known = os.environ if environ is None else environ
    variable = f"{prefix}_URL"
    if not known.get(variable):
        raise InvalidRequest(
            f"{variable} is not set",
            remedy="Have the pod take its environment from the store's Secret: envFrom with a secretRef",
        )
    return location(
        known[variable],
        username=known.get(f"{prefix}_USERNAME", ""),
        password=known.get(f"{prefix}_PASSWORD", ""),
        access_key_id=known.get(f"{prefix}_ACCESS_KEY_ID", ""),
        secret_access_key=known.get(f"{prefix}_SECRET_ACCESS_KEY", ""),
        ca_file=known.get(f"{prefix}_CA_FILE", ""),
        variable=variable,
    )


def unknown_engine(place: Location, allowed: str) -> InvalidRequest:
    """What is raised for a scheme that the client does not speak."""
    return InvalidRequest(
        f"{place.variable} names the engine {place.engine!r}", remedy=f"This client speaks to {allowed}"
    )
