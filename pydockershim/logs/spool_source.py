"""A container's output from the files of Docker's `local` driver: the source of nearly all logs.

If they do not contain the last written line (Docker has dropped it, or another program wrote it to
the CRI file), reading resumes at the first later line.
"""

from pydockershim.logs.log_entries import LONGEST_ENTRY, corrupt_bytes, cri_lines
from pydockershim.logs.resume import resume
from pydockershim.logs.source import Progress, Reading
from pydockershim.logs.spool import Spool
from pydockershim.logs.window import Window, last_time, later_than

# Other threads run between two blocks: an RPC waits for one, about 0.2 ms.
_BLOCK_BYTES = 16 * 1024

_NOTHING = Reading()
_END = Reading(is_end=True)


class SpoolSource:
    """Converts the entries of a spool to CRI lines, block by block."""

    __slots__ = ("_after_gap", "_read_ahead", "_spool", "_written_time")

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._read_ahead = self._written_time = b""
        self._after_gap = False

    def open(self, written: Window) -> bool:
        """Open the files and find the last written lines in them."""
        if not self._spool.open():
            return False
        if not written.lines:
            self._after_gap = self._spool.is_full
            return True
        read_ahead = resume(self._spool, written)
        self._read_ahead, self._after_gap = read_ahead or b"", read_ahead is None
        self._written_time = last_time(written.lines[-1]) if read_ahead is None else b""
        return True

    def read(self, *, exited: bool) -> Reading:
        """Return the lines of the next block."""
        if self._read_ahead:
            lines, self._read_ahead = self._read_ahead, b""
            return Reading(lines, Progress.MORE)
        if not self._spool.has_more(exited=exited):
            return _END if exited else _NOTHING
        block = self._spool.peek(_BLOCK_BYTES)
        lines, used = cri_lines(block)
        if not used and len(block) == _BLOCK_BYTES:
            block = self._spool.peek(LONGEST_ENTRY)
            lines, used = cri_lines(block)
        if not used:
            return self._skip_unreadable(block, exited=exited)
        self._spool.skip(used)
        if self._written_time:
            lines = later_than(self._written_time, lines)
            if not lines:
                return Reading(progress=Progress.MORE)
            self._written_time = b""
        after_gap, self._after_gap = self._after_gap, False
        progress = Progress.MORE if used > _BLOCK_BYTES // 2 else Progress.MOVED
        return Reading(lines, progress, after_gap=after_gap)

    def close(self) -> None:
        """Close the files."""
        self._spool.close()
        self._read_ahead, self._after_gap, self._written_time = b"", False, b""

    def _skip_unreadable(self, block: bytes, *, exited: bool) -> Reading:
        """Get past an incomplete entry: at the end of a file, or one that Docker left so."""
        final = exited or self._spool.is_final
        corrupt = corrupt_bytes(block, growing=not final or len(block) == LONGEST_ENTRY)
        if corrupt:
            self._spool.skip(corrupt)
            self._after_gap = True
        elif self._spool.is_final:
            self._spool.next_file()
            self._after_gap |= self._spool.may_lack_files()
        else:
            return _NOTHING
        return Reading(progress=Progress.MORE)
