"""The five channels between a client and a process, whichever wire carries them."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

from pydockershim.streaming.wire import Buffer, PeerLeft


class Channel(IntEnum):
    """The numbers are those of the WebSocket protocols."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    ERROR = 3
    RESIZE = 4


class Received(NamedTuple):
    """Bytes of the client on one channel, valid as long as the bytes that were fed."""

    channel: Channel
    pieces: Sequence[Buffer]


class Ended(NamedTuple):
    """The client will send nothing more on this channel."""

    channel: Channel


ChannelEvent = Received | Ended | PeerLeft


class Channels(Protocol):
    """A codec for one session; bytes to be sent are in `outgoing` after each call."""

    outgoing: list[Buffer]

    @property
    def is_complete(self) -> bool:
        """Whether the client has opened all the channels that it asked for."""

    def feed(self, data: Buffer) -> list[ChannelEvent]:
        """Return what the client's bytes mean; WireError when it breaks the rules."""

    def send(self, channel: Channel, payload: Buffer) -> None:
        """Send output, or the status at the end."""

    def finish(self, channel: Channel) -> None:
        """Tell the client that nothing more comes on a channel, where the wire can say so."""

    def refuse(self, channel: Channel) -> None:
        """Give up a channel on which the client sent nonsense."""

    def close(self) -> None:
        """Say good-bye."""
