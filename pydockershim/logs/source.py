"""What a follower reads from: Docker's files (`spooled`) or its log stream (`streamed`)."""

from enum import IntEnum
from typing import NamedTuple, Protocol

from pydockershim.logs.window import Window


class Progress(IntEnum):
    """How much there was to do, and whether there is more at once."""

    QUIET = 0
    MOVED = 1
    MORE = 2


class Reading(NamedTuple):
    """CRI lines that come next. `after_gap`: before them lines may be missing.

    `is_end`: the container has ended and nothing is left.
    """

    lines: bytes = b""
    progress: Progress = Progress.QUIET
    after_gap: bool = False
    is_end: bool = False


class Source(Protocol):
    """One container's output as CRI lines. Never blocks; used by one thread."""

    def open(self, end: Window) -> bool:
        """Stand behind the last lines that were written; False when there is no log yet."""

    def read(self, *, exited: bool) -> Reading:
        """Return what comes next; `ended`: the container has ended, so nothing is added any more.

        OSError when it cannot be read now.
        """

    def close(self) -> None:
        """Let everything go; it may be opened again."""
