"""What a follower reads: Docker's files (`spool_source`) or its log stream (`stream_source`)."""

from enum import IntEnum
from typing import NamedTuple, Protocol

from pydockershim.logs.window import Window


class Progress(IntEnum):
    """What a step did: nothing, something, or something with more to read at once."""

    QUIET = 0
    MOVED = 1
    MORE = 2


class Reading(NamedTuple):
    """The next CRI lines. `after_gap`: lines may be missing before them.

    `is_end`: the container has exited and nothing is left to read.
    """

    lines: bytes = b""
    progress: Progress = Progress.QUIET
    after_gap: bool = False
    is_end: bool = False


class Source(Protocol):
    """One container's output as CRI lines. Never blocks; used by one thread."""

    def open(self, written: Window) -> bool:
        """Resume after the last written lines; False when Docker has no log yet."""

    def read(self, *, exited: bool) -> Reading:
        """Return the next lines; `exited`: the container has exited, so the log does not grow.

        OSError when it cannot be read now.
        """

    def close(self) -> None:
        """Release everything; the source may be opened again."""
