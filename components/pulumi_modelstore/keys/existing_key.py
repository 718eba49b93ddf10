"""`ExistingKey`: a key that was made outside the stack."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi


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
        """
        config = config or pulumi.Config()
        return cls(config.require(f"{key}AccessKeyId"), config.require_secret(f"{key}SecretAccessKey"))
