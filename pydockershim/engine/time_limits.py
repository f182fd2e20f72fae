"""The table of time limits: how long each kind of call to the engine may take."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from pydockershim import calls


@dataclass(frozen=True)
class TimeLimit:
    """One kind of call.

    A read ends with its caller (deadline or cancellation) and may be repeated. A change, once
    begun, runs to its end, for at most `seconds`.
    """

    seconds: float
    read: bool


PING = TimeLimit(3, read=True)
READ = TimeLimit(15, read=True)
IMAGES = TimeLimit(60, read=True)  # dockerd reads every layer of hundreds of images
DISK_USAGE = TimeLimit(300, read=True)  # dockerd walks every writable layer

CHANGE = TimeLimit(30, read=False)
CREATE = TimeLimit(100, read=False)
START = TimeLimit(100, read=False)
REMOVE = TimeLimit(60, read=False)
LOAD = TimeLimit(100, read=False)

_SHORTEST_S = 0.001  # a socket timeout of 0 would mean non-blocking

_current: ContextVar[TimeLimit] = ContextVar("limit", default=READ)


@contextmanager
def limited(limit: TimeLimit) -> Iterator[None]:
    """Apply this limit to the calls inside the block."""
    token = _current.set(limit)
    try:
        yield
    finally:
        _current.reset(token)


def current_limit() -> TimeLimit:
    """Return the limit of this thread's current call."""
    return _current.get()


def time_limit_s(limit: TimeLimit) -> float:
    """Return how long a call that begins now may take; raises when its caller has gone."""
    call = calls.current()
    if limit.read:
        return max(call.remaining_s(limit.seconds) or 0, _SHORTEST_S)
    call.check()
    return limit.seconds
