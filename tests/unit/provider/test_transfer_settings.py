"""Limits of a transfer: what they may be, how they are written, and which of two holds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pulumi_modelstore_provider.artifacts.transfer_settings import TransferSettings, in_force
from pulumi_modelstore_provider.errors import ModelstoreError

CONCURRENCY, RATE_LIMIT = "MODELSTORE_TRANSFER_CONCURRENCY", "MODELSTORE_TRANSFER_RATE_LIMIT"


@pytest.mark.parametrize(
    ("written", "bytes_a_second"),
    [
        (None, None),
        (200_000_000, 200_000_000),
        (200_000_000.0, 200_000_000),
        ("200MB/s", 200_000_000),
        ("200 mb/s", 200_000_000),
        ("1.5GiB/s", 3 << 29),
        ("64kB", 64_000),
        ("2048", 2048),
    ],
)
def test_rate_limits_as_people_write_them(written: Any, bytes_a_second: int | None) -> None:
    assert TransferSettings(rate_limit=written).rate_limit == bytes_a_second


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency": 0},
        {"concurrency": 65},
        {"concurrency": 2.5},
        {"rate_limit": 0},
        {"rate_limit": "fast"},
        {"rate_limit": "-5MB/s"},
        {"rate_limit": "1B/s"},
        {"rate_limit": "200 miles"},
        {"speed": 1},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TransferSettings.model_validate(wrong)


def test_inputs_are_read_back() -> None:
    settings = TransferSettings(concurrency=3, rate_limit="1MB/s")  # type: ignore[arg-type]
    assert settings.to_inputs() == {"concurrency": 3, "rateLimit": 1_000_000}
    # Numbers come back from an engine as floats.
    assert TransferSettings.model_validate({"concurrency": 3.0, "rateLimit": 1e6}) == settings


def test_the_environment_goes_first() -> None:
    declared = TransferSettings(concurrency=3, rate_limit=5000)
    assert in_force(declared, environment={}) == declared
    assert in_force(None, environment={}) == TransferSettings()
    assert in_force(declared, environment={CONCURRENCY: "12"}) == TransferSettings(concurrency=12, rate_limit=5000)
    assert in_force(declared, environment={RATE_LIMIT: "2MB/s"}).rate_limit == 2_000_000
    assert in_force(declared, environment={RATE_LIMIT: "none"}).rate_limit is None


@pytest.mark.parametrize(("name", "text"), [(CONCURRENCY, "many"), (CONCURRENCY, "100"), (RATE_LIMIT, "fast")])
def test_a_variable_that_makes_no_sense_is_named(name: str, text: str) -> None:
    with pytest.raises(ModelstoreError, match=rf"{name} cannot be used: '{text}'.*Correct or remove it"):
        in_force(None, environment={name: text})
