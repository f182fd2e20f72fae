"""The rules of a SPDY connection, on the server's side, without I/O.

Owns the table of streams: which half of each is open. The layer above accepts or resets a stream
that the client opened; pings are answered here. Bytes to be sent are in `outgoing` after each call.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pydockershim.streaming.spdy import frames
from pydockershim.streaming.spdy.frames import (
    Data,
    FrameDecoder,
    GoAway,
    Ping,
    RstStream,
    Status,
    SynStream,
)
from pydockershim.streaming.wire import Buffer, PeerLeft, ReplyBudget, WireError


class StreamOpened(NamedTuple):
    """The client asks for a stream; answer with `accept` or `reset`."""

    stream_id: int
    headers: dict[str, str]


class StreamData(NamedTuple):
    """Payload of a stream, valid as long as the bytes that were fed."""

    stream_id: int
    pieces: list[memoryview]


class StreamEnded(NamedTuple):
    """The client's half is over; ours may go on."""

    stream_id: int


class StreamReset(NamedTuple):
    """The client gave the stream up, both halves."""

    stream_id: int


StreamEvent = StreamOpened | StreamData | StreamEnded | StreamReset | PeerLeft


@dataclass(slots=True)
class _Stream:
    theirs_open: bool = True
    ours_open: bool = True


class SpdyConnection:
    """One connection: events in, bytes out."""

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
        """Return what the client's bytes mean; WireError when it breaks the rules."""
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
        """Accept a stream that was opened; the client sends nothing on it before."""
        self.outgoing.append(frames.syn_reply(stream_id, first=not self._has_replied))
        self._has_replied = True

    def send(self, stream_id: int, payload: Buffer) -> None:
        """Send less than 16 MiB; dropped when our half of the stream is over."""
        stream = self._streams.get(stream_id)
        if stream and stream.ours_open and payload:
            self.outgoing += (frames.data_head(stream_id, len(payload)), payload)

    def finish(self, stream_id: int) -> None:
        """End our half of a stream."""
        stream = self._streams.get(stream_id)
        if stream and stream.ours_open:
            self.outgoing.append(frames.data_head(stream_id, 0, fin=True))
            stream.ours_open = False
            self._forget_if_over(stream_id, stream)

    def reset(self, stream_id: int, status: Status = Status.CANCEL) -> None:
        """End both halves of a stream; what the client still sends on it is dropped."""
        if self._streams.pop(stream_id, None):
            self.outgoing.append(frames.rst_stream(stream_id, status))

    def close(self, status: Status = Status.OK) -> None:
        """Say good-bye."""
        self.outgoing.append(frames.go_away(self._last_id, status))

    def _on_data(self, frame: Data, events: list[StreamEvent]) -> None:
        stream = self._streams.get(frame.stream_id)
        if stream is None or not stream.theirs_open:
            return
        if frame.pieces:
            events.append(StreamData(frame.stream_id, frame.pieces))
        if frame.fin:
            self._end_theirs(frame.stream_id, stream, events)

    def _on_syn_stream(self, frame: SynStream, events: list[StreamEvent]) -> None:
        if frame.stream_id % 2 == 0 or frame.stream_id <= self._last_id:
            raise WireError(f"stream {frame.stream_id} after stream {self._last_id}")
        self._last_id = frame.stream_id
        stream = self._streams[frame.stream_id] = _Stream()
        if len(self._streams) > self._max_streams:
            self.reset(frame.stream_id, Status.REFUSED_STREAM)
            return
        events.append(StreamOpened(frame.stream_id, frame.headers))
        if frame.fin:
            self._end_theirs(frame.stream_id, stream, events)

    def _on_ping(self, frame: Ping) -> None:
        if frame.ping_id % 2:  # an even one would answer a ping of ours, and we send none
            self._pings.spend()
            self.outgoing.append(frames.ping(frame.ping_id))

    def _end_theirs(self, stream_id: int, stream: _Stream, events: list[StreamEvent]) -> None:
        stream.theirs_open = False
        self._forget_if_over(stream_id, stream)
        events.append(StreamEnded(stream_id))

    def _forget_if_over(self, stream_id: int, stream: _Stream) -> None:
        if not stream.theirs_open and not stream.ours_open:
            del self._streams[stream_id]
