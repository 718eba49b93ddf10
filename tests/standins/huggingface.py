"""A stand-in of the Hugging Face hub: model repositories with branches, gates and tokens; large files on another host.

It answers what huggingface_hub and a browser ask: revisions, trees, `resolve` with ranges, and redirects to signed
addresses of a second server, which stands for the hub's content network.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from standins.files import Answer, Request, WebServer, serving

LARGE = 1000
"""Bytes from which a file is kept by its SHA-256 on the other server, as Git LFS does it."""


@dataclass
class Repository:
    """One repository: the files of each commit, and the branches."""

    commits: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    readers: frozenset[str] | None = None
    """Tokens that may see it; None for everybody."""
    gated: bool = False
    """Everybody sees its listing, and `readers` alone its files."""

    def push(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Commit these files to the branch; return the commit."""
        told = repr((len(self.commits), sorted(files.items()))).encode()
        commit = hashlib.sha1(told).hexdigest()
        self.commits[commit] = dict(files)
        self.branches[branch] = commit
        return commit


@dataclass
class Hub(WebServer):
    """The hub. `storage` holds the large files behind signed addresses; `signature` is the one that it takes now."""

    storage: WebServer = field(default_factory=WebServer)
    repositories: dict[str, Repository] = field(default_factory=dict)
    signature: str = "first"

    def answer(self, request: Request) -> Answer:
        """The answer to one request."""
        self.requests.append(request)
        told = self.before(request)
        if told is not None:
            return told
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if api := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree|auth-check)/?(.*)", request.path):
            return self._api(api[1], api[2], api[3], token)
        if file := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.*)", request.path):
            return self._file(request, file[1], file[2], file[3], token)
        return Answer(404)

    def _api(self, name: str, what: str, revision: str, token: str) -> Answer:
        repository = self.repositories.get(name)
        if repository is None or not self._sees(repository, token):
            return _refused(401, "RepoNotFound", "Repository not found")
        if what == "auth-check":
            return Answer(200) if self._reads(repository, token) else _refused(403, "GatedRepo", "Ask for access")
        commit = repository.branches.get(revision, revision)
        if commit not in repository.commits:
            return _refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if what == "tree":
            return _json([_item(path, body) for path, body in repository.commits[commit].items()])
        return _json({"id": name, "sha": commit, "gated": "manual" if repository.gated else False, "siblings": []})

    def _file(self, request: Request, name: str, revision: str, path: str, token: str) -> Answer:
        repository = self.repositories[name]
        if not self._reads(repository, token):
            return _refused(403, "GatedRepo", "Ask for access")
        commit = repository.branches.get(revision, revision)
        body = repository.commits.get(commit, {}).get(path)
        if body is None:
            return _refused(404, "EntryNotFound", "Entry not found")
        told = {"X-Repo-Commit": commit}
        if len(body) < LARGE:
            answer = self.served(request, body)
            return replace(answer, headers={**answer.headers, **told})
        digest = hashlib.sha256(body).hexdigest()
        self.storage.files[f"/{digest}"] = body
        told |= {"X-Linked-Size": str(len(body)), "X-Linked-ETag": f'"{digest}"'}
        place = f"{self.storage.endpoint}/{digest}?signature={self.signature}"
        return Answer(302, headers={"Location": place, **told})

    def _sees(self, repository: Repository, token: str) -> bool:
        return repository.gated or repository.readers is None or token in repository.readers

    def _reads(self, repository: Repository, token: str) -> bool:
        return repository.readers is None or token in repository.readers


def _item(path: str, body: bytes) -> dict[str, Any]:
    blob = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
    found: dict[str, Any] = {"type": "file", "path": path, "oid": blob, "size": len(body)}
    if len(body) >= LARGE:
        found["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 134}
    return found


def _json(content: Any) -> Answer:
    return Answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})


def _refused(status: int, code: str, message: str) -> Answer:
    return Answer(status, headers={"X-Error-Code": code, "X-Error-Message": message})


@contextmanager
def huggingface_hub() -> Iterator[Hub]:
    """Run the hub and its storage."""
    hub = Hub()

    def signed(request: Request) -> Answer | None:
        return None if request.query.get("signature") == hub.signature else Answer(403)

    hub.storage.before = signed
    with serving(hub.storage), serving(hub):
        yield hub
