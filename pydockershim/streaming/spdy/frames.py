"""Decodes and encodes SPDY frames; the bytes may be split anywhere.

A control frame is buffered, up to a limit, until it is complete. The payload of a DATA frame is
passed on as it arrives, without copying, so that a large length field costs no memory.
"""

import struct
import zlib
from enum import IntEnum
from typing import NamedTuple

from pydockershim.streaming.codec import Buffer, ProtocolError
from pydockershim.streaming.spdy.dictionary import DICTIONARY


class CloseStatus(IntEnum):
    """Status codes of RST_STREAM and GOAWAY (1 is a protocol error in both)."""

    OK = 0
    PROTOCOL_ERROR = 1
    REFUSED_STREAM = 3
    CANCEL = 5


class SynStream(NamedTuple):
    """The client opens a stream; `fin`: it half-closes the stream at the same time."""

    stream_id: int
    headers: dict[str, str]
    fin: bool


class Data(NamedTuple):
    """Payload of consecutive DATA frames; `fin` half-closes the stream."""

    stream_id: int
    pieces: list[memoryview]
    fin: bool


class RstStream(NamedTuple):
    """The client closes both halves of a stream."""

    stream_id: int


class Ping(NamedTuple):
    """A ping, or the reply to one."""

    ping_id: int


class GoAway(NamedTuple):
    """The peer closes the connection."""


Frame = SynStream | Data | RstStream | Ping | GoAway

_VERSION = 3
_CONTROL = 0x80000000
_CONTROL_BYTE = 0x80
_LENGTH = 0xFFFFFF
_FIN = 0x01
_HEAD = struct.Struct(">LL")
_WORD = struct.Struct(">L")
_NOTHING = memoryview(b"")
_MAX_HEADERS = 64
_STREAM_ID = 0x7FFFFFFF


class _Kind(IntEnum):
    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


_SIZES: dict[int, int] = {
    _Kind.RST_STREAM: 8,
    _Kind.PING: 4,
    _Kind.GOAWAY: 8,
    _Kind.WINDOW_UPDATE: 8,
}
_BLOCK_AT: dict[int, int] = {_Kind.SYN_STREAM: 10, _Kind.SYN_REPLY: 4, _Kind.HEADERS: 4}

# A SYN_REPLY of the server never has headers: a count of zero, in stored deflate blocks (the second
# is the flush), needs no compressor, which would take a quarter of a megabyte.
_STORED_EMPTY_BLOCK = b"\x00\x04\x00\xfb\xff" + bytes(4) + b"\x00\x00\x00\xff\xff"
_ZLIB_HEAD = b"\x78\xf9" + zlib.adler32(DICTIONARY).to_bytes(4, "big")


