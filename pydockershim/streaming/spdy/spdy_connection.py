"""The server side of a SPDY connection, without I/O.

Owns the stream table: which halves are open. The layer above accepts or resets streams that the
client opens; pings are answered here. `outgoing` collects the bytes to send.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pydockershim.streaming.codec import Buffer, PeerLeft, ProtocolError, ReplyBudget
from pydockershim.streaming.spdy import frames
from pydockershim.streaming.spdy.frames import (
    CloseStatus,
    Data,
    FrameDecoder,
    GoAway,
    Ping,
    RstStream,
    SynStream,
)


class StreamOpened(NamedTuple):
    """The client opens a stream; reply with `accept` or `reset`."""

    stream_id: int
    headers: dict[str, str]


class StreamData(NamedTuple):
    """Payload of a stream; views into the bytes passed to `feed`."""

    stream_id: int
    pieces: list[memoryview]


class StreamEnded(NamedTuple):
    """The client has half-closed the stream; the server may still send."""

    stream_id: int


class StreamReset(NamedTuple):
    """The client has reset the stream."""

    stream_id: int


StreamEvent = StreamOpened | StreamData | StreamEnded | StreamReset | PeerLeft


@dataclass(slots=True)
class _Stream:
    client_open: bool = True
    server_open: bool = True


class SpdyConnection:
    """Decodes events from the client and encodes frames to it."""

    def __init__(
        self,
        *,
        max_control_bytes: int,
        max_streams: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outgoing: list[Buffer] = []
        self._decoder = FrameDecoder(max_control_bytes=max_control_bytes)
        self._max_streams = max_streams
        self._pings = ReplyBudget(clock)
        self._streams: dict[int, _Stream] = {}
        self._last_id = 0
        self._has_replied = False

    def feed(self, data: Buffer) -> list[StreamEvent]:
        """Decode bytes from the client; ProtocolError if they are invalid."""
        events: list[StreamEvent] = []
        for frame in self._decoder.feed(data):
            match frame:
                case Data():
                    self._on_data(frame, events)
                case SynStream():
                    self._on_syn_stream(frame, events)
                case RstStream():
                    if self._streams.pop(frame.stream_id, None):
                        events.append(StreamReset(frame.stream_id))
                case Ping():
                    self._on_ping(frame)
                case GoAway():
                    events.append(PeerLeft())
        return events

    def accept(self, stream_id: int) -> None:
        """Accept a new stream; the client sends nothing on it before."""
        self.outgoing.append(frames.syn_reply(stream_id, first=not self._has_replied))
        self._has_replied = True

    def send(self, stream_id: int, payload: Buffer) -> None:
        """Send less than 16 MiB; dropped if the server has closed its half of the stream."""
        stream = self._streams.get(stream_id)
        if stream and stream.server_open and payload:
            self.outgoing += (frames.data_head(stream_id, len(payload)), payload)

    def finish(self, stream_id: int) -> None:
        """Half-close a stream."""
        stream = self._streams.get(stream_id)
        if stream and stream.server_open:
            self.outgoing.append(frames.data_head(stream_id, 0, fin=True))
            stream.server_open = False
            self._remove_if_closed(stream_id, stream)

    def reset(self, stream_id: int, status: CloseStatus = CloseStatus.CANCEL) -> None:
        """Close both halves of a stream; data that the client still sends on it is dropped."""
        if self._streams.pop(stream_id, None):
            self.outgoing.append(frames.rst_stream(stream_id, status))

    def close(self, status: CloseStatus = CloseStatus.OK) -> None:
        """Queue a GOAWAY."""
        self.outgoing.append(frames.go_away(self._last_id, status))

    def _on_data(self, frame: Data, events: list[StreamEvent]) -> None:
        stream = self._streams.get(frame.stream_id)
        if stream is None or not stream.client_open:
            return
        if frame.pieces:
            events.append(StreamData(frame.stream_id, frame.pieces))
        if frame.fin:
            self._half_close(frame.stream_id, stream, events)

    def _on_syn_stream(self, frame: SynStream, events: list[StreamEvent]) -> None:
        if frame.stream_id % 2 == 0 or frame.stream_id <= self._last_id:
            raise ProtocolError(f"stream {frame.stream_id} after stream {self._last_id}")
        self._last_id = frame.stream_id
        stream = self._streams[frame.stream_id] = _Stream()
        if len(self._streams) > self._max_streams:
            self.reset(frame.stream_id, CloseStatus.REFUSED_STREAM)
            return
        events.append(StreamOpened(frame.stream_id, frame.headers))
        if frame.fin:
            self._half_close(frame.stream_id, stream, events)

    def _on_ping(self, frame: Ping) -> None:
        if frame.ping_id % 2:  # an even ID would reply to a ping of the server, which sends none
            self._pings.spend()
            self.outgoing.append(frames.ping(frame.ping_id))

    def _half_close(self, stream_id: int, stream: _Stream, events: list[StreamEvent]) -> None:
        stream.client_open = False
        self._remove_if_closed(stream_id, stream)
        events.append(StreamEnded(stream_id))

    def _remove_if_closed(self, stream_id: int, stream: _Stream) -> None:
        if not stream.client_open and not stream.server_open:
            del self._streams[stream_id]
