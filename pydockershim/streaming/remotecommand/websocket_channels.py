"""remotecommand over WebSocket: each channel has a number."""

from collections.abc import Set as AbstractSet

from pydockershim.streaming.codec import Buffer, PeerLeft
from pydockershim.streaming.remotecommand.channel_codec import (
    Channel,
    ChannelData,
    ChannelEnded,
    ChannelEvent,
)
from pydockershim.streaming.websocket.numbered_channels import NumberedChannels, NumberedMessage

_CLOSE_SIGNAL = 0xFF
_GREETING_CHANNELS = (Channel.STDOUT, Channel.STDERR, Channel.ERROR)


class WebSocketChannels:
    """The channels of one session.

    `expected` are its channels: messages on others are dropped. With `close_signal` (v5) the client
    can close a channel, without it only the whole session.
    """

    def __init__(
        self, *, numbered: NumberedChannels, expected: AbstractSet[Channel], close_signal: bool
    ) -> None:
        self.outgoing = numbered.outgoing
        self._numbered = numbered
        self._expected = expected
        self._from_client = {Channel.STDIN, Channel.RESIZE} & expected
        self._close_signal = close_signal
        # COMPAT(client-go): clients wait for a first, empty message.
        self._numbered.send(
            next(channel for channel in _GREETING_CHANNELS if channel in expected), b""
        )

    @property
    def is_complete(self) -> bool:
        """Channels need not be opened."""
        return True

    def feed(self, data: Buffer) -> list[ChannelEvent]:
        """Decode bytes from the client; ProtocolError if they are invalid."""
        events: list[ChannelEvent] = []
        for event in self._numbered.feed(data):
            if isinstance(event, PeerLeft):
                events.append(event)
            elif self._close_signal and event.number == _CLOSE_SIGNAL:
                self._on_close_signal(event, events)
            elif event.number in self._from_client:
                events.append(ChannelData(Channel(event.number), [event.payload]))
        return events

    def send(self, channel: Channel, payload: Buffer) -> None:
        """Send output, or the status."""
        if payload and channel in self._expected:
            self._numbered.send(channel, payload)

    def finish(self, channel: Channel) -> None:
        """Close the session after the status; clients do not support a close signal on others.

        COMPAT(client-go): without the closing handshake it reports an error.
        """
        if channel is Channel.ERROR:
            self.close()

    def refuse(self, channel: Channel) -> None:
        """Drop further messages on a channel."""
        self._from_client.discard(channel)

    def close(self) -> None:
        """Queue the message that closes the session."""
        self._numbered.close()

    def _on_close_signal(self, signal: NumberedMessage, events: list[ChannelEvent]) -> None:
        number = signal.payload[0]
        if len(signal.payload) == 1 and number in self._from_client:
            events.append(ChannelEnded(Channel(number)))
            self._from_client.discard(Channel(number))
