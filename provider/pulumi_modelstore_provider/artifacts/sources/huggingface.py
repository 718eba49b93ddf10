"""A Hugging Face repository as a source: its revision pinned to a commit, its recorded digests taken over."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.sources.found import Found, FoundFile, Surroundings
from pulumi_modelstore_provider.artifacts.sources.huggingface_failures import asking_hub, remedies
from pulumi_modelstore_provider.artifacts.sources.patterns import chosen
from pulumi_modelstore_provider.artifacts.sources.remote_digests import RemoteFile, digests_of, identity_of
from pulumi_modelstore_provider.artifacts.sources.settings import HUB, HuggingFace
from pulumi_modelstore_provider.artifacts.sources.web import Address, Web
from pulumi_modelstore_provider.artifacts.sources.web_file import WebBytes
from pulumi_modelstore_provider.credentials import ConfigLookup
from pulumi_modelstore_provider.errors import InvalidSource, SourceChanged, SourceUnavailable, keep_out_of_texts
from pulumi_modelstore_provider.time_limits import time_limits
from pulumi_modelstore_provider.tokens import resolve_token

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo
    from huggingface_hub.hf_api import RepoFile

_CHUNK = 16 << 20


def read_huggingface(source: HuggingFace, around: Surroundings) -> Found:
    """Pin the revision, list the files, and take the digests that the hub has of large ones; small ones are read once.

    Raises SourceUnavailable without a connection or the package, and InvalidSource with what the hub refuses.
    """
    api, token = _client(source, around.config)
    from huggingface_hub import hf_hub_url

    endpoint = api.endpoint
    with asking_hub(source, has_token=token is not None):
        pinned = _pinned(api, source)
        listed = _listed(api, pinned)
    if not listed:
        left = " that allow and ignore leave" if source.allow or source.ignore else ""
        raise InvalidSource(str(source), [f"the repository holds no file{left}"])
    web = Web()
    places = {
        file.path: Address(
            hf_hub_url(source.repo, file.path, revision=pinned.revision, endpoint=endpoint),
            f"{file.path} of {pinned}",
            token,
            remedies(source, has_token=token is not None),
        )
        for file in listed
    }
    small = [_small_file(endpoint, source, file, WebBytes(web, places[file.path])) for file in listed if not file.lfs]
    verb = f"reading small files of {source},"
    digests, problems = digests_of(small, around, verb=verb, taken=around.taken_of(source))
    if problems:
        raise InvalidSource(str(source), problems)
    return Found([_found(file, digests, WebBytes(web, places[file.path])) for file in listed], pinned)


def commit_of(source: HuggingFace, *, config: ConfigLookup | None = None) -> str:
    """Return the commit that the revision stands for now; the hub tells it of gated repositories too.

    Raises SourceUnavailable and InvalidSource as `read_huggingface` does, CredentialsUnavailable without the token.
    """
    api, token = _client(source, config)
    with asking_hub(source, has_token=token is not None):
        return str(_revision(api, source).sha)


def _client(source: HuggingFace, config: ConfigLookup | None) -> tuple[HfApi, str | None]:
    try:
        from huggingface_hub import HfApi
    except ImportError:
        reason = "the Python package huggingface_hub is not installed: pip install 'pulumi-modelstore[huggingface]'"
        raise SourceUnavailable(str(source), [reason]) from None
    endpoint = source.endpoint or os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB
    token = _token(source, config)
    return HfApi(endpoint=endpoint, token=token or False, library_name="pulumi-modelstore"), token


def _token(source: HuggingFace, config: ConfigLookup | None) -> str | None:
    from huggingface_hub import get_token

    if source.token is None:
        return None
    token = resolve_token(source.token, config=config) or get_token()
    if token:
        keep_out_of_texts(token)
    return token


def _pinned(api: HfApi, source: HuggingFace) -> HuggingFace:
    info = _revision(api, source)
    if info.gated:
        # The hub tells everybody what is in a gated repository; whether the files may be read is another question.
        api.auth_check(source.repo)
    return source.model_copy(update={"revision": str(info.sha)})


def _revision(api: HfApi, source: HuggingFace) -> ModelInfo:
    return api.model_info(source.repo, revision=source.revision, timeout=time_limits().read)


def _listed(api: HfApi, source: HuggingFace) -> list[RepoFile]:
    from huggingface_hub.hf_api import RepoFile

    tree = api.list_repo_tree(source.repo, recursive=True, revision=source.revision)
    files = {item.path: item for item in tree if isinstance(item, RepoFile)}
    return [files[path] for path in chosen(files, allow=source.allow, ignore=source.ignore)]


def _found(file: RepoFile, digests: dict[str, str], place: WebBytes) -> FoundFile:
    if file.lfs:
        return FoundFile(FileEntry(file.path, int(file.lfs.size), f"sha256:{file.lfs.sha256}"), place)
    return FoundFile(FileEntry(file.path, int(file.size), digests[file.path]), place)


def _small_file(endpoint: str, source: HuggingFace, file: RepoFile, place: WebBytes) -> RemoteFile:
    def read(count: Callable[[int], None]) -> str:
        whole, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
        buffer = memoryview(bytearray(min(_CHUNK, file.size)))
        with place.of_size(file.size) as opened:
            for offset in range(0, file.size, _CHUNK):
                piece = buffer[: min(_CHUNK, file.size - offset)]
                opened.read_into(offset, piece)
                whole.update(piece)
                blob.update(piece)
                count(len(piece))
        if blob.hexdigest() != file.blob_id:
            raise SourceChanged(
                "The hub sent other bytes than its own listing tells of",
                on=place.name,
                remedy="Run again; if it comes back, look for what lies between the hub and this machine",
            )
        return f"sha256:{whole.hexdigest()}"

    identity = identity_of(f"{endpoint}/{source.repo}#{file.blob_id}", state=file.blob_id, size=file.size)
    return RemoteFile(file.path, identity, read)
