"""VAST's ledger of keys in a statement's id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.keys.s3_statements import place_of
from pulumi_modelstore_provider.keys.vast_ledger import Ledger, mark_of

_PLACES = st.builds(lambda letter, number: f"{letter}{number}", st.sampled_from("EOS"), st.integers(0, 10**6))
_MARKS = st.text("0123456789abcdef", min_size=12, max_size=12)


@given(
    issued=st.dictionaries(_PLACES, _MARKS, max_size=3),
    pending=st.none() | _PLACES,
    before=st.frozensets(_MARKS, max_size=2),
)
def test_ledger_survives_its_form(issued: dict[str, str], pending: str | None, before: frozenset[str]) -> None:
    ledger = Ledger(issued, pending, before if pending else frozenset())
    assert Ledger.of_sid(ledger.sid) == ledger
    assert ledger.sid.isalnum()
    assert ledger.sid.isascii()


@pytest.mark.parametrize("sid", ["", "Bucket", "VisualEditor0", "I", "IE0H12", "P", "PE"])
def test_id_that_others_wrote_is_an_empty_ledger(sid: str) -> None:
    assert Ledger.of_sid(sid) == Ledger()


def test_key_of_a_run_that_was_killed_before_its_answer_is_told_from_those_before() -> None:
    begun = Ledger.of_sid(Ledger().beginning(place_of("even", 2), ["A"]).sid)
    assert begun.left_over("E2", ["A", "B"]) == ["B"]
    assert begun.left_over("O3", ["A", "B"]) == []
    assert begun.left_over("E2", ["A"]) == []


def test_key_of_a_run_that_was_killed_after_its_answer_is_known_by_its_mark() -> None:
    done = Ledger().beginning("E2", ["A"]).finished("B")
    assert done.left_over("E2", ["A", "B"]) == ["B"]
    assert done.left_over("E4", ["A", "B"]) == []


def test_refused_key_leaves_nothing_pending() -> None:
    assert Ledger().beginning("E2", ["A"]).finished(None).left_over("E2", ["A", "B"]) == []


def test_places_whose_keys_are_gone_are_forgotten() -> None:
    one = Ledger().beginning("E0", []).finished("A")
    two = one.beginning("O1", ["A"]).finished("B")
    assert set(two.issued) == {"E0", "O1"}
    assert set(two.beginning("E2", ["B"]).finished("C").issued) == {"O1", "E2"}
    assert "A" not in two.sid.replace(mark_of("A"), "")
