"""What the sandbox's cluster raises."""

from __future__ import annotations

from pulumi_modelstore_provider.errors import ModelstoreError


class ClusterError(ModelstoreError):
    """A Kubernetes object could not be written, read, compared or deleted."""


class NotInSandbox(ClusterError):
    """A resource type or function that only the real Kubernetes provider has."""


class ManifestUnreadable(ClusterError):
    """A file of the manifests folder is not the YAML of one object."""


class ServerUnreachable(ClusterError):
    """No answer came from the API server: wrong address, TLS refused, or time-out."""


class ServerRefused(ClusterError):
    """The API server answered with an error; `status` is the HTTP status, `reason` Kubernetes' own word for it."""

    def __init__(
        self,
        failed: str,
        *,
        on: str = "",
        answer: str = "",
        remedy: str = "",
        status: int = 0,
        reason: str = "",
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__(failed, on=on, answer=answer, remedy=remedy)
        self.status = status
        self.reason = reason
        self.fields = fields
        """Property paths that the server's causes name."""


class FieldConflict(ServerRefused):
    """Another field manager owns a field that this stack declares."""


class UndeclaredField(ServerRefused):
    """The object has a field that its kind does not have."""


class ImmutableField(ServerRefused):
    """A field that the server only accepts at creation has changed: the object must be replaced."""
