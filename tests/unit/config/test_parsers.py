"""Durations, sizes, addresses and limits as people write them."""

import pytest

from pydockershim.config.parsers import bind_address, duration_s, size_bytes
from pydockershim.config.streaming_limits import StreamingLimits, streaming_limits


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
    assert duration_s(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "10", "1 s", "s", "1d", "-1s", "1m x", "1s\n", "1..5s"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="like 1m0s"):
        duration_s(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("1", 1), ("512k", 524288), ("64m", 67108864), ("1G", 1073741824)]
)
def test_size_in_bytes(text: str, expected: int) -> None:
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "m", "64 m", "-1m", "1.5m", "64mb", "1t", "1m\n"])
def test_size_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="like 512k"):
        size_bytes(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ("127.0.0.1", 0)),
        ("127.0.0.1", ("127.0.0.1", 0)),
        ("127.0.0.1:10010", ("127.0.0.1", 10010)),
        (":10010", ("0.0.0.0", 10010)),  # noqa: S104 -- nothing is bound here
        ("10.0.0.7:0", ("10.0.0.7", 0)),
        ("::1", ("::1", 0)),
        ("[::1]", ("::1", 0)),
        ("[::1]:10010", ("::1", 10010)),
        ("[::]:10010", ("::", 10010)),
    ],
)
def test_addresses_as_cri_dockerd_takes_them(text: str, address: tuple[str, int]) -> None:
    assert bind_address(text) == address


@pytest.mark.parametrize(
    "text", ["localhost:1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", ":"]
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="use an IP address of this host"):
        bind_address(text)


def test_limits_are_changed_by_name() -> None:
    changed = streaming_limits("streams=7,idle_s=0.5,streams=8")

    assert changed == StreamingLimits(streams=8, idle_s=0.5)
    assert isinstance(changed.streams, int)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("streams", "write streams like streams=1000"),
        ("streams=", "write streams= like"),
        ("streams=many", "write streams=many like"),
        ("idle_s=1,no_such=1", "no limit no_such; use one of pending_tokens, .*engine_calls"),
        ("streams=0", "streams must be a number above 0"),
        ("streams=0.5", "streams must be a number above 0"),
        ("idle_s=-1", "idle_s must be a number above 0"),
        ("idle_s=inf", "idle_s must be a number above 0"),
        ("idle_s=nan", "idle_s must be a number above 0"),
    ],
)
def test_wrong_limit_is_named(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        streaming_limits(text)
