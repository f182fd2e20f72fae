"""remotecommand over SPDY: each channel is a stream, identified by its `streamtype` header."""

from collections.abc import Set as AbstractSet

from pydockershim.streaming.codec import Buffer, PeerLeft, ProtocolError
from pydockershim.streaming.remotecommand.channel_codec import (
    Channel,
    ChannelData,
    ChannelEnded,
    ChannelEvent,
)
from pydockershim.streaming.spdy.frames import CloseStatus
from pydockershim.streaming.spdy.spdy_connection import (
    SpdyConnection,
    StreamData,
    StreamEnded,
    StreamOpened,
    StreamReset,
)

_BY_NAME = {channel.name.lower(): channel for channel in Channel}
_MAX_REFUSED = 16


class SpdyChannels:
    """The channels of one session; `expected` are those that the client must open."""

    def __init__(self, spdy: SpdyConnection, expected: AbstractSet[Channel]) -> None:
        self.outgoing = spdy.outgoing
        self._spdy = spdy
        self._missing = set(expected)
        self._refused = 0
        self._streams: dict[Channel, int] = {}
        self._channels: dict[int, Channel] = {}

    @property
    def is_complete(self) -> bool:
        """Whether the client has opened all requested channels."""
        return not self._missing

    def feed(self, data: Buffer) -> list[ChannelEvent]:
        """Decode bytes from the client; ProtocolError if they are invalid."""
        events: list[ChannelEvent] = []
        for event in self._spdy.feed(data):
            match event:
                case StreamData(stream_id, pieces) if stream_id in self._channels:
                    events.append(ChannelData(self._channels[stream_id], pieces))
                case StreamEnded(stream_id) | StreamReset(stream_id):
                    if stream_id in self._channels:
                        events.append(ChannelEnded(self._channels[stream_id]))
                case StreamOpened():
                    self._on_opened(event)
                case PeerLeft():
                    events.append(event)
        return events

    def send(self, channel: Channel, payload: Buffer) -> None:
        """Send output, or the status."""
        if channel in self._streams:
            self._spdy.send(self._streams[channel], payload)

    def finish(self, channel: Channel) -> None:
        """Half-close the stream of the channel."""
        if channel in self._streams:
            self._spdy.finish(self._streams[channel])

    def refuse(self, channel: Channel) -> None:
        """Reset the stream of the channel."""
        if channel in self._streams:
            self._spdy.reset(self._streams[channel], CloseStatus.PROTOCOL_ERROR)

    def close(self) -> None:
        """Queue the message that closes the session."""
        self._spdy.close()

    def _on_opened(self, stream: StreamOpened) -> None:
        """Accept a requested channel, once; reset any other stream."""
        channel = _BY_NAME.get(stream.headers.get("streamtype", ""))
        if channel not in self._missing:
            self._refused += 1
            if self._refused > _MAX_REFUSED:
                raise ProtocolError("too many streams that were not requested")
            self._spdy.reset(stream.stream_id, CloseStatus.PROTOCOL_ERROR)
            return
        self._missing.remove(channel)
        self._streams[channel] = stream.stream_id
        self._channels[stream.stream_id] = channel
        self._spdy.accept(stream.stream_id)
