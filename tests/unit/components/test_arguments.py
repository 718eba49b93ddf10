from __future__ import annotations

from decimal import Decimal

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore.arguments.bucket_name import bucket_name_problems
from pulumi_modelstore.arguments.inputs import derive, is_plain
from pulumi_modelstore.arguments.kubernetes import (
    annotations_problems,
    label_name_problems,
    quantity,
    quantity_problems,
    subdomain_name_problems,
)
from pulumi_modelstore_provider.artifacts.layout import validate_bucket
from unit.components.declared import declare


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", Decimal(1)),
        ("500m", Decimal("0.5")),
        ("1.5Gi", Decimal("1.5") * 1024**3),
        ("2G", Decimal(2 * 1000**3)),
        ("1e3", Decimal(1000)),
        ("2E", Decimal(2) * 1000**6),
        ("1Ei", Decimal(1024) ** 6),
        (".5", Decimal("0.5")),
        ("3.", Decimal(3)),
    ],
)
def test_quantities(text: str, amount: Decimal) -> None:
    assert quantity(text) == amount


@pytest.mark.parametrize("text", ["", "-1", "1GB", "1 Gi", "Gi", "1e", "0x1", "1K", "one"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        quantity(text)
    assert len(quantity_problems(text, argument="memory")) == 1


@pytest.mark.parametrize("name", ["a", "team-a", "a" * 63, "0a"])
def test_label_names(name: str) -> None:
    assert label_name_problems(name, argument="x") == []


@pytest.mark.parametrize("name", ["", "A", "a.b", "-a", "a-", "a" * 64, "a_b", 7, None, "a\n"])
def test_what_is_no_label_name(name: object) -> None:
    assert len(label_name_problems(name, argument="x")) == 1


def test_subdomain_names_may_have_dots() -> None:
    assert subdomain_name_problems("aml-vllm-0.11.2-cpu", argument="x") == []
    assert len(subdomain_name_problems("a..b", argument="x")) == 1


def test_annotations_have_a_total_size() -> None:
    assert annotations_problems({"a": "x" * 1000}, argument="annotations") == []
    assert "within 262144 bytes" in str(annotations_problems({"a": "x" * 300_000}, argument="annotations")[0])


@given(st.text(alphabet="abcABC019-._ /", max_size=70))
def test_suggested_bucket_names_are_good_ones(name: str) -> None:
    for problem in bucket_name_problems(name):
        if problem.remedy.endswith("would do"):
            assert validate_bucket(problem.remedy.split("'")[1]) == []


def test_plain_values_stay_plain_and_outputs_become_outputs() -> None:
    def program() -> None:
        assert derive(lambda a, b: f"{a}/{b}", "x", "y") == "x/y"
        later = derive(lambda a, b: f"{a}/{b}", pulumi.Output.from_input("x"), "y")
        assert not is_plain(later)
        pulumi.export("later", later)

    assert declare(program).exports == {"later": "x/y"}
