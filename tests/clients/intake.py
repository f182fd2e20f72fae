"""Takes bytes off a connection in the sizes that a codec asks for."""

from typing import Protocol

# Small enough that a reader who keeps a pace takes something several times in a second.
_BLOCK_BYTES = 1 << 16


class Source(Protocol):
    """A connection, or what is like one."""

    def recv(self, size: int, /) -> bytes:
        """Receive some; nothing at the end."""


class Intake:
    """Reads a connection, from what has been `received` of it already."""

    def __init__(self, link: Source, received: bytes = b"") -> None:
        self._link = link
        self._received = bytearray(received)

    def take(self, size: int) -> bytes | None:
        """Return exactly so many bytes; None when the connection ends before."""
        while len(self._received) < size:
            block = self._link.recv(_BLOCK_BYTES)
            if not block:
                return None
            self._received += block
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken
