"""Lists objects on the connections that `direct` sends on: most of the time of a long listing is the SDK reading it.

The first page is the SDK's, and with it most listings. Of the others the plain case is dealt with here, as with ranges:
whatever else comes is nothing, and the SDK asks for that page.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from pulumi_modelstore_provider.metering import UNMETERED
from pulumi_modelstore_provider.s3.breakdowns import breakdowns
from pulumi_modelstore_provider.s3.direct import DirectRequests
from pulumi_modelstore_provider.s3.direct_reads import NOT_ABOUT_THE_WAY, get_head, no_body
from pulumi_modelstore_provider.s3.signing import canonical_query
from pulumi_modelstore_provider.stores.protocol import ListedObject

_ROOT = "ListBucketResult"


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Some objects, and the token of the next page, None on the last one."""

    objects: Sequence[ListedObject]
    following: str | None


class DirectLists:
    """Listings of one bucket; threads may share it."""

    def __init__(self, sender: DirectRequests) -> None:
        """List on the connections of `sender`, as long as it has any."""
        self._sender = sender
        self._usable = True

    def page(self, prefix: str, token: str) -> ListedPage | None:
        """Return the page that `token` leads to; None where that did not come about."""
        way = self._sender.way
        if way is None or not self._usable:
            return None
        query = canonical_query(
            [("continuation-token", token), ("encoding-type", "url"), ("list-type", "2"), ("prefix", prefix)]
        )
        path = way.address.base or "/"
        try:
            answer = way.connections.exchange(way.address.url_of(path), get_head(way, path, query), no_body, UNMETERED)
        except breakdowns():
            return None
        page = _read(answer.body) if answer.status == 200 else None
        # A store that answers otherwise than others is not asked again in this way.
        self._usable = page is not None or answer.status in NOT_ABOUT_THE_WAY
        return page


def _read(body: bytes) -> ListedPage | None:
    """Read a page; None where it is not just what the reference of S3 says."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - as the SDK reads it, from the same store
    except ET.ParseError:
        return None
    space = root.tag.removesuffix(_ROOT)
    if root.tag != f"{space}{_ROOT}":
        return None
    plain = root.findtext(f"{space}EncodingType") != "url"
    key, size, etag, modified = (f"{space}{name}" for name in ("Key", "Size", "ETag", "LastModified"))
    found: list[ListedObject] = []
    try:
        for item in root.iter(f"{space}Contents"):
            name, written = item.findtext(key, ""), item.findtext(modified)
            time = datetime.fromisoformat(written) if written else None
            found.append(
                ListedObject(
                    name if plain else unquote_plus(name),
                    int(item.findtext(size, "")),
                    item.findtext(etag, "").strip('"'),
                    time,
                )
            )
    except ValueError:
        return None
    if not all(item.key for item in found):
        return None
    more = root.findtext(f"{space}IsTruncated", "").strip().lower() == "true"
    return ListedPage(found, root.findtext(f"{space}NextContinuationToken", "") if more else None)
