"""Where weights may come from: this machine, a Hugging Face repository, a bucket, the web."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal

from pydantic import ValidationError

from pulumi_modelstore.arguments.inputs import is_plain
from pulumi_modelstore.arguments.problem import Problem, problems_of
from pulumi_modelstore.arguments.settings import CheckedSettings
from pulumi_modelstore.backends.protocol import Backend
from pulumi_modelstore_provider.artifacts.sources.settings import (
    BucketObjects,
    HuggingFace,
    LocalFiles,
    SourceSettings,
    Url,
)


class ArtifactSource(CheckedSettings):
    """What all sources have in common.

    Args:
        into: folder of the artifact that the files go into, so that several sources combine; empty for its root.
    """

    into: str = ""

    @abstractmethod
    def to_settings(self) -> SourceSettings:
        """The provider's form of it, plain JSON without a secret.

        Raises:
            pydantic.ValidationError: where `problems` are left.
        """

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking where the files are."""
        try:
            self.to_settings()
        except ValidationError as error:
            return problems_of(error)
        return []


class LocalFolder(ArtifactSource):
    """A folder, or a single file, on the machine that runs the program.

    Args:
        path: of it; a relative one counts from the program's folder, `~` is the home folder.
    """

    kind: Literal["local"] = "local"
    path: str

    def to_settings(self) -> LocalFiles:
        """The provider's form of it."""
        return LocalFiles(path=self.path, into=self.into)


class HuggingFaceRepository(ArtifactSource):
    """The files of a model repository on the Hugging Face hub.

    A preview pins the revision to a commit and takes the digests that the hub has recorded; weights are read once, when
    they are uploaded.

    Args:
        repo: `owner/name`, as in its address.
        revision: a branch, a tag or a commit.
        allow: patterns of the files to take, such as `("*.safetensors", "*.json")`; empty takes all. `*` also matches
            slashes, and a pattern that ends in a slash means all below it.
        ignore: patterns of files to leave out of those.
        token: where the token is found: `env:VARIABLE`, `config:KEY` of the stack's configuration, or `default`, which
            is HF_TOKEN, what `hf auth login` has kept, or none at all; None asks without a token.
        endpoint: URL of a mirror or of a hub of one's own; unset, HF_ENDPOINT or the hub's own.
    """

    kind: Literal["huggingface"] = "huggingface"
    repo: str
    revision: str = "main"
    allow: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    token: str | None = "default"
    endpoint: str | None = None

    def to_settings(self) -> HuggingFace:
        """The provider's form of it."""
        return HuggingFace(
            repo=self.repo,
            revision=self.revision,
            allow=self.allow,
            ignore=self.ignore,
            token=self.token,
            endpoint=self.endpoint,
            into=self.into,
        )


class BucketFolder(ArtifactSource):
    """Objects of another bucket, on any store.

    Where both buckets are of one store the objects are copied there, without passing through this machine; elsewhere
    they stream through it part by part.

    Args:
        backend: the bucket and how it is reached, such as `AwsS3(...)`, `CloudflareR2(...)` or `S3Compatible(...)`,
            with its own credentials by reference.
        path: a folder in it, or the key of one object; unset, what the backend's `prefix` says. A slash at the end
            makes it a folder only.
        allow: patterns of the paths below it to take; empty takes all.
        ignore: patterns of paths to leave out of those.
    """

    kind: Literal["bucket"] = "bucket"
    backend: Any
    path: str | None = None
    allow: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def to_settings(self) -> BucketObjects:
        """The provider's form of it."""
        prefix = self.path if self.path is not None else self.backend.prefix
        if self.path is None and prefix and not prefix.endswith("/"):
            prefix += "/"
        return BucketObjects(
            connection=self.backend.connection(),
            bucket=self.backend.bucket,
            prefix=prefix,
            allow=self.allow,
            ignore=self.ignore,
            into=self.into,
        )

    def problems(self) -> list[Problem]:
        """Everything wrong with the settings, without asking the store."""
        if not isinstance(self.backend, Backend):
            remedy = "Pass one such as S3Compatible(bucket=..., endpoint=...)"
            return [Problem("backend", f"{type(self.backend).__name__} is no backend", remedy)]
        found = [problem.under("backend") for problem in self.backend.problems()]
        if not is_plain(self.backend.connection()) or not is_plain(self.backend.bucket):
            remedy = "Pass plain values for bucket and endpoint"
            found.append(Problem("backend", "is not known at preview, which lists the objects", remedy))
        return found or super().problems()


class WebFile(ArtifactSource):
    """One file behind an HTTP or HTTPS address.

    Args:
        url: its address; one that holds a user, password or signature only by reference, as `env:VARIABLE` or
            `config:KEY`, for the state keeps in clear what stands here.
        sha256: its SHA-256, 64 hex digits, as its publisher tells it.
        path: its name in the artifact; unset, the last part of the URL's path.
        token: where a token is found that the address asks for (`Authorization: Bearer`): `env:VARIABLE` or
            `config:KEY`. It is sent to the address's own host alone.
    """

    kind: Literal["url"] = "url"
    url: str
    sha256: str
    path: str | None = None
    token: str | None = None

    def to_settings(self) -> Url:
        """The provider's form of it."""
        return Url(url=self.url, sha256=self.sha256, path=self.path, token=self.token, into=self.into)
