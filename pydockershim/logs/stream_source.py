"""A container's output from Docker's log stream: for every driver whose files we do not read.

A thread per container reads and renders; what it has is fetched by the follower, and when nobody
fetches, the thread stops reading. Docker's stream has its ways, so:

- It is read once to its end before it is followed: only then it is sure what it does not hold.
- The end of a follow is not the end of the log (20.10 ends one early, and so does any engine when
  the follower lags behind rotations): it is read again until nothing new comes.
- `since` is inclusive, and of no use behind a clock that went back: the lines that were written
  last are looked for in what comes, and only what is behind them is new.
- COMPAT(dockerd 20.10): after a rotation some lines come once more, to be known by their age. What
  cannot be helped there: a flood that rotates files faster than they are followed loses lines
  unseen, `since` leaves out all that a clock that went back stamps earlier, and the last line of a
  `local` log looks whole without its LF.
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
_OUTBOX_BYTES = 256 * 1024
_TAIL_BYTES = 256 * 1024  # Docker 20.10 repeats up to 80 KiB
_LONGEST_TAIL_BYTES = 4 * 1024 * 1024
_SEARCHED_LINES = 4096
_RETRY_S = 1.0
_POLL_S = 0.2

_NOTHING = Reading()
_END = Reading(is_end=True)


class StreamSource:
    """Fetches what a reader thread has; `tty` is the container's, `loses_lf` the engine's."""

    def __init__(self, engine: Engine, container_id: str, *, tty: bool, loses_lf: bool) -> None:
        self._engine = engine
        self._container_id = container_id
        self._tty = tty
        self._loses_lf = loses_lf
        self._reader: _Reader | None = None

    def open(self, end: Window) -> bool:
        """Begin to read behind these lines."""
        messages = partial(MessageReader, tty=self._tty, loses_lf=self._loses_lf)
        self._reader = _Reader(self._engine, self._container_id, messages, end.lines)
        return True

    def read(self, *, exited: bool) -> Reading:
        """Return what has come."""
        return self._reader.fetch(exited=exited) if self._reader else _NOTHING

    def close(self) -> None:
        """Stop reading."""
        if self._reader:
            self._reader.stop()
            self._reader = None


class _Reader:
    """Reads one log on a thread of its own until the container has ended, or `stop`."""

    def __init__(
        self,
        engine: Engine,
        container_id: str,
        message_reader: Callable[[], MessageReader],
        written: list[bytes],
    ) -> None:
        self._engine = engine
        self._container_id = container_id
        self._message_reader = message_reader
        self._tail = bytearray().join(written)
        self._outbox = _Outbox()
        self._close_stream: Callable[[], None] = lambda: None
        self._exited = threading.Event()
        self._stopped = threading.Event()
        self._trouble = ""
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def fetch(self, *, exited: bool) -> Reading:
        if exited:
            self._exited.set()
        return self._outbox.fetch()

    def stop(self) -> None:
        self._stopped.set()
        self._exited.set()
        self._outbox.close()
        self._close_stream()

    def _run(self) -> None:
        follow = False
        while not self._stopped.is_set():
            exited = self._exited.is_set()  # before the look at what there is
            try:
                is_news = self._pass(follow=follow and not exited)
            except NotFound:
                break
            except ShimError as error:
                self._warn(str(error))
                self._stopped.wait(_RETRY_S)
                follow = False
                continue
            if exited and not is_news:
                break
            if follow and not is_news:
                self._exited.wait(_POLL_S)  # it does not run yet, or any more
            follow = True
        self._outbox.end()

    def _warn(self, trouble: str) -> None:
        if trouble != self._trouble:
            logger.warning("the log of container %s: %s", self._container_id, trouble)
        self._trouble = trouble

    def _pass(self, *, follow: bool) -> bool:
        """Read the log once; returns whether anything was new."""
        written, since_ns = self._written()
        news, messages = _News(written), self._message_reader()
        stream = self._engine.read_log(self._container_id, since_ns=since_ns, follow=follow)
        self._close_stream = stream.close
        if self._stopped.is_set():  # `stop` may have come before it knew of this stream
            stream.close()
        is_news = False
        with closing(iter(stream)) as blocks:
            for block in blocks:
                if self._stopped.is_set():
                    break
                is_news |= self._take(news.among(messages.feed(block)), news)
        is_news |= self._take(news.among(messages.end(), is_end=True), news)
        return is_news

    def _take(self, lines: list[bytes], news: "_News") -> bool:
        """Have these lines written next, less those that come once more."""
        fresh = b"".join(self._without_repeats(lines))
        if fresh:
            self._remember(fresh)
            self._outbox.put(fresh, after_gap=news.take_gap())
        return bool(fresh)

    def _written(self) -> tuple[list[bytes], int]:
        """Return the lines to look for in what comes, and the time (ns) from which to read it."""
        tail = bytes(self._tail)
        lines = window(tail, everything=len(tail) < _LONGEST_TAIL_BYTES)
        if lines is None:  # it ends with too long a line; all its parts have one time
            return [], time_ns(last_time(tail)) + 1
        return lines, time_ns(lines[0]) if lines else 0

    def _remember(self, fresh: bytes) -> None:
        """Keep enough to know repeats, and all parts of an unfinished line: they may be equal."""
        self._tail += fresh
        if len(self._tail) > 2 * _TAIL_BYTES:  # messages are small and many: not at each of them
            is_enough = window(bytes(self._tail[-_TAIL_BYTES:]), everything=False) is not None
            del self._tail[: -(_TAIL_BYTES if is_enough else _LONGEST_TAIL_BYTES)]

    def _without_repeats(self, lines: list[bytes]) -> list[bytes]:
        """Leave out what comes once more: a run of written lines that begins in the past.

        No two whole lines of a stream have one time; parts of a line have, and may be equal.
        """
        begin = self._tail.rfind(b"\n", 0, -1) + 1
        newest = bytes(self._tail[begin : begin + _TIME_BYTES])
        fresh, repeats = [], False
        for line in lines:
            time = line[:_TIME_BYTES]
            is_past = time < newest or (time == newest and line.split(b" ", 3)[2] == b"F")
            repeats = (repeats or is_past) and line in self._tail
            if not repeats:
                fresh.append(line)
                newest = max(newest, time)
        return fresh


class _Outbox:
    """Lines on their way from the reader to the follower, who takes them all at once."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._bytes = 0
        self._after_gap = False
        self._has_end = False
        self._is_closed = False
        self._changed = threading.Condition()

    def put(self, lines: bytes, *, after_gap: bool) -> None:
        """Wait for room; lines behind a gap wait until those before it have been taken."""
        limit = 0 if after_gap else _OUTBOX_BYTES
        with self._changed:
            self._changed.wait_for(lambda: self._bytes <= limit or self._is_closed)
            self._lines.append(lines)
            self._bytes += len(lines)
            self._after_gap |= after_gap

    def end(self) -> None:
        """Nothing comes any more."""
        self._has_end = True

    def close(self) -> None:
        """Nobody takes anything any more; let the reader go on to its end."""
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


class _News:
    """Leaves out of the lines of one pass what was written before; notes a gap if that is gone."""

    def __init__(self, written: Iterable[bytes]) -> None:
        self._written = list(written)
        self._held: list[bytes] = []
        self._is_gap = False

    def among(self, lines: list[bytes], *, is_end: bool = False) -> list[bytes]:
        """Return the new ones of the lines that come next."""
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
        """Say, once, whether lines may be missing before those that come next."""
        is_gap, self._is_gap = self._is_gap, False
        return is_gap

    def _give(self, lines: list[bytes]) -> list[bytes]:
        self._written, self._held = [], []
        return lines
