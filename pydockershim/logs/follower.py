"""One container's log on its way into the CRI file, a block at a time.

    first step: repair the CRI file, find its end in the source      (a restart, or nothing)
    each step:  read CRI lines, append them                          quiet, moved, or more
    at the end: nothing is left after the container has ended        drained

Nothing here blocks or waits: a file that cannot grow is tried again later, and until then Docker
holds the output.
"""

import logging
import time
from collections.abc import Callable
from errno import EAGAIN, ELOOP, ENOENT

from pydockershim.logs.cri_file import CriFile
from pydockershim.logs.resume import last_lines
from pydockershim.logs.source import Progress, Source
from pydockershim.logs.window import NO_LINES, last_time

logger = logging.getLogger(__name__)

_RETRY_S = 1.0


class Follower:
    """Moves one container's output; `step` is for one thread, all else for any.

    `resumes`: the CRI file may hold lines of this container already. `report_gap` gets the
    container's id, and the times (RFC 3339) of the last line before a place where lines may be
    missing and of the first line behind it.

    `ended` is set when the container has ended, `drained` when all its output has been written,
    `abandoned` when nobody waits for that any more.
    """

    __slots__ = (
        "_file",
        "_last_time",
        "_pending",
        "_ready",
        "_report_gap",
        "_resumes",
        "_retry_at_s",
        "_source",
        "_trouble",
        "abandoned",
        "container_id",
        "drained",
        "exited",
    )

    def __init__(
        self,
        container_id: str,
        *,
        file: CriFile,
        source: Source,
        resumes: bool,
        report_gap: Callable[[str, str, str], None],
    ) -> None:
        self.container_id = container_id
        self.exited = self.drained = self.abandoned = False
        self._file = file
        self._source = source
        self._resumes = resumes
        self._report_gap = report_gap
        self._ready = False
        self._pending = self._last_time = b""
        self._retry_at_s = 0.0
        self._trouble = ""

    def create_file(self) -> None:
        """Make the CRI file, which has to be there when the container has started. OSError."""
        self._file.open(create=True)

    def reopen(self) -> None:
        """Go on in a new CRI file, see `CriFile.reopen`. OSError."""
        self._file.reopen()

    def step(self) -> Progress:
        """Do what can be done without waiting, at most for one block."""
        if self._retry_at_s:
            if time.monotonic() < self._retry_at_s:
                return Progress.QUIET
            self._retry_at_s = 0.0
        try:
            if self._ready or self._prepare():
                return self._move()
        except OSError as error:
            self._rest(error)
            return Progress.QUIET
        return Progress.MOVED  # it is about to start, and may begin with a flood

    def start_over(self) -> None:
        """Trust nothing but the CRI file: find its end in the source anew, a while later."""
        self._source.close()
        self._resumes, self._ready = True, False
        self._pending = b""
        self._retry_at_s = time.monotonic() + _RETRY_S

    def close(self) -> None:
        """Let the files go; what was not drained is a gap."""
        self._source.close()
        self._file.close()
        if self.abandoned and not self.drained:
            self._report_gap(self.container_id, self._last_time.decode(), "its end")

    def _prepare(self) -> bool:
        """Open both ends; True when lines can move."""
        try:
            self._file.open(create=not self.exited)
        except OSError as error:
            # The kubelet has deleted the log of an ended container, another shim writes it, or it
            # is a link to Docker's own file. COMPAT(cri-dockerd): that is how it makes logs.
            self.drained = error.errno in {ENOENT, EAGAIN, ELOOP}
            if self.drained:
                return False
            raise
        end = NO_LINES
        if self._resumes:
            self._file.repair()
            end = last_lines(self._file)
        if end.lines:
            self._last_time = last_time(end.lines[-1])
        exited = self.exited  # before the look at what there is
        self._ready = self._source.open(end)
        self.drained = exited and not self._ready
        return self._ready

    def _move(self) -> Progress:
        """Write what is pending, or read what comes next and write that."""
        if self._pending:
            return self._write(Progress.MORE)
        reading = self._source.read(exited=self.exited)
        if reading.is_end:
            self.drained = True
        if not reading.lines:
            return reading.progress
        if reading.after_gap:
            first_time = reading.lines.partition(b" ")[0]
            self._report_gap(self.container_id, self._last_time.decode(), first_time.decode())
        self._pending = reading.lines
        return self._write(reading.progress)

    def _write(self, progress: Progress) -> Progress:
        written = self._file.append(self._pending)
        self._last_time = last_time(self._pending[:written])
        self._pending = self._pending[written:]
        if self._trouble:
            logger.info("the log of container %s is written again", self.container_id)
            self._trouble = ""
        return progress

    def _rest(self, error: OSError) -> None:
        self._retry_at_s = time.monotonic() + _RETRY_S
        if str(error) != self._trouble:
            logger.warning(
                "the log of container %s cannot be written, Docker keeps it until then: %s",
                self.container_id,
                error,
            )
        self._trouble = str(error)
