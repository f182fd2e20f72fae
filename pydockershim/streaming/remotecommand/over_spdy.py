"""remotecommand over SPDY: each channel is a stream, named by its `streamtype` header."""

from collections.abc import Set as AbstractSet

from pydockershim.streaming.remotecommand.channels import Channel, ChannelEvent, Ended, Received
from pydockershim.streaming.spdy.connection import (
    SpdyConnection,
    StreamData,
    StreamEnded,
    StreamOpened,
    StreamReset,
)
from pydockershim.streaming.spdy.frames import Status
from pydockershim.streaming.wire import Buffer, PeerLeft, WireError

_BY_NAME = {channel.name.lower(): channel for channel in Channel}
_MAX_REFUSED = 16


class SpdyChannels:
    """The channels of one session; `expected` are those that the client is going to open."""

    def __init__(self, spdy: SpdyConnection, expected: AbstractSet[Channel]) -> None:
        self.outgoing = spdy.outgoing
        self._spdy = spdy
        self._missing = set(expected)
        self._refused = 0
        self._streams: dict[Channel, int] = {}
        self._channels: dict[int, Channel] = {}

    @property
    def is_complete(self) -> bool:
        """Whether the client has opened all the channels that it asked for."""
        return not self._missing

    def feed(self, data: Buffer) -> list[ChannelEvent]:
        """Return what the client's bytes mean; WireError when it breaks the rules."""
        events: list[ChannelEvent] = []
        for event in self._spdy.feed(data):
            match event:
                case StreamData(stream_id, pieces) if stream_id in self._channels:
                    events.append(Received(self._channels[stream_id], pieces))
                case StreamEnded(stream_id) | StreamReset(stream_id):
                    if stream_id in self._channels:
                        events.append(Ended(self._channels[stream_id]))
                case StreamOpened():
                    self._on_opened(event)
                case PeerLeft():
                    events.append(event)
        return events

    def send(self, channel: Channel, payload: Buffer) -> None:
        """Send output, or the status at the end."""
        if channel in self._streams:
            self._spdy.send(self._streams[channel], payload)

    def finish(self, channel: Channel) -> None:
        """End our half of the channel's stream."""
        if channel in self._streams:
            self._spdy.finish(self._streams[channel])

    def refuse(self, channel: Channel) -> None:
        """Reset the channel's stream."""
        if channel in self._streams:
            self._spdy.reset(self._streams[channel], Status.PROTOCOL_ERROR)

    def close(self) -> None:
        """Say good-bye."""
        self._spdy.close()

    def _on_opened(self, stream: StreamOpened) -> None:
        """Accept a channel that was asked for, once; anything else is reset."""
        channel = _BY_NAME.get(stream.headers.get("streamtype", ""))
        if channel not in self._missing:
            self._refused += 1
            if self._refused > _MAX_REFUSED:
                raise WireError("one stream after another that nobody asked for")
            self._spdy.reset(stream.stream_id, Status.PROTOCOL_ERROR)
            return
        self._missing.remove(channel)
        self._streams[channel] = stream.stream_id
        self._channels[stream.stream_id] = channel
        self._spdy.accept(stream.stream_id)
