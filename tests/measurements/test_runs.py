"""The arithmetic of bench/transfers: medians, ratios and who is the best."""

from __future__ import annotations

import functools

import pytest
from bench.transfers import pages
from bench.transfers.loads import LOADS
from bench.transfers.measurement import figures, summaries
from bench.transfers.runs import Run, Runs, best, in_turns, ratio


def runs(client: str, *seconds: float, amount: int = 1000) -> Runs:
    return Runs(client, [Run(amount, taken, peak_bytes=1 << 20) for taken in seconds])


def test_ratio_is_the_median_of_the_rounds_and_not_of_the_medians() -> None:
    ours, other = runs("ours", 1, 2, 4), runs("other", 2, 1, 16)
    assert ratio(ours, other) == 2.0
    assert ratio(ours, runs("other", 3)) == 3.0
    assert ratio(ours, runs("other")) is None


def test_ratio_is_of_rates_where_one_client_did_a_part_of_the_load() -> None:
    assert ratio(runs("ours", 10, amount=1000), runs("slow", 4, amount=100)) == 4.0


def test_best_is_the_highest_median_rate_among_those_that_ran() -> None:
    candidates = [runs("a", 1, 9, 9), runs("b", 3, 3, 3), Runs("c", missing="not installed")]
    found = best(candidates)
    assert found is not None
    assert found.client == "b"
    assert best([Runs("c", missing="not installed")]) is None


def test_clients_take_turns_until_their_time_is_up() -> None:
    order = []

    def client(name: str, seconds: float) -> Run:
        order.append(name)
        return Run(1, seconds)

    def absent() -> Run:
        raise LookupError("the Python package x is not installed")

    found = in_turns(
        {"quick": lambda: client("quick", 1), "slow": lambda: client("slow", 6), "absent": absent}, rounds=3, seconds=10
    )
    assert order == ["quick", "slow", "quick", "slow", "quick"]
    assert found["absent"].summary() == {"missing": "the Python package x is not installed"}
    assert found["slow"].summary()["runs"] == 2


def test_what_the_goals_compare_does_all_rounds() -> None:
    order = []

    def client(name: str, seconds: float) -> Run:
        order.append(name)
        return Run(1, seconds)

    takes = {"ours": 20, "slower peer": 30, "fastest peer": 25, "another": 15}
    found = in_turns(
        {name: functools.partial(client, name, seconds) for name, seconds in takes.items()},
        rounds=3,
        seconds=10,
        always=["ours"],
        contenders=["slower peer", "fastest peer"],
    )
    assert {name: len(one.runs) for name, one in found.items()} == {
        "ours": 3,
        "slower peer": 1,
        "fastest peer": 3,
        "another": 1,
    }


def test_page_tells_rates_ratios_and_what_is_missing() -> None:
    ours, other = runs("ours", 1, amount=1 << 30), runs("raw limit", 0.5, amount=1 << 30)
    clients = {
        "ours": ours.summary() | {"ours_by_it": ratio(ours, ours)},
        "raw limit": other.summary() | {"ours_by_it": ratio(ours, other)},
        "rclone": Runs("rclone", missing="no package").summary() | {"ours_by_it": None},
    }
    page = pages.section(
        {"transfers": {"upload": {"null sink": {"1 x 1 GiB": clients}}}, "upload_http_vs_raw": ratio(ours, other)}
    )
    assert "| raw limit | 2048 | 0.50 | 0.00 | 1 | 0.50 | 1 |" in page
    assert "| rclone | not measured: no package |" in page
    assert "| the same by the raw limit | 0.50 | at least 0.6 |" in page


def test_page_tells_what_digesting_costs_at_least() -> None:
    """4 processor seconds of ours and 2 of the sink on two cores, where the raw limit takes 2 seconds."""
    taken = {
        "ours": Run(1, 2, processor=2),
        "ours, digesting": Run(1, 4, processor=4),
        "raw limit": Run(1, 2, processor=2),
    }
    clients = {name: Runs(name, [run]).summary() | {"ours_by_it": None} for name, run in taken.items()}
    page = pages.section({"machine": {"cores": 2}, "transfers": {"upload": {"null sink": {"1 x 1 GiB": clients}}}})
    assert "costs 2.00 processor seconds here, beside 2.00 for all else and about 2.00 of the sink" in page
    assert "that would be 3.00 seconds: at these costs `ours, digesting` cannot come above about 0.67" in page


@pytest.mark.parametrize("taken", [[1.0, 2.0, 3.0]])
def test_summary_has_medians_and_the_highest_peak(taken: list[float]) -> None:
    summary = runs("ours", *taken, amount=6).summary()
    assert (summary["seconds"], summary["rate"], summary["peak_mib"], summary["runs"]) == (2.0, 3.0, 1.0, 3)


def test_figures_are_of_the_one_large_file_and_the_fastest_peer() -> None:
    large, several, small = LOADS
    measured = {
        "ours": runs("ours", 1, 1, 1, amount=large.bytes),
        "ours, digesting": runs("ours, digesting", 2, 2, 2, amount=large.bytes),
        "raw limit": runs("raw limit", 0.5, 0.8, 1, amount=large.bytes),
        "s5cmd": runs("s5cmd", 2, 2, 2, amount=large.bytes),
        "aws-cli": runs("aws-cli", 4, amount=large.bytes),
        "obstore": runs("obstore", 0.9, amount=large.bytes),
        "rclone": Runs("rclone", missing="no package"),
    }
    assert figures(measured, "upload", "http", large) == {
        "upload_http_vs_raw": 0.8,
        "upload_http_vs_best_peer": 2.0,
        "upload_http_digesting_vs_raw": 0.4,
        "upload_http_digesting_vs_best_peer": 1.0,
        "upload_http_peak_mib": 1.0,
    }
    assert figures(measured, "upload", "http", several) == {}
    few = {"ours": runs("ours", 4, amount=small.bytes)}
    assert figures(few, "upload", "http", small) == {"small_files_per_second_http": 5000}
    assert summaries(few, small)["ours"]["files_per_second"] == 5000
    assert figures({"ours": Runs("ours", missing="not there")}, "download", "http", large) == {}
