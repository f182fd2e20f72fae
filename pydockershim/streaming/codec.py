"""What all codecs share: buffers to send, and how the peer breaks the protocol or disconnects."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

Buffer = bytes | bytearray | memoryview

_BURST = 200.0
_PER_S = 100.0


class ProtocolError(Exception):
    """The peer violated the protocol; the connection must be closed."""


class PeerLeft(NamedTuple):
    """The peer closed the session (GOAWAY, close frame); it sends nothing more."""


class Codec(Protocol):
    """One side of a protocol, without I/O; `outgoing` collects the bytes to send."""

    outgoing: list[Buffer]

    def close(self) -> None:
        """Queue the message that closes the session."""


class ReplyBudget:
    """Rate limit for replies that cost the peer nothing to request (pings)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = _BURST
        self._filled_s = clock()

    def spend(self) -> None:
        """Count one reply; ProtocolError above 100 per second, after a burst of 200."""
        now_s = self._clock()
        self._left = min(_BURST, self._left + (now_s - self._filled_s) * _PER_S)
        self._filled_s = now_s
        if self._left < 1:
            raise ProtocolError("too many pings")
        self._left -= 1
