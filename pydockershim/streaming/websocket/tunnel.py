"""A byte stream in a WebSocket's binary messages; where one message ends means nothing."""

from collections.abc import Sequence

from pydockershim.streaming.websocket.messages import WebSocket
from pydockershim.streaming.wire import Buffer, PeerLeft


class Tunnel:
    """What is around the bytes of another protocol."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self.peer_left = False

    def unwrap(self, data: Buffer) -> bytes:
        """Return the inner bytes; `peer_left` says whether more can come. WireError: no frames."""
        inner: list[Buffer] = []
        for message in self._websocket.feed(data):
            if isinstance(message, PeerLeft):
                self.peer_left = True
            else:
                inner.append(message)
        return b"".join(inner)

    def wrap(self, pieces: Sequence[Buffer]) -> list[Buffer]:
        """Return what carries these inner bytes, behind replies of the tunnel's own."""
        if pieces:
            self._websocket.send(*pieces)
        return self._taken()

    def close(self) -> list[Buffer]:
        """Return what begins the closing handshake."""
        self._websocket.close()
        return self._taken()

    def _taken(self) -> list[Buffer]:
        outgoing = self._websocket.outgoing[:]
        self._websocket.outgoing.clear()
        return outgoing
