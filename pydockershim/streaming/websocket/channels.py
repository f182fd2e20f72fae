"""Numbered channels in one WebSocket: the first byte of a message says which.

In the base64 variants a message is text: a digit, and the payload in base64.
"""

import base64
import binascii
from typing import NamedTuple

from pydockershim.streaming.websocket.messages import WebSocket
from pydockershim.streaming.wire import Buffer, PeerLeft, WireError

_ZERO = ord("0")


class Numbered(NamedTuple):
    """One message of the client; the payload is valid as long as the bytes that were fed."""

    number: int
    payload: Buffer


class NumberedChannels:
    """Messages to and from channels; bytes to be sent are in `outgoing` after each call."""

    def __init__(self, websocket: WebSocket, *, as_base64: bool) -> None:
        self.outgoing = websocket.outgoing
        self._websocket = websocket
        self._as_base64 = as_base64

    def feed(self, data: Buffer) -> list[Numbered | PeerLeft]:
        """Return the messages in these bytes, but for empty ones; WireError when they are none."""
        events: list[Numbered | PeerLeft] = []
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
        """Begin the closing handshake. COMPAT(client-go): without it the session is an error."""
        self._websocket.close()

    def _read(self, message: Buffer) -> Numbered:
        payload = memoryview(message)[1:]
        if not self._as_base64:
            return Numbered(message[0], payload)
        try:
            return Numbered(message[0] - _ZERO, base64.b64decode(payload, validate=True))
        except binascii.Error as error:
            raise WireError("a message that is not base64") from error
