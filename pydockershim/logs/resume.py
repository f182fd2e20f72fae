"""Finds the end of the CRI file in Docker's files, so that each line is written exactly once.

The entries, converted to CRI lines, are compared with the last lines of the CRI file, in sequence.
Times are only compared for equality: they may repeat, and jump back when the clock is set.
"""

import os
from collections.abc import Iterator

from pydockershim.logs.cri_file import CriFile
from pydockershim.logs.log_entries import BEFORE_TIME, cri_lines, time_field
from pydockershim.logs.spool import Spool, SpoolFile
from pydockershim.logs.window import Window, time_ns, window

_BLOCK_BYTES = 32 * 1024  # two lines of the maximum length, nearly always enough
# A window is nearly always two lines; each search may read the whole spool.
_MOST_SEARCHES = 8


def last_lines(file: CriFile) -> Window:
    """Return the window at the end of a CRI log; without lines if the log is empty."""
    size = _BLOCK_BYTES
    while True:
        tail = file.tail(size)
        lines = window(tail.content, everything=tail.is_all)
        if lines is not None:
            return Window(lines, is_whole=tail.is_whole)
        size *= 4


def resume(spool: Spool, written: Window) -> bytes | None:
    """Position the spool after these lines; return lines read ahead, to be written next.

    None: Docker no longer has the last of them, and the spool is at its beginning.
    """
    lines = written.lines
    for first, file, offset in _candidates(spool, written):
        wanted = b"".join(lines[first:])
        read = b""
        for more, in_file, behind in _lines_from(spool, file, offset):
            read += more
            if read.startswith(wanted):
                spool.seek(in_file, behind)
                return read[len(wanted) :]
            if not wanted.startswith(read):
                break
    return None


def _candidates(spool: Spool, written: Window) -> Iterator[tuple[int, SpoolFile, int]]:
    """Yield where the window, or what Docker still has of it, may start: index, file, offset."""
    if written.is_whole:  # equal parts of one unfinished line are counted from the first on
        yield 0, spool.files[0], 0
    times = {time_ns(line): index for index, line in reversed([*enumerate(written.lines)])}
    for time, first in sorted(times.items(), key=lambda item: item[1])[:_MOST_SEARCHES]:
        for file, offset in spool.find(time_field(time)):
            if offset >= BEFORE_TIME:
                yield first, file, offset - BEFORE_TIME


def _lines_from(
    spool: Spool, file: SpoolFile, offset: int
) -> Iterator[tuple[bytes, SpoolFile, int]]:
    """Yield blocks of CRI lines from an offset on, through all files, and where each ends."""
    for each in spool.files[spool.files.index(file) :]:
        while block := os.pread(each.descriptor, _BLOCK_BYTES, offset):
            lines, used = cri_lines(block)
            if not used:
                break
            offset += used
            yield lines, each, offset
        offset = 0
