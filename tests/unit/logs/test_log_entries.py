"""Entries of the `local` driver become CRI lines, whatever the pieces they are read in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydockershim.logs.log_entries import BEFORE_TIME, corrupt_bytes, cri_lines, time_field
from tests.unit.logs.spooling import cri_line, entry

NOW_NS = 1_788_264_000_123_456_789
NOW = "2026-09-01T12:00:00.123456789Z"

# The bytes that Docker 20.10.24 and 28.5.2 wrote for `echo hi`, `echo`, and an unterminated `tail`.
HI = bytes.fromhex("00000016 0a06 7374646f7574 10 a1c7e199c9a9bef518 1a02 6869 00000016")
EMPTY = bytes.fromhex("00000012 0a06 7374646f7574 10 c9fde699c9a9bef518 00000012")
TAIL = (
    bytes.fromhex("00000060 0a06 7374646f7574 10 fd9bc6a5c9a9bef518 1a04 7461696c 2001 2a44 1240")
    + b"9c0edb35f4baa1813c603a998524fc90bd87289c1aaa3406c2a0927e58c1a8bd"
    + bytes.fromhex("1801 00000060")
)

entries = st.builds(
    entry,
    st.integers(min_value=1, max_value=2**62),
    st.binary(max_size=300).map(lambda line: line.replace(b"\n", b"")),
    source=st.sampled_from([b"stdout", b"stderr"]),
    part=st.integers(min_value=0, max_value=2),
    last=st.booleans(),
)


def test_reads_what_docker_writes() -> None:
    lines, used = cri_lines(HI + EMPTY + TAIL)

    assert used == len(HI + EMPTY + TAIL)
    assert [line.partition(b" ")[2] for line in lines.splitlines()] == [
        b"stdout F hi",
        b"stdout F ",
        b"stdout P tail",
    ]


@pytest.mark.parametrize("length", [0, 1, 26, 127, 128, 129, 255, 256, 16383])
def test_keeps_lines_of_every_length(length: int) -> None:
    line = b"\xff\x00" * length
    block = entry(NOW_NS, line[:length], source=b"stderr") * 3

    assert cri_lines(block)[0] == cri_line(NOW, line[:length], source="stderr") * 3


def test_stamps_each_line_with_its_own_time() -> None:
    steps = [0, 1, 999, 10**6, 268_435_455, 268_435_456, 876_543_210, 10**9, 3600 * 10**9, 5]
    block = b"".join(entry(NOW_NS + step, b"x") for step in steps)

    times = [line.split(b" ")[0].decode() for line in cri_lines(block)[0].splitlines()]

    assert times[:4] == [NOW, "2026-09-01T12:00:00.123456790Z", *times[2:4]]
    assert times[6:8] == ["2026-09-01T12:00:00.999999999Z", "2026-09-01T12:00:01.123456789Z"]
    assert times[8:] == ["2026-09-01T13:00:00.123456789Z", "2026-09-01T12:00:00.123456794Z"]


def test_knows_times_before_the_clock_was_set() -> None:
    assert cri_lines(entry(5, b"x") * 2)[0] == cri_line("1970-01-01T00:00:00.000000005Z", b"x") * 2


def test_marks_all_parts_but_the_last() -> None:
    parts = [entry(NOW_NS, b"a", part=1, last=False), entry(NOW_NS, b"", part=2, last=True)]

    assert cri_lines(b"".join(parts))[0] == cri_line(NOW, b"a", tag="P") + cri_line(NOW, b"")


@given(st.lists(entries, max_size=20), st.integers(min_value=1, max_value=500))
def test_gives_the_same_lines_for_every_split(stream: list[bytes], step: int) -> None:
    whole = b"".join(stream)
    one_by_one = b"".join(cri_lines(each)[0] for each in stream)

    lines, position, end = b"", 0, 0
    while position < len(whole):
        end = min(end + step, len(whole))
        assert corrupt_bytes(whole[position:end], growing=True) == 0
        more, used = cri_lines(whole[position:end])
        lines, position = lines + more, position + used

    assert lines == one_by_one
    assert cri_lines(whole) == (one_by_one, len(whole))


@given(st.lists(entries, min_size=1, max_size=5), st.binary(min_size=1, max_size=60))
def test_finds_the_next_entry_behind_damage(stream: list[bytes], rubbish: bytes) -> None:
    block = b"\x00\x00" + rubbish + b"".join(stream)

    while skip := corrupt_bytes(block, growing=True):
        block = block[skip:]

    assert block.endswith(b"".join(stream)) or cri_lines(block)[1] == 0


def test_stops_at_an_entry_that_was_cut_short_and_written_over() -> None:
    torn = entry(NOW_NS, b"x" * 100)[:60]
    block = entry(NOW_NS, b"before") + torn + entry(NOW_NS, b"behind") * 9

    lines, used = cri_lines(block)

    assert lines == cri_line(NOW, b"before")
    assert corrupt_bytes(block[used:], growing=False) == len(torn)
    assert cri_lines(block[used + len(torn) :])[0] == cri_line(NOW, b"behind") * 9


def test_does_not_take_an_attribute_for_the_line() -> None:
    """Docker adds `attrs` when asked for labels in the log; an empty line leaves out its field."""
    message = entry(NOW_NS, b"")[4:-4] + b"\x32\x05\x0a\x01k\x12\x00"
    length = len(message).to_bytes(4, "big")

    assert cri_lines((length + message + length) * 2)[0] == cri_line(NOW, b"") * 2


@given(st.integers(min_value=1, max_value=2**62))
def test_an_entry_is_found_by_its_time(time_ns: int) -> None:
    assert entry(time_ns, b"x").startswith(time_field(time_ns), BEFORE_TIME)
