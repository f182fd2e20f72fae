"""The server side of a WebSocket (RFC 6455), without I/O.

The `websockets` library does reading, pongs and the closing handshake. The frame headers of sent
messages are built here, so that a payload is never copied. Extensions are not negotiated.
"""

import logging
import struct
import time
from collections.abc import Callable

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from pydockershim.streaming.codec import Buffer, PeerLeft, ProtocolError, ReplyBudget

_FIN = 0x80
_SHORT = 125
_MEDIUM = 0xFFFF
_MAX_FRAGMENTS = 4096
_DATA = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}

# The log of the library would contain what users type.
_silent = logging.getLogger(f"{__name__}.frames")
_silent.setLevel(logging.ERROR)


class WebSocketConnection:
    """One open WebSocket; `outgoing` collects the bytes to send."""

    def __init__(
        self, *, max_message_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.outgoing: list[Buffer] = []
        self._protocol = Protocol(
            Side.SERVER, state=State.OPEN, max_size=max_message_bytes, logger=_silent
        )
        self._pings = ReplyBudget(clock)
        self._fragmented = bytearray()
        self._fragment_count = 0

    def feed(self, data: Buffer) -> list[Buffer | PeerLeft]:
        """Return the messages in these bytes; ProtocolError if they are invalid."""
        self._protocol.receive_data(data)  # type: ignore[arg-type]  # takes any buffer, and copies it
        self._take_replies()
        events: list[Buffer | PeerLeft] = []
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame):
                self._on_frame(frame, events)
        if self._protocol.parser_exc is not None:
            raise ProtocolError(f"invalid WebSocket data: {self._protocol.parser_exc}")
        return events

    def send(self, *pieces: Buffer, text: bool = False) -> None:
        """Send one message of these pieces; dropped after either side has closed."""
        if self._protocol.state is State.OPEN:
            length = sum(map(len, pieces))
            self.outgoing.append(_head(Opcode.TEXT if text else Opcode.BINARY, length))
            self.outgoing += pieces

    def close(self) -> None:
        """Start the closing handshake, unless the client has."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._take_replies()

    def _take_replies(self) -> None:
        # An empty piece asks to close the TCP connection, which Downstream does.
        self.outgoing += filter(None, self._protocol.data_to_send())

    def _on_frame(self, frame: Frame, events: list[Buffer | PeerLeft]) -> None:
        if frame.opcode in _DATA:
            self._on_data(frame, events)
        elif frame.opcode is Opcode.PING:
            self._pings.spend()
        elif frame.opcode is Opcode.CLOSE:
            events.append(PeerLeft())

    def _on_data(self, frame: Frame, events: list[Buffer | PeerLeft]) -> None:
        if frame.fin and not self._fragment_count:
            events.append(frame.data)
            return
        self._fragmented += frame.data
        self._fragment_count += 1
        if self._fragment_count > _MAX_FRAGMENTS:
            raise ProtocolError(f"message in more than {_MAX_FRAGMENTS} fragments")
        if frame.fin:
            events.append(self._fragmented)
            self._fragmented, self._fragment_count = bytearray(), 0


def _head(opcode: Opcode, length: int) -> bytes:
    """Return the header of an unmasked, unfragmented frame."""
    if length <= _SHORT:
        return bytes((_FIN | opcode, length))
    if length <= _MEDIUM:
        return struct.pack(">BBH", _FIN | opcode, 126, length)
    return struct.pack(">BBQ", _FIN | opcode, 127, length)
