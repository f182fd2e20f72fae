"""Copies one container's output from its source to the CRI file, a block at a time.

    first step:  repair the CRI file, find its end in the source     (after a restart of the shim)
    each step:   read CRI lines, append them                         quiet, moved, or more
    last step:   the container has exited and nothing is left        drained

Nothing here blocks: a failed write is retried later, and until then Docker keeps the output.
"""

import logging
import time
from collections.abc import Callable
from errno import EAGAIN, ENOENT

from pydockershim.labels.cri_dockerd import LOG_IS_A_LINK
from pydockershim.logs.cri_file import CriFile
from pydockershim.logs.resume import last_lines
from pydockershim.logs.source import Progress, Source
from pydockershim.logs.window import NO_LINES, last_time

logger = logging.getLogger(__name__)

_RETRY_S = 1.0


class Follower:
    """Copies one container's output; `step` is for one thread, all else for any.

    `resumes`: the CRI file may hold lines of this container already. `report_gap` gets the
    container's id and the times (RFC 3339) of the last line before the gap and the first after it.

    `exited` is set when the container has exited, `drained` when all its output has been written,
    `abandoned` when nobody waits for the rest.
    """

    __slots__ = (
        "_file",
        "_last_error",
        "_last_time",
        "_pending",
        "_ready",
        "_report_gap",
        "_resumes",
        "_retry_at_s",
        "_source",
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
        self._last_error = ""

    def create_file(self) -> None:
        """Create the CRI file; the kubelet expects it once the container has started. OSError."""
        self._file.open(create=True)

    def reopen(self) -> None:
        """Switch to a new CRI file, see `CriFile.reopen`. OSError."""
        self._file.reopen()

    def step(self) -> Progress:
        """Copy at most one block, without waiting."""
        if self._retry_at_s:
            if time.monotonic() < self._retry_at_s:
                return Progress.QUIET
            self._retry_at_s = 0.0
        try:
            if self._ready or self._prepare():
                return self._copy()
        except OSError as error:
            self._retry_later(error)
            return Progress.QUIET
        return Progress.MOVED  # the container is about to start, perhaps with a flood

    def start_over(self) -> None:
        """Keep nothing but the CRI file: find its end in the source again, 1 s later."""
        self._source.close()
        self._resumes, self._ready = True, False
        self._pending = b""
        self._retry_at_s = time.monotonic() + _RETRY_S

    def close(self) -> None:
        """Close the files; report a gap for what was not drained."""
        self._source.close()
        self._file.close()
        if self.abandoned and not self.drained:
            self._report_gap(self.container_id, self._last_time.decode(), "its end")

    def _prepare(self) -> bool:
        """Open the CRI file and the source; return whether both are open."""
        try:
            self._file.open(create=not self.exited)
        except OSError as error:
            # The kubelet has deleted the log of an exited container, another shim writes it, or
            # it is a link to Docker's JSON file (COMPAT(cri-dockerd)).
            self.drained = error.errno in {ENOENT, EAGAIN, LOG_IS_A_LINK}
            if self.drained:
                return False
            raise
        written = NO_LINES
        if self._resumes:
            self._file.repair()
            written = last_lines(self._file)
        if written.lines:
            self._last_time = last_time(written.lines[-1])
        exited = self.exited  # before opening: Docker may create the log meanwhile
        self._ready = self._source.open(written)
        self.drained = exited and not self._ready
        return self._ready

    def _copy(self) -> Progress:
        """Write the pending lines, or read the next ones and write those."""
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
        if self._last_error:
            logger.info("container %s: its log is being written again", self.container_id)
            self._last_error = ""
        return progress

    def _retry_later(self, error: OSError) -> None:
        self._retry_at_s = time.monotonic() + _RETRY_S
        if str(error) != self._last_error:
            logger.warning(
                "container %s: cannot write its log, retrying every second while Docker keeps the "
                "output: %s",
                self.container_id,
                error,
            )
        self._last_error = str(error)
