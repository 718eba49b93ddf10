"""Settings of the places that files come from, told apart by `kind`: plain JSON for a stack's inputs and for a Job.

None of them holds a secret: tokens, key pairs and signed URLs are given by reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, field_validator
from pydantic.alias_generators import to_camel

from pulumi_modelstore_provider.artifacts.file_names import path_problems
from pulumi_modelstore_provider.artifacts.layout import validate_bucket
from pulumi_modelstore_provider.artifacts.sources.addresses import valid_url_or_reference
from pulumi_modelstore_provider.stores.connection import Connection
from pulumi_modelstore_provider.stores.endpoint import valid_endpoint
from pulumi_modelstore_provider.tokens import TokenReference

HUB = "https://huggingface.co"
"""The hub that is meant where none is named."""

_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"[^\x00-\x20\x7f?#%\\]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _folder(value: str) -> str:
    value = value.strip("/")
    return _path(value) if value else ""


def _path(value: str) -> str:
    problems = path_problems(value)
    if problems:
        raise ValueError("; ".join(problems))
    return value


def _repository(value: str) -> str:
    if not _REPOSITORY.fullmatch(value) or "--" in value or ".." in value or value.endswith(".git"):
        raise ValueError("a repository is written as 'owner/name', as in its address on the hub")
    return value


def _revision(value: str) -> str:
    if not _REVISION.fullmatch(value):
        raise ValueError("a revision is a branch, a tag or a commit's 40 hex digits")
    return value


def _digest(value: str) -> str:
    value = value.removeprefix("sha256:").lower()
    if not _SHA256.fullmatch(value):
        raise ValueError("a sha256 has 64 hex digits; see what the publisher says, or run 'sha256sum' on the file")
    return value


def _patterns(value: tuple[str, ...]) -> tuple[str, ...]:
    if any(not pattern for pattern in value):
        raise ValueError("a pattern cannot be empty")
    return value


def _bucket(value: str) -> str:
    # Containers and buckets of other stores have narrower rules, which those stores tell of.
    problems = validate_bucket(value)
    if problems:
        raise ValueError("; ".join(problems))
    return value


Patterns: TypeAlias = Annotated[tuple[str, ...], AfterValidator(_patterns)]
"""Shell patterns of paths (`*` also matches slashes); one that ends in a slash means all below it."""

Folder: TypeAlias = Annotated[str, AfterValidator(_folder)]
"""A folder of the artifact; empty for its root."""


class Source(BaseModel):
    """What all sources have: `into` is the folder of the artifact that the files go into, empty for its root."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    into: Folder = ""

    def to_inputs(self) -> dict[str, Any]:
        """Return the settings as plain JSON; what is unset is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def __str__(self) -> str:
        return type(self).__name__


class LocalFiles(Source):
    """A file or folder on the machine where it is read; a relative `path` counts from the program's folder."""

    kind: Literal["local"] = "local"
    path: str = Field(min_length=1)

    def __str__(self) -> str:
        return self.path


class HuggingFace(Source):
    """Files of a model repository on the Hugging Face hub.

    `revision` is a branch, a tag or a commit; a pinned source has a commit. `allow` and `ignore` are patterns as
    `huggingface_hub.snapshot_download` takes them. `token` refers to a token; `default` means where `huggingface_hub`
    looks (HF_TOKEN, or what `hf auth login` has kept), None to ask without one. `endpoint` is that of another hub or a
    mirror; unset, HF_ENDPOINT or the hub's own.
    """

    kind: Literal["huggingface"] = "huggingface"
    repo: Annotated[str, AfterValidator(_repository)]
    revision: Annotated[str, AfterValidator(_revision)] = "main"
    allow: Patterns = ()
    ignore: Patterns = ()
    token: TokenReference | None = "default"
    endpoint: Annotated[str, AfterValidator(lambda value: valid_endpoint(value, with_path=True))] | None = None

    @field_validator("token", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value

    def to_inputs(self) -> dict[str, Any]:
        """Return the settings as plain JSON. No token is an empty one: an input that is left out means the default."""
        return super().to_inputs() | ({"token": ""} if self.token is None else {})

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit, which no push can move."""
        return bool(_COMMIT.fullmatch(self.revision))

    def __str__(self) -> str:
        place = "" if self.endpoint is None else f" at {self.endpoint}"
        return f"Hugging Face repository {self.repo}@{self.revision}{place}"


class BucketObjects(Source):
    """Objects of a bucket on any store, reached as `connection` says, with the credentials that it refers to.

    `prefix` is a folder, whose objects' paths count from there, or the key of one object; a slash at the end makes it a
    folder only. Empty means the whole bucket. `allow` and `ignore` are patterns over those paths.
    """

    kind: Literal["bucket"] = "bucket"
    connection: Connection
    bucket: Annotated[str, AfterValidator(_bucket)]
    prefix: str = ""
    allow: Patterns = ()
    ignore: Patterns = ()

    def __str__(self) -> str:
        place = self.connection.address
        return f"{self.connection.scheme}://{self.bucket}/{self.prefix}" + (f" at {place}" if place != "aws" else "")


class Url(Source):
    """One file behind an HTTP or HTTPS address, whose SHA-256 is known beforehand.

    `url` holds no user, password or signature; one that does is given by reference, as `env:VARIABLE` or `config:KEY`.
    `sha256` are 64 hex digits. `path` is the file's name in the artifact; unset, the last part of the URL's path.
    `token` refers to a token that is sent as `Authorization: Bearer`, to the URL's own host alone.
    """

    kind: Literal["url"] = "url"
    url: Annotated[str, AfterValidator(valid_url_or_reference)]
    sha256: Annotated[str, AfterValidator(_digest)]
    path: Annotated[str, AfterValidator(_path)] | None = None
    token: Annotated[TokenReference, AfterValidator(lambda value: _named(value))] | None = None  # noqa: PLW0108

    def __str__(self) -> str:
        return self.url


def _named(value: str) -> str:
    if value == "default":
        raise ValueError("'default' is for a hub's token; name the secret, as 'env:VARIABLE' or 'config:KEY'")
    return value


SourceSettings: TypeAlias = Annotated[LocalFiles | HuggingFace | BucketObjects | Url, Discriminator("kind")]
"""Any source's settings."""

SourcesInput: TypeAlias = Annotated[
    Annotated[str, Tag("path")] | Annotated[tuple[SourceSettings, ...], Tag("sources")],
    Discriminator(lambda value: "sources" if isinstance(value, list | tuple) else "path"),
]
"""What a resource takes: the path of a local file or folder, or any sources."""

_SOURCES: TypeAdapter[tuple[SourceSettings, ...]] = TypeAdapter(
    tuple[SourceSettings, ...], config=ConfigDict(hide_input_in_errors=True)
)


def parse_sources(value: Sequence[Any]) -> tuple[SourceSettings, ...]:
    """Read what `to_inputs` wrote. Raises pydantic's ValidationError, which does not repeat the values."""
    return _SOURCES.validate_python(value)
