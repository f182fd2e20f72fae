"""remotecommand over WebSocket: each channel has its number."""

from collections.abc import Set as AbstractSet

from pydockershim.streaming.remotecommand.channels import Channel, ChannelEvent, Ended, Received
from pydockershim.streaming.websocket.channels import Numbered, NumberedChannels
from pydockershim.streaming.wire import Buffer, PeerLeft

_CLOSE_SIGNAL = 0xFF
_GREETABLE = (Channel.STDOUT, Channel.STDERR, Channel.ERROR)


class WebSocketChannels:
    """The channels of one session.

    `expected` are the channels that it has: what the client sends on others is dropped. With
    `close_signal` (v5) the client can end a channel, without it only by leaving.
    """

    def __init__(
        self, wire: NumberedChannels, expected: AbstractSet[Channel], *, close_signal: bool
    ) -> None:
        self.outgoing = wire.outgoing
        self._wire = wire
        self._expected = expected
        self._from_client = {Channel.STDIN, Channel.RESIZE} & expected
        self._close_signal = close_signal
        # COMPAT(client-go): the first message, an empty one, is how a client knows it is through.
        self._wire.send(next(channel for channel in _GREETABLE if channel in expected), b"")

    @property
    def is_complete(self) -> bool:
        """There is nothing to open."""
        return True

    def feed(self, data: Buffer) -> list[ChannelEvent]:
        """Return what the client's bytes mean; WireError when it breaks the rules."""
        events: list[ChannelEvent] = []
        for event in self._wire.feed(data):
            if isinstance(event, PeerLeft):
                events.append(event)
            elif self._close_signal and event.number == _CLOSE_SIGNAL:
                self._on_close_signal(event, events)
            elif event.number in self._from_client:
                events.append(Received(Channel(event.number), [event.payload]))
        return events

    def send(self, channel: Channel, payload: Buffer) -> None:
        """Send output, or the status at the end."""
        if payload and channel in self._expected:
            self._wire.send(channel, payload)

    def finish(self, channel: Channel) -> None:
        """Close the session after the status; no client understands a signal for other channels.

        COMPAT(client-go): without the closing handshake it takes the end for an error.
        """
        if channel is Channel.ERROR:
            self.close()

    def refuse(self, channel: Channel) -> None:
        """Drop what the client still sends on a channel."""
        self._from_client.discard(channel)

    def close(self) -> None:
        """Say good-bye."""
        self._wire.close()

    def _on_close_signal(self, signal: Numbered, events: list[ChannelEvent]) -> None:
        number = signal.payload[0]
        if len(signal.payload) == 1 and number in self._from_client:
            events.append(Ended(Channel(number)))
            self._from_client.discard(Channel(number))
