"""A URL as a source: one file whose SHA-256 is known beforehand."""

from __future__ import annotations

from pulumi_modelstore_provider.artifacts.content import FileEntry
from pulumi_modelstore_provider.artifacts.file_names import path_problems
from pulumi_modelstore_provider.artifacts.parts import SMALLEST_PART, plan_parts
from pulumi_modelstore_provider.artifacts.sources.addresses import is_reference, last_segment, resolved_url, shown
from pulumi_modelstore_provider.artifacts.sources.found import Found, FoundFile, Surroundings
from pulumi_modelstore_provider.artifacts.sources.settings import Url
from pulumi_modelstore_provider.artifacts.sources.web import Address, Web
from pulumi_modelstore_provider.artifacts.sources.web_answers import extent
from pulumi_modelstore_provider.artifacts.sources.web_file import WebBytes
from pulumi_modelstore_provider.errors import InvalidSource
from pulumi_modelstore_provider.tokens import resolve_token


def read_url(source: Url, around: Surroundings) -> Found:
    """Ask for the file's size; its digest is what the source says, and what arrives is held to it.

    Raises InvalidSource where the URL gives no name or the server no size, and what the server answers.
    """
    url = resolved_url(source.url, config=around.config)
    path = source.path or last_segment(url)
    problems = path_problems(path) if path else ["the URL ends without a file's name; give it with 'path'"]
    if problems:
        raise InvalidSource(str(source), problems)
    # Of a URL that is a secret, even the path may be the secret part.
    name = f"{source.url} at {shown(url, with_path=False)}" if is_reference(source.url) else shown(url)
    token = resolve_token(source.token, config=around.config) if source.token is not None else None
    address, web = Address(url, name, token), Web()
    answer = web.ask(address, first=0, last=0)
    size, knows_ranges = extent(answer).size, answer.status != 200
    answer.close()
    if size is None:
        reason = (
            "the server does not tell the file's size (no Content-Range, no Content-Length), without which the upload "
            "cannot be planned; download the file and give its path instead"
        )
        raise InvalidSource(str(source), [reason])
    if not knows_ranges and plan_parts(size).part_size > SMALLEST_PART:
        reason = (
            "the server knows no ranges, and a file of that size is sent in parts that are read twice; download it and "
            "give its path instead"
        )
        raise InvalidSource(str(source), [reason])
    entry = FileEntry(path, size, f"sha256:{source.sha256}")
    return Found([FoundFile(entry, WebBytes(web, address, knows_ranges=knows_ranges))], source)
