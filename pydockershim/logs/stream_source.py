"""A container's output from Docker's log stream, for drivers whose files are not read directly.

One thread per container reads the stream and converts it; the follower fetches the lines. When the
queue between them is full, the thread stops reading. Docker's stream has pitfalls:

- The log is read to its end once before it is followed: only then is it certain what it lacks.
- The end of a follow is not the end of the log (20.10 ends one early, and so does any engine when
  the reader lags behind rotations): it is read again until nothing new comes.
- `since` is inclusive, and useless after a clock was set back: the reader searches for the last
  written lines, and only what follows them is new.
- COMPAT(dockerd 20.10): some lines are repeated after a rotation; they are recognised by their
  time. Not fixable there: a flood that rotates files faster than they are read loses lines
  undetected, `since` leaves out lines with earlier times after a clock was set back, and an
  unterminated last line of a `local` log looks terminated.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial

from pydockershim.engine.engine import Engine
from pydockershim.errors import NotFound, ShimError
from pydockershim.logs.messages import MessageReader
from pydockershim.logs.source import Progress, Reading
from pydockershim.logs.window import Window, last_time, time_ns, window

logger = logging.getLogger(__name__)

_TIME_BYTES = len("2000-01-01T00:00:00.000000000Z")
_QUEUE_BYTES = 256 * 1024
_TAIL_BYTES = 256 * 1024  # Docker 20.10 repeats up to 80 KiB
_LONGEST_TAIL_BYTES = 4 * 1024 * 1024
_SEARCHED_LINES = 4096
_RETRY_S = 1.0
_POLL_S = 0.2

_NOTHING = Reading()
_END = Reading(is_end=True)


class StreamSource:
    """Fetches lines from a reader thread; `tty` and `loses_lf` as for `MessageReader`."""

    def __init__(self, engine: Engine, container_id: str, *, tty: bool, loses_lf: bool) -> None:
        self._engine = engine
        self._container_id = container_id
        self._tty = tty
        self._loses_lf = loses_lf
        self._reader: _Reader | None = None

    def open(self, written: Window) -> bool:
        """Start to read after these lines."""
        messages = partial(MessageReader, tty=self._tty, loses_lf=self._loses_lf)
        self._reader = _Reader(
            self._engine, self._container_id, message_reader=messages, written=written.lines
        )
        return True

    def read(self, *, exited: bool) -> Reading:
        """Return the lines read so far."""
        return self._reader.fetch(exited=exited) if self._reader else _NOTHING

    def close(self) -> None:
        """Stop reading."""
        if self._reader:
            self._reader.stop()
            self._reader = None


class _Reader:
    """Reads one log on its own thread until the container has exited, or `stop`."""

    def __init__(
        self,
        engine: Engine,
        container_id: str,
        *,
        message_reader: Callable[[], MessageReader],
        written: list[bytes],
    ) -> None:
        self._engine = engine
        self._container_id = container_id
        self._message_reader = message_reader
        self._tail = bytearray().join(written)
        self._queue = _LineQueue()
        self._close_stream: Callable[[], None] = lambda: None
        self._exited = threading.Event()
        self._stopped = threading.Event()
        self._last_error = ""
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def fetch(self, *, exited: bool) -> Reading:
        if exited:
            self._exited.set()
        return self._queue.fetch()

    def stop(self) -> None:
        self._stopped.set()
        self._exited.set()
        self._queue.close()
        self._close_stream()

    def _run(self) -> None:
        follow = False
        while not self._stopped.is_set():
            exited = self._exited.is_set()  # before reading, so that the read is complete
            try:
                has_new = self._pass(follow=follow and not exited)
            except NotFound:
                break
            except ShimError as error:
                self._warn(str(error))
                self._stopped.wait(_RETRY_S)
                follow = False
                continue
            if exited and not has_new:
                break
            if follow and not has_new:
                self._exited.wait(_POLL_S)  # not running yet, or no longer
            follow = True
        self._queue.end()

    def _warn(self, error: str) -> None:
        if error != self._last_error:
            logger.warning(
                "container %s: cannot read its log from Docker, retrying every second: %s",
                self._container_id,
                error,
            )
        self._last_error = error

    def _pass(self, *, follow: bool) -> bool:
        """Read the log once; return whether anything was new."""
        written, since_ns = self._written()
        written_filter, messages = _WrittenFilter(written), self._message_reader()
        stream = self._engine.containers.read_log(
            self._container_id, since_ns=since_ns, follow=follow
        )
        self._close_stream = stream.close
        if self._stopped.is_set():  # `stop` may have run before the stream was opened
            stream.close()
        has_new = False
        with closing(iter(stream)) as blocks:
            for block in blocks:
                if self._stopped.is_set():
                    break
                has_new |= self._take(
                    written_filter.new_lines(messages.feed(block)), written_filter
                )
        has_new |= self._take(written_filter.new_lines(messages.end(), is_end=True), written_filter)
        return has_new

    def _take(self, lines: list[bytes], written_filter: "_WrittenFilter") -> bool:
        """Queue these lines, without those that Docker repeats."""
        new_lines = b"".join(self._without_repeats(lines))
        if new_lines:
            self._remember(new_lines)
            self._queue.put(new_lines, after_gap=written_filter.take_gap())
        return bool(new_lines)

    def _written(self) -> tuple[list[bytes], int]:
        """Return the lines to search for, and the time (ns) from which to read."""
        tail = bytes(self._tail)
        lines = window(tail, everything=len(tail) < _LONGEST_TAIL_BYTES)
        if lines is None:  # the last line is too long to search for; its parts share one time
            return [], time_ns(last_time(tail)) + 1
        return lines, time_ns(lines[0]) if lines else 0

    def _remember(self, new_lines: bytes) -> None:
        """Keep enough to detect repeats, and all parts of an unfinished line: they may be equal."""
        self._tail += new_lines
        if len(self._tail) > 2 * _TAIL_BYTES:  # messages are small and many: not for each
            is_enough = window(bytes(self._tail[-_TAIL_BYTES:]), everything=False) is not None
            del self._tail[: -(_TAIL_BYTES if is_enough else _LONGEST_TAIL_BYTES)]

    def _without_repeats(self, lines: list[bytes]) -> list[bytes]:
        """Leave out repeats: runs of lines already written that begin with an earlier time.

        No two whole lines of a stream share a time; the parts of a line do, and may be equal.
        """
        begin = self._tail.rfind(b"\n", 0, -1) + 1
        newest = bytes(self._tail[begin : begin + _TIME_BYTES])
        new_lines, repeats = [], False
        for line in lines:
            time = line[:_TIME_BYTES]
            is_past = time < newest or (time == newest and line.split(b" ", 3)[2] == b"F")
            repeats = (repeats or is_past) and line in self._tail
            if not repeats:
                new_lines.append(line)
                newest = max(newest, time)
        return new_lines


class _LineQueue:
    """Lines from the reader to the follower, which fetches all of them at once."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._bytes = 0
        self._after_gap = False
        self._has_end = False
        self._is_closed = False
        self._changed = threading.Condition()

    def put(self, lines: bytes, *, after_gap: bool) -> None:
        """Wait for room; lines after a gap wait until those before it have been fetched."""
        limit = 0 if after_gap else _QUEUE_BYTES
        with self._changed:
            self._changed.wait_for(lambda: self._bytes <= limit or self._is_closed)
            self._lines.append(lines)
            self._bytes += len(lines)
            self._after_gap |= after_gap

    def end(self) -> None:
        """Mark the end: nothing more is put."""
        self._has_end = True

    def close(self) -> None:
        """Never block the reader again, so that its thread can end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def fetch(self) -> Reading:
        has_end = self._has_end
        with self._changed:
            lines, self._lines, self._bytes = self._lines, [], 0
            after_gap, self._after_gap = self._after_gap, False
            self._changed.notify()
        if lines:
            return Reading(b"".join(lines), Progress.MOVED, after_gap=after_gap)
        return _END if has_end else _NOTHING


class _WrittenFilter:
    """Drops the lines of one pass that are already written; notes a gap if it cannot find them."""

    def __init__(self, written: Iterable[bytes]) -> None:
        self._written = list(written)
        self._held: list[bytes] = []
        self._is_gap = False

    def new_lines(self, lines: list[bytes], *, is_end: bool = False) -> list[bytes]:
        """Return the lines of the next block that are new."""
        if not self._written:
            return lines
        self._held += lines
        count = len(self._written)
        for begin in range(len(self._held) - count + 1):
            if self._held[begin : begin + count] == self._written:
                return self._give(self._held[begin + count :])
        if is_end or len(self._held) > _SEARCHED_LINES + count:
            self._is_gap = bool(self._held)
            return self._give(self._held)
        return []

    def take_gap(self) -> bool:
        """Return, once, whether lines may be missing before the next ones."""
        is_gap, self._is_gap = self._is_gap, False
        return is_gap

    def _give(self, lines: list[bytes]) -> list[bytes]:
        self._written, self._held = [], []
        return lines
