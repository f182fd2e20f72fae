"""Writes to an asyncio transport without copying what the socket accepts immediately."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress

from pydockershim.streaming.codec import Buffer

_IOV_MAX = 1024


class SocketWriter:
    """The sending side of a connection; the transport calls `pause_writing` of its owner."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        is_plain = transport.get_extra_info("sslcontext") is None
        self._descriptor = transport.get_extra_info("socket").fileno() if is_plain else -1

    @property
    def unsent_bytes(self) -> int:
        """What is buffered because the socket did not accept it."""
        return self._transport.get_write_buffer_size()

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Send pieces; the caller may reuse them. Dropped if the connection is closing."""
        if self._transport.is_closing():
            return
        sent = 0
        if self._descriptor >= 0 and not self.unsent_bytes and len(pieces) <= _IOV_MAX:
            with suppress(OSError):  # full or broken: the transport will notice
                sent = os.writev(self._descriptor, pieces)
        if rest := _unsent(sent, pieces):
            self._transport.write(b"".join(rest))


def _unsent(sent: int, pieces: Sequence[Buffer]) -> list[memoryview]:
    rest = []
    for piece in pieces:
        if sent < len(piece):
            rest.append(memoryview(piece)[sent:])
        sent = max(0, sent - len(piece))
    return rest
