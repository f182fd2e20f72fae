"""A WebSocket (RFC 6455) on the server's side, without I/O: messages in, bytes out.

Reading, pongs and the closing handshake are `websockets`'. What we send gets its head here, so that
a payload is never copied. No extension is ever agreed upon.
"""

import logging
import struct
import time
from collections.abc import Callable

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from pydockershim.streaming.wire import Buffer, PeerLeft, ReplyBudget, WireError

_FIN = 0x80
_SHORT = 125
_MEDIUM = 0xFFFF
_MAX_FRAGMENTS = 4096
_DATA = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}

# The library's own log would show what people type.
_silent = logging.getLogger(f"{__name__}.frames")
_silent.setLevel(logging.ERROR)


class WebSocket:
    """One open WebSocket; bytes to be sent are in `outgoing` after each call."""

    def __init__(
        self, *, max_message_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.outgoing: list[Buffer] = []
        self._protocol = Protocol(
            Side.SERVER, state=State.OPEN, max_size=max_message_bytes, logger=_silent
        )
        self._pings = ReplyBudget(clock)
        self._begun = bytearray()
        self._fragments = 0

    def feed(self, data: Buffer) -> list[Buffer | PeerLeft]:
        """Return the messages in these bytes; WireError when the client breaks the rules."""
        self._protocol.receive_data(data)  # type: ignore[arg-type]  # it takes any bytes, and copies
        self._take_replies()
        events: list[Buffer | PeerLeft] = []
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame):
                self._on_frame(frame, events)
        if self._protocol.parser_exc is not None:
            raise WireError(f"the WebSocket broke: {self._protocol.parser_exc}")
        return events

    def send(self, *pieces: Buffer, text: bool = False) -> None:
        """Send one message, made of these pieces; dropped once either side has closed."""
        if self._protocol.state is State.OPEN:
            length = sum(map(len, pieces))
            self.outgoing.append(_head(Opcode.TEXT if text else Opcode.BINARY, length))
            self.outgoing += pieces

    def close(self) -> None:
        """Begin the closing handshake, unless the client has."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._take_replies()

    def _take_replies(self) -> None:
        # An empty piece stands for the end of the stream, which is the connection's business.
        self.outgoing += filter(None, self._protocol.data_to_send())

    def _on_frame(self, frame: Frame, events: list[Buffer | PeerLeft]) -> None:
        if frame.opcode in _DATA:
            self._on_data(frame, events)
        elif frame.opcode is Opcode.PING:
            self._pings.spend()
        elif frame.opcode is Opcode.CLOSE:
            events.append(PeerLeft())

    def _on_data(self, frame: Frame, events: list[Buffer | PeerLeft]) -> None:
        if frame.fin and not self._fragments:
            events.append(frame.data)
            return
        self._begun += frame.data
        self._fragments += 1
        if self._fragments > _MAX_FRAGMENTS:
            raise WireError("a message in more fragments than anybody needs")
        if frame.fin:
            events.append(self._begun)
            self._begun, self._fragments = bytearray(), 0


def _head(opcode: Opcode, length: int) -> bytes:
    """Return the head of an unmasked, unfragmented frame."""
    if length <= _SHORT:
        return bytes((_FIN | opcode, length))
    if length <= _MEDIUM:
        return struct.pack(">BBH", _FIN | opcode, 126, length)
    return struct.pack(">BBQ", _FIN | opcode, 127, length)
