"""The arithmetic of volumes: exact quantities, sizes of models, and what classes give."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore import AzureFiles, Filestore, FsxLustre, GcpManagedLustre, ModelSize
from pulumi_modelstore.arguments.kubernetes import quantity, quantity_text
from pulumi_modelstore.volumes.sizing import GIB, size_of_class, with_headroom
from pulumi_modelstore.volumes.storage_class import StorageClassSettings

CLASSES: list[StorageClassSettings] = [
    FsxLustre(),
    *(Filestore(tier=tier) for tier in ("standard", "premium", "zonal", "enterprise")),
    *(GcpManagedLustre(throughput=throughput) for throughput in (1000, 500, 250, 125)),
    AzureFiles(),
]


@given(st.integers(min_value=1, max_value=2**70))
def test_a_number_of_bytes_is_printed_exactly(count: int) -> None:
    assert quantity(quantity_text(count)) == count


@given(st.integers(min_value=1, max_value=10**6), st.sampled_from(["Ki", "Mi", "Gi", "Ti"]))
def test_binary_quantities_come_back_in_the_largest_unit_that_is_exact(number: int, unit: str) -> None:
    text = quantity_text(int(quantity(f"{number}{unit}")))
    assert quantity(text) == quantity(f"{number}{unit}")
    assert number % 1024 == 0 or text == f"{number}{unit}"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("80Gi", 80 * GIB),
        ("1.5Ti", 1536 * GIB),
        ("1e9", 10**9),
        ("500M", 500 * 10**6),
        ("2E", 2 * 10**18),
        ("0.5", 0.5),
    ],
)
def test_quantities_are_read_exactly(text: str, count: float) -> None:
    assert quantity(text) == Decimal(str(count))


@pytest.mark.parametrize(
    ("parameters", "precision", "count"),
    [
        # The source of the rule: 7B at FP16 is about 14 GB, at INT4 about 4 GB with its headroom.
        ("7B", "FP16", 14 * 10**9),
        ("7B", "INT4", 3_500_000_000),
        (7_000_000_000, "BF16", 14 * 10**9),
        ("0.6B", "FP32", 2_400_000_000),
        ("1.2T", "FP8", 1_200_000_000_000),
        ("35B", "INT8", 35 * 10**9),
        ("3", "INT4", 2),
    ],
)
def test_bytes_of_a_model(parameters: str, precision: str, count: int) -> None:
    assert ModelSize(parameters=parameters, precision=precision).bytes == count
    assert ModelSize(parameters=parameters, precision=precision).problems() == []


@pytest.mark.parametrize("parameters", ["", "0", "0B", "-7B", "seven", "7G", "7 B"])
def test_no_number_of_parameters(parameters: str) -> None:
    assert [problem.argument for problem in ModelSize(parameters=parameters).problems()] == ["parameters"]


def test_headroom_is_exact_in_decimal() -> None:
    assert with_headroom(100, 0.15) == 115
    assert with_headroom(14 * 10**9, 0.1) == 15_400_000_000
    assert with_headroom(10**18, 0) == 10**18


@given(st.sampled_from(CLASSES), st.integers(min_value=1, max_value=150 * 1024 * GIB))
def test_a_class_gives_the_smallest_size_that_holds_it(settings: StorageClassSettings, wanted: int) -> None:
    bands = settings.sizes()
    size = size_of_class(wanted, bands)
    if size is None:
        assert all(band.most is not None and band.most < wanted for band in bands)
        return
    assert size >= wanted
    assert size_of_class(size, bands) == size
    smaller = size_of_class(max(1, size - GIB), bands)
    assert smaller == size or (smaller is not None and smaller < wanted), "a size below would have done"


@pytest.mark.parametrize(
    ("settings", "wanted", "given"),
    [
        (FsxLustre(), 16, 1200),
        (FsxLustre(), 1200, 1200),
        (FsxLustre(), 1201, 2400),
        (FsxLustre(), 2401, 4800),
        (Filestore(tier="standard"), 1, 1024),
        (Filestore(tier="premium"), 1, 2560),
        (Filestore(tier="zonal"), 1025, 1280),
        (Filestore(tier="zonal"), 9985, 10240),
        (Filestore(tier="zonal"), 10241, 12800),
        (Filestore(tier="enterprise"), 10241, None),
        (GcpManagedLustre(), 100, 9000),
        (GcpManagedLustre(throughput=125), 72001, 144000),
        (AzureFiles(), 16, 100),
        (AzureFiles(), 101, 101),
    ],
)
def test_sizes_of_classes_in_gib(settings: StorageClassSettings, wanted: int, given: int | None) -> None:
    assert size_of_class(wanted * GIB, settings.sizes()) == (None if given is None else given * GIB)
