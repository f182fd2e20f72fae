"""The five channels between a client and a process, independent of the framing."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from pydockershim.streaming.codec import Buffer, PeerLeft


class Channel(IntEnum):
    """Numbered as in the WebSocket protocols."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    ERROR = 3
    RESIZE = 4


class ChannelData(NamedTuple):
    """Bytes from the client on one channel; views into the bytes passed to `feed`."""

    channel: Channel
    pieces: Sequence[Buffer]


class ChannelEnded(NamedTuple):
    """The client has closed its side of this channel."""

    channel: Channel


ChannelEvent = ChannelData | ChannelEnded | PeerLeft


class ChannelCodec(Protocol):
    """The codec of one session; `outgoing` collects the bytes to send."""

    outgoing: list[Buffer]

    @property
    def is_complete(self) -> bool:
        """Whether the client has opened all requested channels."""

    def feed(self, data: Buffer) -> list[ChannelEvent]:
        """Decode bytes from the client; ProtocolError if they are invalid."""

    def send(self, channel: Channel, payload: Buffer) -> None:
        """Send output, or the status."""

    def finish(self, channel: Channel) -> None:
        """Send EOF on a channel, if the framing supports that."""

    def refuse(self, channel: Channel) -> None:
        """Close a channel on which the client sent invalid data."""

    def close(self) -> None:
        """Queue the message that closes the session."""
