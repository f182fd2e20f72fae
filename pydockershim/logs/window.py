"""The last lines of a CRI log: as many as it takes to find them again in their source. No I/O.

One line is not always enough: the parts of a long line share a time, and may be equal. So the
window starts at the last whole line before any line that is unfinished at the end of the log.
"""

import re
from datetime import datetime
from typing import NamedTuple

_LINE = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z (?:stdout|stderr) ([FP]) .*", re.DOTALL
)
_NS = 1_000_000_000


class Window(NamedTuple):
    """The last lines of a CRI log; `is_whole`: there are no others."""

    lines: list[bytes]
    is_whole: bool


NO_LINES = Window([], is_whole=True)


def window(tail: bytes, *, everything: bool) -> list[bytes] | None:
    """Return the lines to search for, none for an empty log; None when the tail is too short.

    `everything`: there is nothing before this tail. Partial lines at either end, and lines that are
    not of a CRI log, are left out.
    """
    found: list[bytes] = []
    unfinished: set[tuple[bytes, bytes]] = set()
    for line in reversed(tail.split(b"\n")[:-1]):
        if match := _LINE.fullmatch(line):
            moment = match[1], match[2]
            is_anchor = bool(found) and match[3] == b"F" and moment not in unfinished
            found.insert(0, line + b"\n")
            if is_anchor:
                return found
            unfinished.add(moment)
    return found if everything else None


def time_ns(line: bytes) -> int:
    """Return the time of a CRI line, which is Docker's timestamp."""
    second, ns = line[:30].removesuffix(b"Z").split(b".")
    return int(datetime.fromisoformat(f"{second.decode()}+00:00").timestamp()) * _NS + int(ns)


def later_than(time: bytes, lines: bytes) -> bytes:
    """Return CRI lines from the first that is later than a time in their format."""
    position = 0
    while position < len(lines) and lines[position : position + len(time)] <= time:
        position = lines.index(b"\n", position) + 1
    return lines[position:]


def last_time(lines: bytes) -> bytes:
    """Return the time of the last of some whole lines, in their format."""
    return lines[lines.rfind(b"\n", 0, -1) + 1 :].partition(b" ")[0]
