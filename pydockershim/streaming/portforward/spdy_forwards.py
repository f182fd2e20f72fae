"""port-forward over SPDY: an error stream and a data stream for each connection.

Their `requestid` headers are equal. (Clients before Kubernetes 1.5 send none: then the data stream
is the next one after the error stream.)
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydockershim.streaming.codec import Buffer, PeerLeft
from pydockershim.streaming.portforward.forward_codec import (
    ForwardData,
    ForwardEnded,
    ForwardEvent,
    ForwardOpened,
    ForwardReset,
)
from pydockershim.streaming.spdy.frames import CloseStatus
from pydockershim.streaming.spdy.spdy_connection import (
    SpdyConnection,
    StreamData,
    StreamEnded,
    StreamOpened,
    StreamReset,
)

_PORTS = range(1, 65536)
_DECIMAL_DIGITS = 5
_HALVES = {"error", "data"}


@dataclass(slots=True, kw_only=True)
class _Pair:
    """A connection; its ID is that of its data stream."""

    error_stream: int
    client_eof: bool = False
    pod_eof: bool = False


@dataclass(slots=True, kw_only=True)
class _Half:
    """The first stream of a pair, until the second one is opened."""

    kind: str
    stream_id: int
    opened_s: float


class SpdyForwards:
    """The connections of one session; `second_stream_s` is the timeout for a second stream."""

    def __init__(
        self,
        *,
        spdy: SpdyConnection,
        second_stream_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outgoing = spdy.outgoing
        self._spdy = spdy
        self._second_stream_s = second_stream_s
        self._clock = clock
        self._halves: dict[str, _Half] = {}
        self._pairs: dict[int, _Pair] = {}

    @property
    def is_over(self) -> bool:
        """The client may always open another connection."""
        return False

    def feed(self, data: Buffer) -> list[ForwardEvent]:
        """Decode bytes from the client; ProtocolError if they are invalid."""
        events: list[ForwardEvent] = []
        for event in self._spdy.feed(data):
            match event:
                case StreamData(stream_id, pieces):
                    if stream_id in self._pairs:
                        events.append(ForwardData(stream_id, pieces))
                    else:  # on an error stream, or before it is opened
                        self._spdy.reset(stream_id, CloseStatus.PROTOCOL_ERROR)
                        self._forget_half(stream_id)
                case StreamEnded(stream_id):
                    self._on_ended(stream_id, events)
                case StreamReset(stream_id):
                    self._on_reset(stream_id, events)
                case StreamOpened():
                    self._on_opened(event, events)
                case PeerLeft():
                    events.append(event)
        return events

    def send(self, forward_id: int, payload: Buffer) -> None:
        """Send bytes from the pod to the client."""
        self._spdy.send(forward_id, payload)

    def finish(self, forward_id: int) -> None:
        """Send EOF: the pod has half-closed. An empty error stream means success."""
        if pair := self._pairs.get(forward_id):
            self._spdy.finish(forward_id)
            self._spdy.finish(pair.error_stream)
            pair.pod_eof = True
            self._forget_if_over(forward_id, pair)

    def fail(self, forward_id: int, message: str) -> None:
        """Report why the connection failed, and remove it."""
        if pair := self._pairs.pop(forward_id, None):
            self._spdy.send(pair.error_stream, message.encode())
            self._spdy.finish(pair.error_stream)
            self._spdy.reset(forward_id)

    def reset(self, forward_id: int) -> None:
        """Reset an established connection, as the pod did, and remove it."""
        if pair := self._pairs.pop(forward_id, None):
            self._spdy.reset(forward_id)
            self._spdy.finish(pair.error_stream)

    def drop_stale(self) -> None:
        """Reset first streams whose second one was not opened in time."""
        oldest_s = self._clock() - self._second_stream_s
        stale = [key for key, half in self._halves.items() if half.opened_s <= oldest_s]
        for key in stale:
            half = self._halves.pop(key)
            if half.kind == "error":
                message = f"timeout: the data stream of request {key} was not opened"
                self._spdy.send(half.stream_id, message.encode())
                self._spdy.finish(half.stream_id)
            else:
                self._spdy.reset(half.stream_id)

    def close(self) -> None:
        """Queue the message that closes the session."""
        self._spdy.close()

    def _on_opened(self, stream: StreamOpened, events: list[ForwardEvent]) -> None:
        kind, port = stream.headers.get("streamtype", ""), _port(stream.headers.get("port", ""))
        if kind not in _HALVES or port is None:
            self._spdy.reset(stream.stream_id, CloseStatus.PROTOCOL_ERROR)
            return
        key = stream.headers.get("requestid") or _implied_request(kind, stream.stream_id)
        first = self._halves.get(key)
        if first is not None and first.kind == kind:
            self._spdy.reset(stream.stream_id, CloseStatus.PROTOCOL_ERROR)
            return
        self._spdy.accept(stream.stream_id)
        if first is None:
            self._halves[key] = _Half(kind=kind, stream_id=stream.stream_id, opened_s=self._clock())
            return
        del self._halves[key]
        streams = {first.kind: first.stream_id, kind: stream.stream_id}
        self._pairs[streams["data"]] = _Pair(error_stream=streams["error"])
        events.append(ForwardOpened(streams["data"], port))

    def _on_ended(self, stream_id: int, events: list[ForwardEvent]) -> None:
        if pair := self._pairs.get(stream_id):
            events.append(ForwardEnded(stream_id))
            pair.client_eof = True
            self._forget_if_over(stream_id, pair)

    def _on_reset(self, stream_id: int, events: list[ForwardEvent]) -> None:
        if pair := self._pairs.pop(stream_id, None):
            self._spdy.finish(pair.error_stream)
            events.append(ForwardReset(stream_id))
        self._forget_half(stream_id)

    def _forget_half(self, stream_id: int) -> None:
        for key in [key for key, half in self._halves.items() if half.stream_id == stream_id]:
            del self._halves[key]

    def _forget_if_over(self, stream_id: int, pair: _Pair) -> None:
        if pair.client_eof and pair.pod_eof:
            del self._pairs[stream_id]


def _port(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DECIMAL_DIGITS):
        return None
    return int(text) if int(text) in _PORTS else None


def _implied_request(kind: str, stream_id: int) -> str:
    return str(stream_id if kind == "error" else stream_id - 2)
