"""What a transfer is asked to do, as JSON without a secret: credentials are references to its environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.artifacts.content import files_problems
from pulumi_modelstore_provider.artifacts.layout import validate_version
from pulumi_modelstore_provider.artifacts.sources.settings import SourceSettings
from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings
from pulumi_modelstore_provider.errors import ModelstoreError
from pulumi_modelstore_provider.resources.fields import BucketName, ModelPrefix, one_line
from pulumi_modelstore_provider.stores.connection import Connection

MOST_REQUEST_BYTES = 900 * 1024
"""Size of a request that a ConfigMap still holds: Kubernetes takes 1 MiB with names and metadata."""


class InvalidRequest(ModelstoreError):
    """The request is none: no later attempt will do better."""


class TransferRequest(BaseModel):
    """One version to bring into a store: what an `ArtifactUpload` has, and pinned sources.

    `files` is what the content must be, as of `Content.as_inputs()`; `namespace` is for messages.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    schema_version: Literal[1] = 1
    namespace: str = ""
    connection: Connection
    bucket: BucketName
    model_prefix: ModelPrefix
    version: str
    files: dict[str, str]
    sources: tuple[SourceSettings, ...]
    transfer: TransferSettings | None = None

    @field_validator("version")
    @classmethod
    def _version(cls, value: str) -> str:
        return one_line(value, validate_version(value))

    @field_validator("files")
    @classmethod
    def _files(cls, value: dict[str, str]) -> dict[str, str]:
        return dict(value) if not (problems := files_problems(value)) else _refuse(problems)


def _refuse(problems: dict[str, str]) -> dict[str, str]:
    raise ValueError("; ".join(f"{path}: {problem}" if path else problem for path, problem in problems.items()))


def request_text(document: dict[str, Any]) -> str:
    """Return a request's text, the same for the same request."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_request(path: Path) -> TransferRequest:
    """Read a request. Raises InvalidRequest, which repeats no value of it, when it is none."""
    remedy = "Deploy the stack again with the release that runs here: it writes the request"
    try:
        return TransferRequest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidRequest(f"The request cannot be read: {error.strerror}", on=str(path), remedy=remedy) from None
    except ValidationError as invalid:
        found = [
            f"{'.'.join(map(str, problem['loc'])) or 'request'}: {problem['msg']}"
            for problem in invalid.errors(include_input=False, include_url=False)
        ]
        raise InvalidRequest(f"The request is none: {'; '.join(found)}", on=str(path), remedy=remedy) from None
