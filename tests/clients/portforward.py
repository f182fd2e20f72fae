"""port-forward as client-go does it: two streams for each connection."""

from dataclasses import dataclass, field
from typing import Any

from tests.clients.spdy import PORT_FORWARD, RST_STREAM, Frame, SpdyClient
from tests.clients.websocket import BINARY, CLOSE, WebSocketClient


@dataclass
class ForwardedConnection:
    """One forwarded connection; `ended` when the pod's side is, `reset` when it broke."""

    error_stream: int
    data_stream: int
    received: bytearray = field(default_factory=bytearray)
    error: bytearray = field(default_factory=bytearray)
    ended: bool = False
    reset: bool = False


class SpdyOverWebSocket(SpdyClient):
    """SPDY in a WebSocket tunnel."""

    def __init__(self, url: str, **_options: Any) -> None:
        self.tunnel = WebSocketClient(url, protocols=["SPDY/3.1+portforward.k8s.io"])
        self._begin(_TunnelEnd(self.tunnel))


class _TunnelEnd:
    """The part of a socket that a SPDY client uses, in the tunnel."""

    def __init__(self, tunnel: WebSocketClient) -> None:
        self._tunnel = tunnel

    def sendall(self, data: bytes) -> None:
        # In awkward pieces: where a message ends means nothing.
        for start in range(0, len(data), 30000):
            self._tunnel.send(data[start : start + 30000])

    def recv(self, _size: int) -> bytes:
        while (message := self._tunnel.read()) is not None and message.opcode != CLOSE:
            if message.opcode == BINARY and message.payload:
                return message.payload
        return b""

    def shutdown(self, how: int) -> None:
        self._tunnel.link.shutdown(how)

    def close(self) -> None:
        self._tunnel.link.close()


class PortForward:
    """One session with any number of connections."""

    def __init__(self, url: str, transport: type[SpdyClient] = SpdyClient, **options: Any) -> None:
        self.client = transport(url, protocols=PORT_FORWARD, **options)
        self._connections: dict[int, ForwardedConnection] = {}
        self._requests = 0

    def open(self, port: int | str, behind: bytes = b"") -> ForwardedConnection:
        """Open a connection to a port; frames of others are taken in meanwhile.

        Input `behind` goes in one breath with it.
        """
        headers = {"port": str(port), "requestid": str(self._requests)}
        self._requests += 1
        error_stream = self.client.open_unanswered(streamtype="error", **headers)
        self._until_replied(error_stream)
        self.client.finish(error_stream)
        data_stream = self.client.open_unanswered(behind, streamtype="data", **headers)
        connection = ForwardedConnection(error_stream, data_stream)
        self._connections |= {error_stream: connection, data_stream: connection}
        self._until_replied(data_stream)
        return connection

    def send(self, connection: ForwardedConnection, payload: bytes) -> None:
        """Send bytes to the pod."""
        for start in range(0, len(payload), 32768):
            self.client.send(connection.data_stream, payload[start : start + 32768])

    def finish(self, connection: ForwardedConnection) -> None:
        """End our half."""
        self.client.finish(connection.data_stream)

    def step(self) -> Frame:
        """Take in one frame; an error at the end of the session."""
        frame = self.client.read()
        assert frame is not None, "the session ended"
        if connection := self._connections.get(frame.stream):
            is_data = frame.stream == connection.data_stream
            if frame.kind == RST_STREAM:
                connection.reset = True
            elif frame.kind == 0:
                (connection.received if is_data else connection.error).extend(frame.payload)
                connection.ended |= frame.fin and is_data
        return frame

    def read_to_end(self, connection: ForwardedConnection) -> bytes:
        """Read until the pod has ended, or broken, a connection."""
        while not (connection.ended or connection.reset):
            self.step()
        self.forget(connection)
        return bytes(connection.received)

    def forget(self, connection: ForwardedConnection) -> None:
        """Drop what is still to come of a connection."""
        self._connections.pop(connection.data_stream, None)
        self._connections.pop(connection.error_stream, None)

    def close(self) -> None:
        """Leave."""
        self.client.close()

    def _until_replied(self, stream: int) -> None:
        while (frame := self.step()).kind not in {2, RST_STREAM} or frame.stream != stream:
            pass
