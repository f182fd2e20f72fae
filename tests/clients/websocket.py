"""A WebSocket client that writes its own frames: masked, of any kind, in any pieces."""

import base64
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.clients import http
from tests.clients.intake import Intake

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Message(NamedTuple):
    """A frame of the server, which never fragments."""

    opcode: int
    payload: bytes


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """Return a masked frame's bytes; the mask is zero, which costs nothing and is legal."""
    first = opcode | (0x80 if fin else 0)
    if len(payload) <= 125:
        head = struct.pack(">BB", first, 0x80 | len(payload))
    elif len(payload) <= 0xFFFF:
        head = struct.pack(">BBH", first, 0x80 | 126, len(payload))
    else:
        head = struct.pack(">BBQ", first, 0x80 | 127, len(payload))
    return head + bytes(4) + payload


class WebSocketClient:
    """One connection; without `protocols` it asks for none. `options`: those of `http.connect`.

    `behind` is sent in one breath with the request.
    """

    def __init__(
        self, url: str, *, protocols: Sequence[str] = (), behind: bytes = b"", **options: Any
    ) -> None:
        self.link = http.connect(url, **options)
        headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode()),
            *([("Sec-WebSocket-Protocol", ", ".join(protocols))] if protocols else []),
        ]
        self.answer = http.upgrade(self.link, url, "GET", headers, behind=behind)
        self._intake = Intake(self.link, self.answer.rest)

    @property
    def protocol(self) -> str:
        """The one that the server chose; empty when it named none."""
        return "".join(self.answer.values("Sec-WebSocket-Protocol"))

    def send(self, payload: bytes, *, opcode: int = BINARY) -> None:
        """Send one message."""
        self.link.sendall(frame(opcode, payload))

    def read(self) -> Message | None:
        """Return the next frame; None at the end of the connection."""
        start = self._intake.take(2)
        if start is None:
            return None
        first, length = start
        if length == 126:
            length = struct.unpack(">H", self._intake.take(2) or b"")[0]
        elif length == 127:
            length = struct.unpack(">Q", self._intake.take(8) or b"")[0]
        payload = self._intake.take(length)
        assert payload is not None
        return Message(first & 0x0F, payload)

    def close(self) -> None:
        """Say good-bye and go."""
        try:
            self.link.sendall(frame(CLOSE, struct.pack(">H", 1000)))
            self.link.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.link.close()