class FrameDecoder:
    """Buffers an incomplete control frame, and owns the zlib state of the peer's headers."""

    def __init__(self, *, max_control_bytes: int) -> None:
        """`max_control_bytes` limits a control frame, and its header block when inflated."""
        self._max_control_bytes = max_control_bytes
        self._inflater = zlib.decompressobj(zdict=DICTIONARY)
        self._gathered = bytearray()
        self._wanted = _HEAD.size
        self._stream_id = 0
        self._fin = False
        self._missing = 0

    def feed(self, data: Buffer) -> list[Frame]:
        """Return the frames in these bytes; ProtocolError if they are invalid."""
        frames: list[Frame] = []
        view = memoryview(data)
        while view:
            if self._missing:
                payload, view = view[: self._missing], view[self._missing :]
                self._missing -= len(payload)
                self._add_data(payload, frames)
            elif not self._gathered and len(view) >= _HEAD.size and view[0] < _CONTROL_BYTE:
                first, second = _HEAD.unpack_from(view)
                self._begin_data(first, second, frames)
                view = view[_HEAD.size :]
            else:
                view = self._gather(view, frames)
        return frames

    def _gather(self, view: memoryview, frames: list[Frame]) -> memoryview:
        """Consume a frame header, or the rest of a control frame, and return what follows."""
        missing = self._wanted - len(self._gathered)
        self._gathered += view[:missing]
        if len(view) >= missing:
            if self._wanted == _HEAD.size:
                self._begin(frames)
            else:
                self._end_control(frames)
        return view[missing:]

    def _begin(self, frames: list[Frame]) -> None:
        first, second = _HEAD.unpack(self._gathered)
        if not first & _CONTROL:
            self._gathered.clear()
            self._begin_data(first, second, frames)
            return
        length = second & _LENGTH
        if first >> 16 & 0x7FFF != _VERSION:
            raise ProtocolError("frame of another version than SPDY/3")
        if length > self._max_control_bytes:
            raise ProtocolError(f"control frame of {length} bytes exceeds the limit")
        self._wanted += length
        if not length:
            self._end_control(frames)

    def _begin_data(self, first: int, second: int, frames: list[Frame]) -> None:
        self._stream_id, self._missing = first, second & _LENGTH
        self._fin = bool(second >> 24 & _FIN)
        if not self._missing:
            self._add_data(_NOTHING, frames)

    def _add_data(self, payload: memoryview, frames: list[Frame]) -> None:
        """Append payload to the previous data if that belongs to the same stream."""
        fin = self._fin and not self._missing
        last = frames[-1] if frames else None
        if isinstance(last, Data) and last.stream_id == self._stream_id and not last.fin:
            frames.pop()
            pieces = last.pieces
        else:
            pieces = []
        if payload:
            pieces.append(payload)
        frames.append(Data(self._stream_id, pieces, fin))

    def _end_control(self, frames: list[Frame]) -> None:
        first, second = _HEAD.unpack_from(self._gathered)
        body = bytes(self._gathered[_HEAD.size :])
        self._gathered.clear()
        self._wanted = _HEAD.size
        frame = self._control(first & 0xFFFF, second >> 24, body)
        if frame is not None:
            frames.append(frame)

    def _control(self, kind: int, flags: int, body: bytes) -> Frame | None:
        """Parse a control frame; None for a type that is ignored."""
        if kind in _BLOCK_AT:
            return self._with_headers(kind, flags, body)
        if kind == _Kind.SETTINGS:
            return None
        if len(body) != _SIZES.get(kind):
            raise ProtocolError(f"control frame of type {kind} with {len(body)} bytes")
        number = _WORD.unpack_from(body)[0]
        match kind:
            case _Kind.RST_STREAM:
                return RstStream(number & _STREAM_ID)
            case _Kind.PING:
                return Ping(number)
            case _Kind.GOAWAY:
                return GoAway()
        return None

    def _with_headers(self, kind: int, flags: int, body: bytes) -> SynStream | None:
        """Parse the header block, even of ignored frames: all share one zlib stream."""
        if len(body) < _BLOCK_AT[kind]:
            raise ProtocolError(f"control frame of type {kind} with {len(body)} bytes")
        headers = _parse_headers(self._inflate(body[_BLOCK_AT[kind] :]))
        if kind != _Kind.SYN_STREAM:
            return None
        return SynStream(_WORD.unpack_from(body)[0] & _STREAM_ID, headers, bool(flags & _FIN))

    def _inflate(self, block: bytes) -> bytes:
        try:
            inflated = self._inflater.decompress(block, self._max_control_bytes)
        except zlib.error as error:
            raise ProtocolError("header block is not valid zlib data") from error
        if len(inflated) == self._max_control_bytes or self._inflater.eof:
            raise ProtocolError(
                "header block exceeds the limit when inflated, or ends the zlib stream"
            )
        return inflated


def _parse_headers(block: bytes) -> dict[str, str]:
    """Parse `count, (length, name, length, value) ...`."""
    count, rest = _number(block)
    if count > _MAX_HEADERS:
        raise ProtocolError(f"{count} headers exceed the limit of {_MAX_HEADERS}")
    headers: dict[str, str] = {}
    for _ in range(count):
        name, rest = _text(rest)
        value, rest = _text(rest)
        if name in headers or name != name.lower():
            raise ProtocolError("duplicate header, or header name in capitals")
        headers[name] = value
    if rest:
        raise ProtocolError("bytes after the last header")
    return headers


def _number(block: bytes) -> tuple[int, bytes]:
    if len(block) < _WORD.size:
        raise ProtocolError("header block is truncated")
    return _WORD.unpack_from(block)[0], block[_WORD.size :]


def _text(block: bytes) -> tuple[str, bytes]:
    length, rest = _number(block)
    if len(rest) < length:
        raise ProtocolError("header block is truncated")
    return rest[:length].decode("latin-1"), rest[length:]


def data_head(stream_id: int, length: int, *, fin: bool = False) -> bytes:
    """Return the header of a DATA frame with a payload of less than 16 MiB."""
    return _HEAD.pack(stream_id, fin << 24 | length)


def syn_reply(stream_id: int, *, first: bool) -> bytes:
    """Accept a stream; `first` on a connection, it starts the zlib stream of the server."""
    block = _ZLIB_HEAD + _STORED_EMPTY_BLOCK if first else _STORED_EMPTY_BLOCK
    return _control_frame(_Kind.SYN_REPLY, _WORD.pack(stream_id) + block)


def rst_stream(stream_id: int, status: CloseStatus) -> bytes:
    """Close both halves of a stream."""
    return _control_frame(_Kind.RST_STREAM, _HEAD.pack(stream_id, status))


def ping(ping_id: int) -> bytes:
    """Reply to a ping, with the same ID."""
    return _control_frame(_Kind.PING, _WORD.pack(ping_id))


def go_away(last_stream_id: int, status: CloseStatus) -> bytes:
    """Close the connection."""
    return _control_frame(_Kind.GOAWAY, _HEAD.pack(last_stream_id, status))


def _control_frame(kind: int, body: Buffer) -> bytes:
    return _HEAD.pack(_CONTROL | _VERSION << 16 | kind, len(body)) + body
