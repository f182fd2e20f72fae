"""How much of a log's end it takes to know where to go on."""

from pydockershim.logs.window import last_time, time_ns, window
from tests.unit.logs.spooling import cri_line

TIMES = [f"2026-09-01T12:00:0{second}.000000001Z" for second in range(5)]


def test_the_last_line_and_the_one_before() -> None:
    lines = [cri_line(time, b"same") for time in TIMES]

    assert window(b"".join(lines), everything=False) == lines[-2:]


def test_all_parts_of_an_unfinished_line() -> None:
    lines = [cri_line(TIMES[0], b"a"), *[cri_line(TIMES[1], b"x", tag="P")] * 3]

    assert window(b"".join(lines), everything=False) == lines


def test_the_parts_of_two_lines_that_mix() -> None:
    lines = [
        cri_line(TIMES[0], b"a"),
        cri_line(TIMES[1], b"x", tag="P"),
        cri_line(TIMES[2], b"y", source="stderr", tag="P"),
        cri_line(TIMES[1], b"x", tag="P"),
        cri_line(TIMES[2], b"y", source="stderr", tag="P"),
    ]

    assert window(b"".join(lines), everything=False) == lines


def test_a_tail_that_is_too_short_is_not_guessed_from() -> None:
    tail = cri_line(TIMES[1], b"x", tag="P") * 3

    assert window(tail, everything=False) is None
    assert window(tail, everything=True) == tail.splitlines(keepends=True)


def test_torn_and_foreign_lines_are_left_out() -> None:
    lines = [cri_line(time, b"a\r") for time in TIMES]
    tail = b"torn stdout F x\n" + b"".join(lines) + b"somebody's note\n" + lines[0][:-3]

    assert window(tail, everything=False) == lines[-2:]


def test_an_empty_log_has_no_lines() -> None:
    assert window(b"", everything=True) == []


def test_times_are_read_to_the_nanosecond() -> None:
    line = cri_line("2026-09-01T12:00:00.123456789Z", b"x")

    assert time_ns(line) == 1_788_264_000_123_456_789
    assert last_time(cri_line(TIMES[0], b"") + line) == b"2026-09-01T12:00:00.123456789Z"
