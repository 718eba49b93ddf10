"""Whatever an earlier run has left in the folder, a download ends with the right file or not at all."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provider.stores import Store
from pulumi_modelstore_provider.artifacts import parts
from pulumi_modelstore_provider.artifacts.content import Content, FileEntry
from pulumi_modelstore_provider.artifacts.partial_file import JOURNAL_SUFFIX, part_name
from pulumi_modelstore_provider.artifacts.pull import pull

SIZE = 1 << 20
COUNT = 4
PLACE = "models/m/v1/"
Left = Literal["nothing", "noted", "written", "damaged"]
"""Of one part: not begun; written and noted; written and the note lost; noted and the bytes lost with the power."""


@dataclass(frozen=True)
class Case:
    store: Store
    entry: FileEntry
    folder: Path
    body: bytes = field(repr=False)


@pytest.fixture
def case(gateway_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """An object of four parts, the last one shorter."""
    monkeypatch.setattr(parts, "SMALLEST_PART", SIZE)
    body = b"".join(bytes([number]) * SIZE for number in range(1, COUNT)) + b"end"
    gateway_store.objects.put(f"{PLACE}w.bin", body, content_type="application/octet-stream")
    entry = FileEntry("w.bin", len(body), f"sha256:{hashlib.sha256(body).hexdigest()}")
    return Case(gateway_store, entry, tmp_path, body)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    left=st.lists(st.sampled_from(["nothing", "noted", "written", "damaged"]), min_size=COUNT, max_size=COUNT),
    cut=st.booleans(),
    in_the_journal=st.binary(max_size=3),
)
def test_any_remains(case: Case, left: list[Left], cut: bool, in_the_journal: bytes) -> None:
    folder = case.folder / secrets.token_hex(8)
    folder.mkdir()
    part = folder / part_name(case.entry)
    pieces = [case.body[start : start + SIZE] for start in range(0, len(case.body), SIZE)]
    states = list(zip(pieces, left, strict=True))
    written = [piece if state in ("noted", "written") else bytes(len(piece)) for piece, state in states]
    part.write_bytes(b"".join(written)[: -1 if cut else None])
    notes = b"".join(b"\1" if state in ("noted", "damaged") else b"\0" for state in left)
    part.with_suffix(JOURNAL_SUFFIX).write_bytes(notes + in_the_journal)

    outcome = pull(case.store.objects, Content((case.entry,)), PLACE, folder)
    assert [path.name for path in folder.iterdir()] == ["w.bin"]
    assert (folder / "w.bin").read_bytes() == case.body, "other bytes"
    kept = sum(len(piece) for piece, state in states if state == "noted")
    if cut:
        assert (outcome.fetched, outcome.resumed) == (len(case.body), 0)
    elif "damaged" not in left:
        assert (outcome.fetched, outcome.resumed) == (len(case.body) - kept, kept)
    else:
        assert outcome.fetched >= len(case.body)
