"""Time stamps in answers of S3: read faster than the SDK reads them, to the same moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modelstore_provider.s3.sessions import parsed_time

MOMENTS = st.floats(min_value=0, max_value=250_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(MOMENTS, st.sampled_from(["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%a, %d %b %Y %H:%M:%S GMT"]))
def test_every_moment_is_the_sdks(moment: datetime, written: str) -> None:
    text = moment.strftime(written)
    assert parsed_time(text) == parse_timestamp(text)


@pytest.mark.parametrize("value", [0, 1.5, "1700000000", "2024-03-20T01:02:03+02:00", "Wed, 20 Mar 2024 01:02:03 GMT"])
def test_other_forms_are_the_sdks(value: float | str) -> None:
    assert parsed_time(value) == parse_timestamp(value)


def test_what_is_no_time_is_refused_as_by_the_sdk() -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        parsed_time("yesterday")
