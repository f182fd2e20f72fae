"""How long each kind of call to the engine may take: the one table of time limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from pydockershim import calls


@dataclass(frozen=True)
class Limit:
    """One kind of call.

    A read ends with its caller (deadline or cancellation) and may be repeated; a change, once
    begun, runs to its end or to `seconds`, whichever comes first.
    """

    seconds: float
    read: bool


PING = Limit(3, read=True)
READ = Limit(15, read=True)
IMAGES = Limit(60, read=True)  # dockerd looks at every layer of hundreds of images
DISK_USAGE = Limit(300, read=True)  # dockerd walks every writable layer

CHANGE = Limit(30, read=False)
CREATE = Limit(100, read=False)
START = Limit(100, read=False)
REMOVE = Limit(60, read=False)
LOAD = Limit(100, read=False)

_SHORTEST_S = 0.001  # to a socket, 0 would mean not to block at all

_current: ContextVar[Limit] = ContextVar("limit", default=READ)


@contextmanager
def limited(limit: Limit) -> Iterator[None]:
    """Make the calls inside the block calls of this kind."""
    token = _current.set(limit)
    try:
        yield
    finally:
        _current.reset(token)


def current_limit() -> Limit:
    """Return the kind of the call under way on this thread."""
    return _current.get()


def time_limit_s(limit: Limit) -> float:
    """Return how long a call may take that begins now; raises when its caller has gone."""
    call = calls.current()
    if limit.read:
        return max(call.remaining_s(limit.seconds) or 0, _SHORTEST_S)
    call.check()
    return limit.seconds
