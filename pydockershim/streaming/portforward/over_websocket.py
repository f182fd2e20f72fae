"""port-forward over WebSocket (v4): port i has channel 2i for data and 2i + 1 for an error.

The server begins each channel with the port's number, two bytes, little-endian. There is one
connection a port, and the session is over with the last of them.
"""

from collections.abc import Sequence

from pydockershim.streaming.portforward.forwards import ForwardEvent, Opened, Received
from pydockershim.streaming.websocket.channels import NumberedChannels
from pydockershim.streaming.wire import Buffer, PeerLeft


class WebSocketForwards:
    """The connections of one session, one for each of the ports."""

    def __init__(self, wire: NumberedChannels, ports: Sequence[int]) -> None:
        self.outgoing = wire.outgoing
        self._wire = wire
        self._live = set(range(len(ports)))
        self._unreported = [Opened(number, port) for number, port in enumerate(ports)]
        for number, port in enumerate(ports):
            for channel in (2 * number, 2 * number + 1):
                self._wire.send(channel, port.to_bytes(2, "little"))

    @property
    def is_over(self) -> bool:
        """Whether the pod has ended all connections."""
        return not self._live

    def feed(self, data: Buffer) -> list[ForwardEvent]:
        """Return what the client's bytes mean; the first call returns that all ports are open."""
        events: list[ForwardEvent] = [*self._unreported]
        self._unreported.clear()
        for event in self._wire.feed(data):
            if isinstance(event, PeerLeft):
                events.append(event)
            elif event.number % 2 == 0 and event.number // 2 in self._live:
                events.append(Received(event.number // 2, [event.payload]))
        return events

    def send(self, forward_id: int, payload: Buffer) -> None:
        """Send the client bytes from the pod."""
        self._wire.send(2 * forward_id, payload)

    def finish(self, forward_id: int) -> None:
        """Count the connection as ended; the protocol cannot tell the client before the last."""
        self._live.discard(forward_id)

    def fail(self, forward_id: int, message: str) -> None:
        """Tell the client why there is no connection, and forget it."""
        self._wire.send(2 * forward_id + 1, message.encode())
        self._live.discard(forward_id)

    def reset(self, forward_id: int) -> None:
        """Count the connection as ended."""
        self._live.discard(forward_id)

    def drop_stale(self) -> None:
        """Do nothing: every connection is complete from the start."""

    def close(self) -> None:
        """Say good-bye."""
        self._wire.close()
