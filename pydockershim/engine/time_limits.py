"""How long each kind of call to the engine may take: the one table of time limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from pydockershim import calls


@dataclass(frozen=True)
class TimeLimit:
    """One kind of call.

    A read ends with its caller (deadline or cancellation) and may be repeated; a change, once
    begun, runs to its end or to `seconds`, whichever comes first.
    """

    seconds: float
    read: bool


PING = TimeLimit(3, read=True)
READ = TimeLimit(15, read=True)
IMAGES = TimeLimit(60, read=True)  # dockerd looks at every layer of hundreds of images
DISK_USAGE = TimeLimit(300, read=True)  # dockerd walks every writable layer

CHANGE = TimeLimit(30, read=False)
CREATE = TimeLimit(100, read=False)
START = TimeLimit(100, read=False)
REMOVE = TimeLimit(60, read=False)
LOAD = TimeLimit(100, read=False)

_SHORTEST_S = 0.001  # to a socket, 0 would mean not to block at all

_current: ContextVar[TimeLimit] = ContextVar("limit", default=READ)


@contextmanager
def limited(limit: TimeLimit) -> Iterator[None]:
    """Make the calls inside the block calls of this kind."""
    token = _current.set(limit)
    try:
        yield
    finally:
        _current.reset(token)


def current_limit() -> TimeLimit:
    """Return the kind of the call under way on this thread."""
    return _current.get()


def time_limit_s(limit: TimeLimit) -> float:
    """Return how long a call may take that begins now; raises when its caller has gone."""
    call = calls.current()
    if limit.read:
        return max(call.remaining_s(limit.seconds) or 0, _SHORTEST_S)
    call.check()
    return limit.seconds
