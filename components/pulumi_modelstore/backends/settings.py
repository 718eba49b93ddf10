"""What the settings of all backends have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pulumi
from pydantic import PlainValidator

from pulumi_modelstore.arguments.problem import Problem
from pulumi_modelstore.arguments.settings import CheckedSettings

if TYPE_CHECKING:
    from pulumi_modelstore.backends.access_log import AccessLog


def _text_or_output(value: Any) -> Any:
    if not isinstance(value, str | pulumi.Output):
        raise ValueError(f"{type(value).__name__} is no text")  # noqa: TRY004 - pydantic collects ValueErrors only
    return value


TextInput = Annotated[str | pulumi.Output[Any], PlainValidator(_text_or_output)]
"""A string, or an output of another resource."""


class BackendSettings(CheckedSettings, ABC):
    """Settings of one storage system."""

    no_access_log: ClassVar[str] = "the store has no access log of a single bucket"
    """Why `audit` is refused, for a store that has no access log of a bucket."""

    def audit_problems(self, audit: AccessLog) -> list[Problem]:  # noqa: ARG002 - for the stores that have one
        """What stands against the access log."""
        return [Problem("audit", f"is not to be had: {self.no_access_log}", "Leave it out")]

    no_public_objects: ClassVar[str | None] = "no store of its kind could be tried"
    """Why no part of a bucket can be public; None for a store where a statement of the bucket's policy opens one."""

    opens_by_identity: ClassVar[bool] = False
    """Whether a pod's own role or identity can take the place of a key."""

    def object_problems(self) -> list[Problem]:
        """What stands against objects of applications."""
        return []

    def public_problems(self, path: str) -> list[Problem]:  # noqa: ARG002 - for stores that open certain parts
        """What stands against letting anybody read the objects below a path of the namespace."""
        if self.no_public_objects is None:
            return []
        remedy = 'Use access="private" and URLs that end, or a store whose bucket policies open a part of a bucket'
        return [Problem("access", f"is public, which is not to be had: {self.no_public_objects}", remedy)]

    def adoption_problems(self) -> list[Problem]:
        """What stands against taking the bucket as it is: settings that would change it."""
        return []

    @abstractmethod
    def connection(self) -> pulumi.Input[dict[str, Any]]:
        """The `connection` input of the provider's resources."""

    def key_connection(self) -> pulumi.Input[dict[str, Any]]:
        """The connection with which an issued key is tried: `connection`, unless keys speak to another interface."""
        return self.connection()
