"""What every wire has in common: bytes that wait to be sent, and a peer that breaks the rules."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

Buffer = bytes | bytearray | memoryview

_BURST = 200.0
_PER_S = 100.0


class WireError(Exception):
    """The peer broke the protocol; the connection cannot go on."""


class PeerLeft(NamedTuple):
    """The peer said good-bye; nothing more will come."""


class Codec(Protocol):
    """One side of a protocol without I/O: bytes in, and in `outgoing` the bytes to be sent."""

    outgoing: list[Buffer]

    def close(self) -> None:
        """Say good-bye to the peer."""


class ReplyBudget:
    """Bounds how often a peer can have us answer at no cost of its own (pings)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = _BURST
        self._filled_s = clock()

    def spend(self) -> None:
        """Count one answer; WireError beyond 100 in a second, after a burst of 200."""
        now_s = self._clock()
        self._left = min(_BURST, self._left + (now_s - self._filled_s) * _PER_S)
        self._filled_s = now_s
        if self._left < 1:
            raise WireError("more pings than anybody needs")
        self._left -= 1
