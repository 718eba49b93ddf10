"""Does the store notice what was damaged on the way, and which checksums does it compute."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pulumi_modelstore_provider.doctor.findings import NothingToTry, Unsupported
from pulumi_modelstore_provider.doctor.subject import CONTENT, CONTENT_TYPE, Subject
from pulumi_modelstore_provider.errors import StoreRefused
from pulumi_modelstore_provider.stores.protocol import StoreSums

_DAMAGED = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
_BAD_REQUEST = 400


def noticed(subject: Subject) -> str:
    """Send other bytes than the checksum beside them is of: the store has to refuse them."""
    known = subject.store.head(subject.object_key("object"))
    computed = _names(known.sums if known else StoreSums())
    key = subject.object_key("damaged")
    for name, send in _ways(subject.store):
        try:
            send(key)
        except StoreRefused as refusal:
            if refusal.status != _BAD_REQUEST:
                raise
            return f"damaged bytes refused by {name}: {refusal.code}; computes {computed}"
    raise Unsupported(
        f"damaged bytes accepted; computes {computed}",
        "Nothing to do: uploads are compared with what the store computed, and read back where it computes nothing",
    )


def _names(sums: StoreSums) -> str:
    names = {"CRC32": sums.crc32, "CRC32C": sums.crc32c, "MD5": sums.md5}
    return ", ".join(name for name, value in names.items() if value) or "none that it tells"


def _ways(store: Any) -> Iterator[tuple[str, Callable[[str], None]]]:
    """Sending with each checksum that the family of stores knows, by its own client: the package sends none damaged."""
    from pulumi_modelstore_provider.s3.objects import Objects

    if isinstance(store, Objects):
        if store.sends_crc32:
            yield "CRC32", partial(_to_s3, store, store.guarded(CONTENT))
        yield "MD5", partial(_to_s3, store, store.guarded_by_md5(CONTENT))
        return
    family = type(store).__module__.split(".")[1]
    if family == "azure":
        yield "MD5", partial(_to_azure, store)
    elif family == "gcs":
        yield "CRC32C", partial(_to_gcs, store)
    else:
        raise NothingToTry("no way is known to send damaged bytes there")


def _to_s3(store: Any, checksum: Mapping[str, str], key: str) -> None:
    from pulumi_modelstore_provider.s3.failures import asking

    with asking("Damaged bytes were sent", on=store.url(key)):
        store.client.put_object(Bucket=store.bucket, Key=key, Body=_DAMAGED, ContentType=CONTENT_TYPE, **checksum)


def _to_azure(store: Any, key: str) -> None:
    from pulumi_modelstore_provider.azure.failures import asking

    digest = base64.b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode("ascii")
    with asking("Damaged bytes were sent", on=store.url(key)):
        store.container.get_blob_client(key).upload_blob(
            _DAMAGED, length=len(_DAMAGED), overwrite=True, headers={"Content-MD5": digest}
        )


def _to_gcs(store: Any, key: str) -> None:
    import google_crc32c

    from pulumi_modelstore_provider.crc32 import crc32_text
    from pulumi_modelstore_provider.gcs.failures import asking

    blob = store.handle.blob(key)
    blob.crc32c = crc32_text(google_crc32c.value(CONTENT))
    with asking("Damaged bytes were sent", on=store.url(key)):
        blob.upload_from_string(_DAMAGED, content_type=CONTENT_TYPE, retry=None)
