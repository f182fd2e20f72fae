"""One container's log on its way from Docker's files into the CRI file, a block at a time.

    first step: repair the CRI file, find its end in Docker's files      (a restart, or nothing)
    each step:  read a block -> CRI lines -> append                      more, moved or quiet
    at the end: quiet after the container has ended                      drained

Nothing here blocks or waits: a file that cannot grow is tried again later, and until then Docker's
own files hold the output.
"""

import logging
import time
from collections.abc import Callable
from enum import IntEnum

from pydockershim.logs.cri_file import CriFile
from pydockershim.logs.records import cri_lines, damaged_bytes
from pydockershim.logs.resume import last_lines, resume
from pydockershim.logs.spool import Spool
from pydockershim.logs.window import last_time

logger = logging.getLogger(__name__)

# Between two blocks others get the interpreter: as long as this block takes, some 0.6 ms.
_BLOCK_BYTES = 64 * 1024
_RETRY_S = 1.0


class Progress(IntEnum):
    """What a step has found."""

    QUIET = 0
    MOVED = 1
    MORE = 2


class Follower:
    """Moves one container's output; `step` is for one thread, all else for any.

    `resumes`: the CRI file may hold lines of this container already. `report_gap` gets the
    container's id, and the times (RFC 3339) of the last line before a place where lines may be
    missing and of the first line behind it.
    """

    __slots__ = (
        "_after_gap",
        "_file",
        "_last_time",
        "_pending",
        "_ready",
        "_report_gap",
        "_resumes",
        "_retry_s",
        "_spool",
        "_troubled",
        "container_id",
        "drained",
        "ended",
    )

    def __init__(
        self,
        container_id: str,
        *,
        file: CriFile,
        spool: Spool,
        resumes: bool,
        report_gap: Callable[[str, str, str], None],
    ) -> None:
        self.container_id = container_id
        self.ended = False
        self.drained = False
        self._file = file
        self._spool = spool
        self._report_gap = report_gap
        self._resumes = resumes
        self._ready = False
        self._pending = b""
        self._last_time = b""
        self._after_gap = False
        self._retry_s = 0.0
        self._troubled = ""

    def step(self) -> Progress:
        """Do what can be done without waiting, at most for one block."""
        if self._retry_s:
            if time.monotonic() < self._retry_s:
                return Progress.QUIET
            self._retry_s = 0.0
        try:
            return self._step()
        except OSError as error:
            self._rest(error)
            return Progress.QUIET

    def make_file(self) -> None:
        """Make the CRI file, which has to be there when the container has started. OSError."""
        self._file.open(make=True)

    def reopen(self) -> None:
        """Go on in a new CRI file, see `CriFile.reopen`. OSError."""
        self._file.reopen()

    def give_up(self) -> None:
        """Report what is unread as a gap."""
        self._report_gap(self.container_id, self._last_time.decode(), "its end")

    def start_over(self) -> None:
        """Trust nothing but the CRI file: find its end in Docker's files anew, a while later."""
        self._spool.close()
        self._resumes, self._ready = True, False
        self._pending = b""
        self._retry_s = time.monotonic() + _RETRY_S

    def close(self) -> None:
        """Let the files go."""
        self._spool.close()
        self._file.close()

    def _step(self) -> Progress:
        if not self._ready and not self._prepare():
            return Progress.QUIET
        if self._pending:
            return self._write(Progress.MORE)
        ended = self.ended  # before the look at what there is
        if not self._spool.has_more():
            self._drain(ended=ended)
            return Progress.QUIET
        block = self._spool.peek(_BLOCK_BYTES)
        lines, used = cri_lines(block)
        if not used:
            return self._stand_still(block, ended=ended)
        self._spool.skip(used)
        self._take(lines)
        return self._write(Progress.MORE if used > _BLOCK_BYTES // 2 else Progress.MOVED)

    def _prepare(self) -> bool:
        """Open both ends; True when lines can move."""
        try:
            self._file.open(make=not self.ended)
        except FileNotFoundError:
            self.drained = True  # the kubelet has deleted the log of an ended container
            return False
        if not self._spool.open():
            self.drained = self.ended
            return False
        self._file.repair()
        if self._resumes:
            self._resume()
        self._ready = True
        return True

    def _resume(self) -> None:
        """Go on where the CRI file ends."""
        end = last_lines(self._file)
        if end.lines:
            self._last_time = last_time(end.lines[-1])
            beyond = resume(self._spool, end)
            self._after_gap = beyond is None
            self._take(beyond or b"")

    def _take(self, lines: bytes) -> None:
        """Have these lines written next."""
        if self._after_gap and lines:
            first_time = lines.partition(b" ")[0]
            self._report_gap(self.container_id, self._last_time.decode(), first_time.decode())
            self._after_gap = False
        self._pending = lines

    def _write(self, progress: Progress) -> Progress:
        written = self._file.append(self._pending)
        self._last_time = last_time(self._pending[:written])
        self._pending = self._pending[written:]
        if self._troubled:
            logger.info("the log of container %s is written again", self.container_id)
            self._troubled = ""
        return progress

    def _stand_still(self, block: bytes, *, ended: bool) -> Progress:
        """Get past what is no whole record: a new file, or bytes that Docker left half-written."""
        final = ended or self._spool.is_final
        damaged = damaged_bytes(block, growing=not final or len(block) == _BLOCK_BYTES)
        if damaged:
            self._spool.skip(damaged)
            self._after_gap = True
        elif self._spool.is_final:
            self._spool.next_file()
            self._after_gap |= self._spool.passed_gap()
        else:
            return Progress.QUIET
        return Progress.MORE

    def _drain(self, *, ended: bool) -> None:
        self.drained = ended
        if ended and self._after_gap:
            self._after_gap = False
            self.give_up()

    def _rest(self, error: OSError) -> None:
        self._retry_s = time.monotonic() + _RETRY_S
        if str(error) != self._troubled:
            logger.warning(
                "the log of container %s cannot be written, Docker keeps it until then: %s",
                self.container_id,
                error,
            )
        self._troubled = str(error)
