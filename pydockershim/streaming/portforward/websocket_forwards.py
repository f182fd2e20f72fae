"""port-forward over WebSocket (v4): port i has channel 2i for data and 2i + 1 for an error.

The server's first message on each channel is the port number, two bytes, little-endian. There is
one connection per port; the session ends with the last of them.
"""

from collections.abc import Sequence

from pydockershim.streaming.codec import Buffer, PeerLeft
from pydockershim.streaming.portforward.forward_codec import (
    ForwardData,
    ForwardEvent,
    ForwardOpened,
)
from pydockershim.streaming.websocket.numbered_channels import NumberedChannels


class WebSocketForwards:
    """The connections of one session, one for each port."""

    def __init__(self, numbered: NumberedChannels, ports: Sequence[int]) -> None:
        self.outgoing = numbered.outgoing
        self._numbered = numbered
        self._live = set(range(len(ports)))
        self._unopened = [ForwardOpened(number, port) for number, port in enumerate(ports)]
        for number, port in enumerate(ports):
            for channel in (2 * number, 2 * number + 1):
                self._numbered.send(channel, port.to_bytes(2, "little"))

    @property
    def is_over(self) -> bool:
        """Whether all connections have ended."""
        return not self._live

    def feed(self, data: Buffer) -> list[ForwardEvent]:
        """Decode bytes from the client; the first call also opens all connections."""
        events: list[ForwardEvent] = [*self._unopened]
        self._unopened.clear()
        for event in self._numbered.feed(data):
            if isinstance(event, PeerLeft):
                events.append(event)
            elif event.number % 2 == 0 and event.number // 2 in self._live:
                events.append(ForwardData(event.number // 2, [event.payload]))
        return events

    def send(self, forward_id: int, payload: Buffer) -> None:
        """Send bytes from the pod to the client."""
        self._numbered.send(2 * forward_id, payload)

    def finish(self, forward_id: int) -> None:
        """Remove the connection; the protocol cannot signal the end of a single one."""
        self._live.discard(forward_id)

    def fail(self, forward_id: int, message: str) -> None:
        """Report why the connection failed, and remove it."""
        self._numbered.send(2 * forward_id + 1, message.encode())
        self._live.discard(forward_id)

    def reset(self, forward_id: int) -> None:
        """Remove the connection."""
        self._live.discard(forward_id)

    def drop_stale(self) -> None:
        """Do nothing: connections need not be opened."""

    def close(self) -> None:
        """Queue the message that closes the session."""
        self._numbered.close()
