"""`ExistingValkey`: a Valkey or Redis server that is there already."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pulumi

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import InvalidArguments, Refusal

_SCHEMES = ("valkey", "valkeys", "redis", "rediss")


@dataclass(frozen=True)
class ExistingValkey:
    """A server that somebody else runs: Valkey, or Redis 7.0 or newer, and no cluster of them.

    A queue loses nothing only where that server has `appendonly yes` and `appendfsync always`; with another setting
    what it took in the last second or two goes when it is killed. It must evict no key: `maxmemory-policy noeviction`.

    Args:
        url: such as `valkeys://cache.example.org:6379/0`, with the s over TLS; no password in it.
        password: kept as a Pulumi secret also where it is a plain string; None where the server asks for none.
        username: of the server's access list; empty for the default user.
    """

    url: pulumi.Input[str]
    password: pulumi.Input[str] | None = field(default=None, repr=False)
    username: str = ""

    @classmethod
    def from_config(cls, key: str, *, config: pulumi.Config | None = None) -> ExistingValkey:
        """The server in the stack's configuration: `<key>Url`, `<key>Username` and, as a secret, `<key>Password`.

        Raises:
            pulumi.ConfigMissingError: where the URL is not set.
            InvalidArguments: where the password is in the configuration in clear: engines copy that into the state.
        """
        config = config or pulumi.Config()
        name = f"{key}Password"
        existing = cls(config.require(f"{key}Url"), config.get_secret(name), config.get(f"{key}Username") or "")
        if config.get(name) is not None and not pulumi.runtime.is_config_secret(config.full_key(name)):
            remedy = f"Set it with: pulumi config set --secret {name}"
            problem = Problem(name, "is in the configuration in clear, and from there in the state", remedy)
            raise InvalidArguments([Refusal("configuration", key, (problem,))])
        return existing

    def problems(self) -> list[Problem]:
        """Everything wrong with it; its password is in none of them."""
        if not is_plain(self.url):
            return []
        remedy = "Write it like valkeys://cache.example.org:6379/0"
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except (ValueError, AttributeError, TypeError):
            return [Problem("url", "is no URL", remedy)]
        if parts.password is not None:
            return [Problem("url", "has a password in it", "Pass the password as password=, from a secret")]
        if parts.scheme not in _SCHEMES or not parts.hostname:
            return [Problem("url", "is none of Valkey or Redis", remedy)]
        if parts.query or parts.fragment:
            return [Problem("url", "has more than host, port and database in it", remedy)]
        if parts.path.strip("/") and not parts.path.strip("/").isdecimal():
            return [Problem("url", "has no number of a database as its path", remedy)]
        return []
