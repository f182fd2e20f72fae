"""A byte stream in the binary messages of a WebSocket; message boundaries have no meaning."""

from collections.abc import Sequence

from pydockershim.streaming.codec import Buffer, PeerLeft
from pydockershim.streaming.websocket.websocket_connection import WebSocketConnection


class Tunnel:
    """Wraps and unwraps the bytes of another protocol."""

    def __init__(self, websocket: WebSocketConnection) -> None:
        self._websocket = websocket
        self.peer_left = False

    def unwrap(self, data: Buffer) -> bytes:
        """Return the inner bytes, and set `peer_left` at their end; ProtocolError if invalid."""
        inner: list[Buffer] = []
        for message in self._websocket.feed(data):
            if isinstance(message, PeerLeft):
                self.peer_left = True
            else:
                inner.append(message)
        return b"".join(inner)

    def wrap(self, pieces: Sequence[Buffer]) -> list[Buffer]:
        """Return the frames of these inner bytes, after pending replies of the WebSocket."""
        if pieces:
            self._websocket.send(*pieces)
        return self._take_outgoing()

    def close(self) -> list[Buffer]:
        """Return the frame that starts the closing handshake."""
        self._websocket.close()
        return self._take_outgoing()

    def _take_outgoing(self) -> list[Buffer]:
        outgoing = self._websocket.outgoing[:]
        self._websocket.outgoing.clear()
        return outgoing
