"""`ExistingKey`: a key that was made outside the stack."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.refusal import InvalidArguments, Refusal


@dataclass(frozen=True)
class ExistingKey:
    """A key made in the store's own console.

    Args:
        access_key_id: its public part.
        secret_access_key: its secret part; kept as a Pulumi secret also where it is a plain string.
    """

    access_key_id: pulumi.Input[str]
    secret_access_key: pulumi.Input[str] = field(repr=False)

    @classmethod
    def from_config(cls, key: str, *, config: pulumi.Config | None = None) -> ExistingKey:
        """The key pair in the stack's configuration under `<key>AccessKeyId` and, as a secret, `<key>SecretAccessKey`.

        Raises:
            pulumi.ConfigMissingError: where one of the two is not set.
            InvalidArguments: where the secret part is in the configuration in clear: engines copy that into the state.
        """
        config = config or pulumi.Config()
        public, secret = f"{key}AccessKeyId", f"{key}SecretAccessKey"
        existing = cls(config.require(public), config.require_secret(secret))
        if not pulumi.runtime.is_config_secret(config.full_key(secret)):
            remedy = f"Set it with: pulumi config set --secret {secret}"
            problem = Problem(secret, "is in the configuration in clear, and from there in the state", remedy)
            raise InvalidArguments([Refusal("configuration", key, (problem,))])
        return existing
