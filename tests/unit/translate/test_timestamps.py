"""Times are exact to the nanosecond."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.translate.timestamps import ns_from_rfc3339

LAST_NS = 253402300799_999_999_999  # the end of year 9999


@given(time_ns=st.integers(0, LAST_NS))
def test_any_time_is_read_exactly(time_ns: int) -> None:
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    assert ns_from_rfc3339(f"{whole:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z") == time_ns


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("0001-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("2024-02-29T23:59:59.123456789Z", 1709251199_123456789),
        ("2024-02-29T23:59:59.5Z", 1709251199_500000000),
        ("2024-03-01T01:59:59.5+02:00", 1709251199_500000000),
        ("2024-02-29T20:29:59.5-03:30", 1709251199_500000000),
        ("", 0),
        ("yesterday", 0),
        ("2024-13-01T00:00:00Z", 0),
        ("2024-01-01T00:00:00", 0),
    ],
)
def test_docker_times_are_read(text: str, time_ns: int) -> None:
    assert ns_from_rfc3339(text) == time_ns
