"""A stack's state file, the engine's journal."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pulumi_modelstore_sandbox.engine.journal import PendingOperation
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.engine.values import Secret
from pulumi_modelstore_sandbox.state.deployment import RawDeployment, read_deployment, write_deployment
from pulumi_modelstore_sandbox.state.errors import StateError
from pulumi_modelstore_sandbox.state.file import flush_folder, replace_text
from pulumi_modelstore_sandbox.state.home import Home
from pulumi_modelstore_sandbox.state.properties import Place, Seal, seal_in_clear, tagged
from pulumi_modelstore_sandbox.state.resources import resource_from_json, resource_to_json
from pulumi_modelstore_sandbox.state.sealed import SealedSecret, sealed_places
from pulumi_modelstore_sandbox.state.vault import Vault, nested_secret


def _silent(message: str) -> None:
    """Say nothing."""


class StateFile:
    """The state of one stack; a file that does not exist yet is a stack without resources."""

    def __init__(
        self, path: Path, home: Home, *, configured_salt: str = "", notify: Callable[[str], None] = _silent
    ) -> None:
        """Read the file; raises StateError when it cannot be used.

        `configured_salt` is `encryptionsalt` of Pulumi.<stack>.yaml; `notify` gets at most one sentence, when a
        passphrase is made.
        """
        self.path = path
        self._home = home
        raw = self._read()
        self._rest = raw.rest
        self._vault = Vault(home, str(path), recorded=raw.salt, configured=configured_salt, notify=notify)
        self._in_clear = False
        self._resources, self._pending = self._decode(raw)
        self._texts: dict[int, tuple[ResourceState, str]] = {}
        self._recorded = {
            id(resource): data
            for resource, data in zip(
                [*self._resources, *(operation.resource for operation in self._pending)],
                [*raw.resources, *(operation["resource"] for operation in raw.pending)],
                strict=True,
            )
        }
        self._read_resources = (*self._resources, *self._pending)  # keeps the identities above taken
        self._sealed = dict(sealed_places(self._resources))

    @property
    def has_secrets(self) -> bool:
        """Whether a passphrase was ever needed for this state."""
        return bool(self._vault.salt)

    def prefetch(self) -> None:
        """Begin to derive the key of the secrets, if there are any; returns at once."""
        self._vault.prefetch()

    def require_passphrase(self) -> None:
        """Raise WrongPassphraseError before the first step, not after it, when the secrets cannot be opened."""
        self._vault.verify()

    def snapshot(self) -> Sequence[ResourceState]:
        """Return the recorded resources, each after what it depends on."""
        return list(self._resources)

    def pending(self) -> Sequence[PendingOperation]:
        """Return the steps that an earlier run began and did not end."""
        return list(self._pending)

    def write(self, resources: Sequence[ResourceState], pending: Sequence[PendingOperation]) -> None:
        """Replace the file in one atomic act; a resource that is still the same object costs next to nothing."""
        if not self.path.parent.exists():
            self._home.create()
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        texts: dict[int, tuple[ResourceState, str]] = {}
        lines = [self._text(resource, texts) for resource in resources]
        operations = [
            f'{{"resource": {self._text(operation.resource, texts)}, "type": {json.dumps(operation.type)}}}'
            for operation in pending
        ]
        replace_text(self.path, write_deployment(lines, operations, salt=self._vault.salt, rest=self._rest))
        self._texts = texts
        self._resources, self._pending = list(resources), list(pending)

    def close(self) -> None:
        """Flush the file's name to the disk, once a run."""
        if self.path.exists():
            flush_folder(self.path.parent)

    def export(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the deployment as `pulumi stack export` prints it, secrets encrypted unless `show_secrets`."""
        seal: Seal = seal_in_clear if show_secrets else self._seal
        lines = [json.dumps(resource_to_json(resource, seal)) for resource in self._resources]
        operations = [
            json.dumps({"resource": resource_to_json(operation.resource, seal), "type": operation.type})
            for operation in self._pending
        ]
        exported: dict[str, Any] = json.loads(
            write_deployment(lines, operations, salt=self._vault.salt, rest=self._rest)
        )
        return exported

    def _read(self) -> RawDeployment:
        try:
            return read_deployment(self.path.read_text(encoding="utf-8"), self.path)
        except FileNotFoundError:
            return RawDeployment()
        except (OSError, UnicodeDecodeError) as error:
            raise StateError(f"The state file {self.path} cannot be read: {error}.") from None

    def _decode(self, raw: RawDeployment) -> tuple[list[ResourceState], list[PendingOperation]]:
        try:
            return (
                [resource_from_json(data, self._open) for data in raw.resources],
                [
                    PendingOperation(resource_from_json(operation["resource"], self._open), operation["type"])
                    for operation in raw.pending
                ],
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StateError(f"The state file {self.path} is damaged: {error}.") from None

    def _open(self, data: dict[str, Any]) -> Secret:
        if "ciphertext" in data:
            return self._vault.recorded(data["ciphertext"])
        self._in_clear = True
        return nested_secret(data)

    def _text(self, resource: ResourceState, texts: dict[int, tuple[ResourceState, str]]) -> str:
        known = texts.get(id(resource)) or self._texts.get(id(resource))
        if known is None:
            data = self._recorded.get(id(resource)) if self._keeps_recorded else None
            known = (resource, json.dumps(data or resource_to_json(resource, self._seal)))
        texts[id(resource)] = known
        return known[1]

    @functools.cached_property
    def _keeps_recorded(self) -> bool:
        """Whether what was read may be written as it was: no secret in it is in clear or under another passphrase."""
        return not self._in_clear and (not self._vault.salt or self._vault.keeps_recorded)

    def _seal(self, secret: Secret, place: Place) -> Any:
        """Encrypt a secret, with the ciphertext from before where the value at that place is still the same."""
        before = self._sealed.get(place)
        if isinstance(secret, SealedSecret) and self._vault.keeps(secret):
            sealed = secret
        elif before is not None and self._vault.keeps(before) and before == secret:
            sealed = before
        else:
            sealed = self._vault.seal(secret)
        self._sealed[place] = sealed
        return tagged("ciphertext", sealed.ciphertext)
