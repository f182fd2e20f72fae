"""Forwarded connections between a client and a pod, whichever wire carries them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pydockershim.streaming.wire import Buffer, PeerLeft


class Opened(NamedTuple):
    """The client wants a connection to a port of the pod."""

    forward_id: int
    port: int


class Received(NamedTuple):
    """Bytes for the pod, valid as long as the bytes that were fed."""

    forward_id: int
    pieces: Sequence[Buffer]


class Ended(NamedTuple):
    """The client will send nothing more; it may still read."""

    forward_id: int


class Reset(NamedTuple):
    """The client gave the connection up."""

    forward_id: int


ForwardEvent = Opened | Received | Ended | Reset | PeerLeft


class Forwards(Protocol):
    """A codec for one session; bytes to be sent are in `outgoing` after each call."""

    outgoing: list[Buffer]

    @property
    def is_over(self) -> bool:
        """Whether there never will be a connection any more."""

    def feed(self, data: Buffer) -> list[ForwardEvent]:
        """Return what the client's bytes mean; WireError when it breaks the rules."""

    def send(self, forward_id: int, payload: Buffer) -> None:
        """Send the client bytes from the pod."""

    def finish(self, forward_id: int) -> None:
        """Tell the client that the pod will send nothing more."""

    def fail(self, forward_id: int, message: str) -> None:
        """Tell the client why there is no connection, and forget it."""

    def reset(self, forward_id: int) -> None:
        """Break a connection that was up, as the pod did, and forget it.

        COMPAT(kubectl): without a word, because one makes kubectl end the whole session.
        """

    def drop_stale(self) -> None:
        """Give up what the client has begun to open and not finished in time."""

    def close(self) -> None:
        """Say good-bye."""
