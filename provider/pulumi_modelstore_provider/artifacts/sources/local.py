"""A file or folder on this machine as a source."""

from __future__ import annotations

from pulumi_modelstore_provider.artifacts.local_files import LocalFile
from pulumi_modelstore_provider.artifacts.source import locate, scan
from pulumi_modelstore_provider.artifacts.sources.found import Found, FoundFile, Surroundings
from pulumi_modelstore_provider.artifacts.sources.settings import LocalFiles
from pulumi_modelstore_provider.errors import SourceUnavailable


def read_local(source: LocalFiles, around: Surroundings) -> Found:
    """Read it. Raises SourceUnavailable where nothing is there, and InvalidSource with all other problems at once."""
    root = locate(source.path, base=around.base)
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError):
        hint = "" if str(root) == source.path else f" (looked for {root})"
        raise SourceUnavailable(source.path, [f"there is no such file or folder{hint}"]) from None
    except (OSError, ValueError):
        # What cannot be looked at has a reason, which the scan tells.
        pass
    content, listing = scan(source.path, base=around.base, cache=around.cache, taken=around.taken_of(source))
    places = {file.path: file.realpath for file in listing.files}
    files = [FoundFile(entry, LocalFile(places[entry.path])) for entry in content.files]
    return Found(files, source, ignored=listing.ignored)
