"""Forwarded connections between a client and a pod, independent of the framing."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pydockershim.streaming.codec import Buffer, PeerLeft


class ForwardOpened(NamedTuple):
    """The client requests a connection to a port of the pod."""

    forward_id: int
    port: int


class ForwardData(NamedTuple):
    """Bytes for the pod; views into the bytes passed to `feed`."""

    forward_id: int
    pieces: Sequence[Buffer]


class ForwardEnded(NamedTuple):
    """The client has half-closed the connection; it may still read."""

    forward_id: int


class ForwardReset(NamedTuple):
    """The client has reset the connection."""

    forward_id: int


ForwardEvent = ForwardOpened | ForwardData | ForwardEnded | ForwardReset | PeerLeft


class ForwardCodec(Protocol):
    """The codec of one session; `outgoing` collects the bytes to send."""

    outgoing: list[Buffer]

    @property
    def is_over(self) -> bool:
        """Whether all connections have ended and none can follow."""

    def feed(self, data: Buffer) -> list[ForwardEvent]:
        """Decode bytes from the client; ProtocolError if they are invalid."""

    def send(self, forward_id: int, payload: Buffer) -> None:
        """Send bytes from the pod to the client."""

    def finish(self, forward_id: int) -> None:
        """Send EOF: the pod has half-closed the connection."""

    def fail(self, forward_id: int, message: str) -> None:
        """Report why the connection failed, and remove it."""

    def reset(self, forward_id: int) -> None:
        """Reset an established connection, as the pod did, and remove it.

        COMPAT(kubectl): without an error message, for which kubectl would end the whole session.
        """

    def drop_stale(self) -> None:
        """Reset streams of connections that the client has not opened completely in time."""

    def close(self) -> None:
        """Queue the message that closes the session."""
