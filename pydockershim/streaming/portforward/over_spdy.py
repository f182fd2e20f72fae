"""port-forward over SPDY: an error stream and a data stream for each connection.

They belong together by their `requestid` header. (Clients before Kubernetes 1.5 send none: then the
data stream is the next one behind the error stream.)
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydockershim.streaming.portforward.forwards import (
    Ended,
    ForwardEvent,
    Opened,
    Received,
    Reset,
)
from pydockershim.streaming.spdy.connection import (
    SpdyConnection,
    StreamData,
    StreamEnded,
    StreamOpened,
    StreamReset,
)
from pydockershim.streaming.spdy.frames import Status
from pydockershim.streaming.wire import Buffer, PeerLeft

_PORTS = range(1, 65536)
_DECIMAL_DIGITS = 5
_HALVES = {"error", "data"}


@dataclass(slots=True)
class _Pair:
    """A connection whose id is its data stream's."""

    error_stream: int
    client_is_done: bool = False
    pod_is_done: bool = False


@dataclass(slots=True)
class _Half:
    """The first stream of a pair."""

    kind: str
    stream_id: int
    opened_s: float


class SpdyForwards:
    """The connections of one session; `pair_s` is how long a client has for a second stream."""

    def __init__(
        self,
        spdy: SpdyConnection,
        *,
        pair_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outgoing = spdy.outgoing
        self._spdy = spdy
        self._pair_s = pair_s
        self._clock = clock
        self._halves: dict[str, _Half] = {}
        self._pairs: dict[int, _Pair] = {}

    @property
    def is_over(self) -> bool:
        """The client may always open one more."""
        return False

    def feed(self, data: Buffer) -> list[ForwardEvent]:
        """Return what the client's bytes mean; WireError when it breaks the rules."""
        events: list[ForwardEvent] = []
        for event in self._spdy.feed(data):
            match event:
                case StreamData(stream_id, pieces):
                    if stream_id in self._pairs:
                        events.append(Received(stream_id, pieces))
                    else:  # on an error stream, or before there is one
                        self._spdy.reset(stream_id, Status.PROTOCOL_ERROR)
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
        """Send the client bytes from the pod."""
        self._spdy.send(forward_id, payload)

    def finish(self, forward_id: int) -> None:
        """Tell the client that the pod will send nothing more; silence on the error stream: ok."""
        if pair := self._pairs.get(forward_id):
            self._spdy.finish(forward_id)
            self._spdy.finish(pair.error_stream)
            pair.pod_is_done = True
            self._forget_if_over(forward_id, pair)

    def fail(self, forward_id: int, message: str) -> None:
        """Tell the client why there is no connection, and forget it."""
        if pair := self._pairs.pop(forward_id, None):
            self._spdy.send(pair.error_stream, message.encode())
            self._spdy.finish(pair.error_stream)
            self._spdy.reset(forward_id)

    def reset(self, forward_id: int) -> None:
        """Break a connection that was up, as the pod did, and forget it."""
        if pair := self._pairs.pop(forward_id, None):
            self._spdy.reset(forward_id)
            self._spdy.finish(pair.error_stream)

    def drop_stale(self) -> None:
        """Give up first streams whose second one has not come in time."""
        oldest_s = self._clock() - self._pair_s
        stale = [key for key, half in self._halves.items() if half.opened_s <= oldest_s]
        for key in stale:
            half = self._halves.pop(key)
            if half.kind == "error":
                message = f"the data stream of request {key} did not come in time"
                self._spdy.send(half.stream_id, message.encode())
                self._spdy.finish(half.stream_id)
            else:
                self._spdy.reset(half.stream_id)

    def close(self) -> None:
        """Say good-bye."""
        self._spdy.close()

    def _on_opened(self, stream: StreamOpened, events: list[ForwardEvent]) -> None:
        kind, port = stream.headers.get("streamtype", ""), _port(stream.headers.get("port", ""))
        if kind not in _HALVES or port is None:
            self._spdy.reset(stream.stream_id, Status.PROTOCOL_ERROR)
            return
        key = stream.headers.get("requestid") or _implied_request(kind, stream.stream_id)
        first = self._halves.get(key)
        if first is not None and first.kind == kind:
            self._spdy.reset(stream.stream_id, Status.PROTOCOL_ERROR)
            return
        self._spdy.accept(stream.stream_id)
        if first is None:
            self._halves[key] = _Half(kind, stream.stream_id, self._clock())
            return
        del self._halves[key]
        streams = {first.kind: first.stream_id, kind: stream.stream_id}
        self._pairs[streams["data"]] = _Pair(streams["error"])
        events.append(Opened(streams["data"], port))

    def _on_ended(self, stream_id: int, events: list[ForwardEvent]) -> None:
        if pair := self._pairs.get(stream_id):
            events.append(Ended(stream_id))
            pair.client_is_done = True
            self._forget_if_over(stream_id, pair)

    def _on_reset(self, stream_id: int, events: list[ForwardEvent]) -> None:
        if pair := self._pairs.pop(stream_id, None):
            self._spdy.finish(pair.error_stream)
            events.append(Reset(stream_id))
        self._forget_half(stream_id)

    def _forget_half(self, stream_id: int) -> None:
        for key in [key for key, half in self._halves.items() if half.stream_id == stream_id]:
            del self._halves[key]

    def _forget_if_over(self, stream_id: int, pair: _Pair) -> None:
        if pair.client_is_done and pair.pod_is_done:
            del self._pairs[stream_id]


def _port(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DECIMAL_DIGITS):
        return None
    return int(text) if int(text) in _PORTS else None


def _implied_request(kind: str, stream_id: int) -> str:
    return str(stream_id if kind == "error" else stream_id - 2)
