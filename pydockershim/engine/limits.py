"""How long each kind of call to the engine may take: the one table of time limits."""

from dataclasses import dataclass


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
DISK_USAGE = Limit(300, read=True)  # dockerd walks every writable layer

CHANGE = Limit(30, read=False)
CREATE = Limit(100, read=False)
START = Limit(100, read=False)
REMOVE = Limit(60, read=False)
LOAD = Limit(100, read=False)
