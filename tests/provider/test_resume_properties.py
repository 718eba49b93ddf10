"""Whatever earlier runs have left of a file: exactly the missing parts are sent, and the object is right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provider.recording_proxy import RecordingProxy
from provider.stores import PREFIX, Store, new_bucket, request_for
from provider.whole_version import assert_whole
from pulumi_modelstore_provider.artifacts.layout import version_prefix
from pulumi_modelstore_provider.artifacts.parts import SMALLEST_PART
from pulumi_modelstore_provider.artifacts.upload import upload_version
from pulumi_modelstore_provider.s3.multipart import open_uploads

NAME = "w.safetensors"
SIZES = [SMALLEST_PART, SMALLEST_PART, 1000]
RIGHT, DAMAGED, SHORTER = "right", "damaged", "shorter"

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class Left:
    """An unfinished upload: whether it checks by CRC32, and its parts by number; number 4 is none of the file's."""

    crc32: bool
    parts: dict[int, str]

    @property
    def fits(self) -> bool:
        """Whether it can be gone on with: each of its parts has a place and a size of the file's plan."""
        return all(number <= len(SIZES) and state != SHORTER for number, state in self.parts.items())

    @property
    def missing(self) -> set[int]:
        """The parts that are still to be sent."""
        return {number for number in range(1, len(SIZES) + 1) if self.parts.get(number) != RIGHT}


states = st.sampled_from([RIGHT, RIGHT, DAMAGED, SHORTER])
lefts = st.builds(Left, st.booleans(), st.dictionaries(st.integers(1, 4), states, max_size=4))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resumed")
    body = b"".join(bytes([65 + number]) * size for number, size in enumerate(SIZES))
    (folder / NAME).write_bytes(body)
    return folder


def leave(store: Store, bucket: str, key: str, sha256: str, left: Left) -> None:
    """Begin an upload and send what it has."""
    place = {"Bucket": bucket, "Key": key}
    kind: dict[str, Any] = {"ChecksumAlgorithm": "CRC32"} if left.crc32 else {}
    whole = {**kind, "ChecksumType": "FULL_OBJECT"} if left.crc32 else {}
    begun = store.client.create_multipart_upload(**place, **whole, Metadata={"sha256": sha256})
    for number, state in left.parts.items():
        size = SIZES[number - 1] if number <= len(SIZES) else 500
        body = bytearray(bytes([64 + number]) * (size - (state == SHORTER)))
        if state == DAMAGED:
            body[len(body) // 2] ^= 1
        store.client.upload_part(**place, **kind, UploadId=begun["UploadId"], PartNumber=number, Body=bytes(body))


def allowed(left: list[Left]) -> list[set[int]]:
    """Which sets of parts may be sent: those missing from an upload of the most parts, or all where none will do."""
    candidates = [one for one in left if one.fits and one.parts]
    most = max((len(one.parts) for one in candidates), default=0)
    return [one.missing for one in candidates if len(one.parts) == most] or [{1, 2, 3}]


def test_exactly_the_missing_parts_are_sent(gateway_store: Store, proxy: RecordingProxy, source: Path) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @example([Left(True, {1: RIGHT, 3: RIGHT}), Left(True, {1: RIGHT, 2: DAMAGED, 3: RIGHT})])
    @example([Left(True, dict.fromkeys((1, 2, 3), RIGHT))])
    @example([Left(True, {1: RIGHT, 2: RIGHT, 4: RIGHT}), Left(False, {2: RIGHT})])
    @given(st.lists(lefts, max_size=2))
    def resumed(left: list[Left]) -> None:
        bucket = new_bucket(gateway_store.client)
        fresh = Store(gateway_store.endpoint, bucket, gateway_store.client, gateway_store.credentials)
        request = request_for(source)
        key = f"{version_prefix(PREFIX, request.version)}{NAME}"
        for one in left:
            leave(gateway_store, bucket, key, request.files[NAME][7:71], one)
        proxy.exchanges.clear()
        upload_version(fresh.via(proxy.endpoint).objects, request)
        sent = {int(part.query["partNumber"][0]) for part in proxy.parts}
        assert sent in allowed(left)
        assert len(proxy.parts) == len(sent)
        assert_whole(fresh, request, source)
        assert list(open_uploads(fresh.objects, PREFIX)) == []

    resumed()
