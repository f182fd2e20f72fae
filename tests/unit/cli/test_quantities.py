"""Times and sizes as people write them."""

import pytest

from pydockershim.cli.quantities import seconds, size_bytes
from pydockershim.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m0s", 60),
        ("90s", 90),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        (".5m", 30),
        ("250ms", 0.25),
        ("1us", 1e-6),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_duration_in_seconds(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "10", "1 s", "s", "1d", "-1s", "1m x", "1s\n", "1..5s"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidArgument, match="write it like 1m0s"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("1", 1), ("512k", 524288), ("64m", 67108864), ("1G", 1073741824)]
)
def test_size_in_bytes(text: str, expected: int) -> None:
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "m", "64 m", "-1m", "1.5m", "64mb", "1t", "1m\n"])
def test_size_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidArgument, match="write it like 512k"):
        size_bytes(text)
