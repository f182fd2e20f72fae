"""Numbered channels over one WebSocket: the first byte of a message is the channel.

In the base64 variants a message is text: a digit, and the payload in base64.
"""

import base64
import binascii
from typing import NamedTuple

from pydockershim.streaming.codec import Buffer, PeerLeft, ProtocolError
from pydockershim.streaming.websocket.websocket_connection import WebSocketConnection

_ZERO = ord("0")


class NumberedMessage(NamedTuple):
    """One message from the client; the payload may be a view into the bytes passed to `feed`."""

    number: int
    payload: Buffer


class NumberedChannels:
    """Multiplexes messages; `outgoing` collects the bytes to send."""

    def __init__(self, websocket: WebSocketConnection, *, as_base64: bool) -> None:
        self.outgoing = websocket.outgoing
        self._websocket = websocket
        self._as_base64 = as_base64

    def feed(self, data: Buffer) -> list[NumberedMessage | PeerLeft]:
        """Return the messages that are not empty; ProtocolError if the bytes are invalid."""
        events: list[NumberedMessage | PeerLeft] = []
        for message in self._websocket.feed(data):
            if isinstance(message, PeerLeft):
                events.append(message)
            elif len(message) > 1:
                events.append(self._read(message))
        return events

    def send(self, number: int, payload: Buffer) -> None:
        """Send one message, which may be empty."""
        if self._as_base64:
            self._websocket.send(bytes((_ZERO + number,)), base64.b64encode(payload), text=True)
        else:
            self._websocket.send(bytes((number,)), payload)

    def close(self) -> None:
        """Start the closing handshake. COMPAT(client-go): without it, it reports an error."""
        self._websocket.close()

    def _read(self, message: Buffer) -> NumberedMessage:
        payload = memoryview(message)[1:]
        if not self._as_base64:
            return NumberedMessage(message[0], payload)
        try:
            return NumberedMessage(message[0] - _ZERO, base64.b64decode(payload, validate=True))
        except binascii.Error as error:
            raise ProtocolError("message is not valid base64") from error
