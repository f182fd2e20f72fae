"""Exec and attach as a client sees them, the same over both wires."""

import base64
import json
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.clients import websocket
from tests.clients.spdy import GOAWAY, RST_STREAM, SpdyClient
from tests.clients.websocket import WebSocketClient

CHANNELS = ("stdin", "stdout", "stderr", "error", "resize")
_ORDER = ("error", "stdin", "stdout", "stderr", "resize")


@dataclass
class Output:
    """What came on each channel; `ends` are the channels that ended, in order."""

    of: dict[str, bytearray] = field(
        default_factory=lambda: {name: bytearray() for name in CHANNELS}
    )
    ends: list[str] = field(default_factory=list)

    @property
    def stdout(self) -> bytes:
        """All of it."""
        return bytes(self.of["stdout"])

    @property
    def stderr(self) -> bytes:
        """All of it."""
        return bytes(self.of["stderr"])

    @property
    def status(self) -> dict[str, Any]:
        """The document on the error channel."""
        status: dict[str, Any] = json.loads(self.of["error"])
        return status

    @property
    def exit_code(self) -> int:
        """The exit code as client-go reads it."""
        if self.status["status"] == "Success":
            return 0
        assert self.status["reason"] == "NonZeroExitCode", self.status
        causes = {cause["reason"]: cause["message"] for cause in self.status["details"]["causes"]}
        return int(causes["ExitCode"])


class RemoteCommand(Protocol):
    """One session."""

    output: Output

    @property
    def connection(self) -> socket.socket:
        """Its connection."""

    def send(self, channel: str, payload: bytes) -> None:
        """Send bytes."""

    def finish(self, channel: str) -> None:
        """End a channel."""

    def step(self) -> bool:
        """Take in one message of the server; False at the end of the session."""

    def close(self) -> None:
        """Leave."""


def vanish(session: RemoteCommand) -> None:
    """Close the connection as the kernel does for a process that was killed."""
    session.connection.close()


class SpdyCommand:
    """Over SPDY; a terminal's `size` is sent in one breath with the last stream."""

    def __init__(
        self, url: str, channels: Collection[str], *, size: bytes = b"", **options: Any
    ) -> None:
        self.output = Output()
        self.client = SpdyClient(url, **options)
        self.streams = {
            name: self.client.open(size if name == "resize" else b"", streamtype=name)
            for name in _ORDER
            if name in channels or name == "error"
        }
        self._names = {stream: name for name, stream in self.streams.items()}

    @property
    def connection(self) -> socket.socket:
        """Its connection."""
        return self.client.connection

    def send(self, channel: str, payload: bytes) -> None:
        """Send bytes in DATA frames as large as client-go's."""
        for start in range(0, len(payload), 32768):
            self.client.send(self.streams[channel], payload[start : start + 32768])

    def finish(self, channel: str) -> None:
        """End our half of a stream."""
        self.client.finish(self.streams[channel])

    def step(self) -> bool:
        """Take in one frame; the end is the end of the error stream, which is the last."""
        frame = self.client.read()
        if frame is None or frame.kind == GOAWAY:
            return False
        if frame.kind == RST_STREAM or frame.fin:
            self.output.ends.append(self._names[frame.stream])
        if frame.kind == 0:
            self.output.of[self._names[frame.stream]] += frame.payload
        return "error" not in self.output.ends

    def close(self) -> None:
        """Leave."""
        self.client.close()


class WebSocketCommand:
    """Over WebSocket, v5 unless told otherwise; `size` is sent in one breath with the request."""

    def __init__(
        self,
        url: str,
        _channels: Collection[str],
        *,
        protocol: str = "v5.channel.k8s.io",
        size: bytes = b"",
        **options: Any,
    ) -> None:
        self.output = Output()
        protocols = [protocol] if protocol else []
        behind = websocket.frame(websocket.BINARY, b"\x04" + size) if size else b""
        self.client = WebSocketClient(url, protocols=protocols, behind=behind, **options)
        self._base64 = "base64" in protocol

    @property
    def connection(self) -> socket.socket:
        """Its connection."""
        return self.client.link

    def send(self, channel: str, payload: bytes) -> None:
        """Send bytes in messages as large as client-go's."""
        number = CHANNELS.index(channel)
        for start in range(0, len(payload), 32768):
            piece = payload[start : start + 32768]
            if self._base64:
                encoded = str(number).encode() + base64.b64encode(piece)
                self.client.send(encoded, opcode=websocket.TEXT)
            else:
                self.client.send(bytes([number]) + piece)

    def finish(self, channel: str) -> None:
        """Send v5's close signal."""
        self.client.send(bytes([0xFF, CHANNELS.index(channel)]))

    def step(self) -> bool:
        """Take in one message; the end is the server's Close."""
        message = self.client.read()
        if message is None or message.opcode == websocket.CLOSE:
            self.output.ends.append("closed" if message else "broken")
            return False
        if message.opcode == websocket.BINARY:
            self.output.of[CHANNELS[message.payload[0]]] += message.payload[1:]
        elif message.opcode == websocket.TEXT:
            number = int(message.payload[:1])
            self.output.of[CHANNELS[number]] += base64.b64decode(message.payload[1:])
        return True

    def close(self) -> None:
        """Leave."""
        self.client.close()


def read_to_end(command: RemoteCommand) -> Output:
    """Read until the session is over, and leave."""
    while command.step():
        pass
    command.close()
    return command.output


def read_until(command: RemoteCommand, condition: Callable[[Output], bool]) -> Output:
    """Read until the output is as wanted; an error when it ends before."""
    while not condition(command.output):
        assert command.step(), command.output
    return command.output
