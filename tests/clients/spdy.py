"""A SPDY/3.1 client: frames in and out, one zlib stream a direction."""

import socket
import struct
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from pydockershim.streaming.spdy.dictionary import DICTIONARY
from tests.clients import http
from tests.clients.intake import Intake

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
REMOTE_COMMAND = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
PORT_FORWARD = ("portforward.k8s.io",)


class Frame(NamedTuple):
    """A frame of the server; `kind` is 0 for DATA."""

    kind: int
    stream: int
    fin: bool
    payload: bytes


def control(kind: int, body: bytes, *, flags: int = 0) -> bytes:
    """Return a control frame's bytes."""
    return struct.pack(">HHL", 0x8003, kind, flags << 24 | len(body)) + body


def data(stream: int, payload: bytes, *, fin: bool = False) -> bytes:
    """Return a DATA frame's bytes."""
    return struct.pack(">LL", stream, fin << 24 | len(payload)) + payload


class HeaderBlocks:
    """The zlib stream of a client's header blocks."""

    def __init__(self) -> None:
        self._deflater = zlib.compressobj(9, zdict=DICTIONARY)

    def block(self, headers: dict[str, str]) -> bytes:
        """Return one header block."""
        return self.deflated(plain_block(headers))

    def deflated(self, plain: bytes) -> bytes:
        """Return any bytes as a block."""
        return self._deflater.compress(plain) + self._deflater.flush(zlib.Z_SYNC_FLUSH)

    def syn_stream(self, stream: int, headers: dict[str, str], *, fin: bool = False) -> bytes:
        """Return a SYN_STREAM's bytes."""
        body = struct.pack(">LLH", stream, 0, 0) + self.block(headers)
        return control(SYN_STREAM, body, flags=int(fin))


def plain_block(headers: dict[str, str]) -> bytes:
    """Return a header block before it is deflated."""
    words = [word.encode() for pair in headers.items() for word in pair]
    lengths_and_words = b"".join(struct.pack(">L", len(word)) + word for word in words)
    return struct.pack(">L", len(headers)) + lengths_and_words


class ByteStream(Protocol):
    """What a client needs of a connection."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""

    def recv(self, size: int, /) -> bytes:
        """Receive some."""

    def shutdown(self, how: int, /) -> None:
        """End a direction."""

    def close(self) -> None:
        """End both."""


class SpdyClient:
    """One connection; `options` are those of `http.connect`."""

    def __init__(
        self,
        url: str,
        *,
        protocols: Sequence[str] = REMOTE_COMMAND,
        method: str = "POST",
        **options: Any,
    ) -> None:
        link = http.connect(url, **options)
        headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "SPDY/3.1"),
            ("Content-Length", "0"),
            *(("X-Stream-Protocol-Version", protocol) for protocol in protocols),
        ]
        self.answer = http.upgrade(link, url, method, headers)
        self._begin(link, self.answer.rest)

    def _begin(self, link: ByteStream, received: bytes = b"") -> None:
        self.link = link
        self.blocks = HeaderBlocks()
        self._inflater = zlib.decompressobj(zdict=DICTIONARY)
        self._intake = Intake(link, received)
        self._next_stream = 1

    @property
    def protocol(self) -> str:
        """The one that the server chose."""
        return self.answer.values("X-Stream-Protocol-Version")[0]

    @property
    def connection(self) -> socket.socket:
        """The connection, unless it is in a tunnel."""
        assert isinstance(self.link, socket.socket)
        return self.link

    def open(self, behind: bytes = b"", /, **headers: str) -> int:
        """Open a stream and return its number once the server has accepted it."""
        stream = self.open_unanswered(behind, **headers)
        frame = self.read()
        assert frame is not None
        assert (frame.kind, frame.stream) == (SYN_REPLY, stream), frame
        return stream

    def open_unanswered(self, behind: bytes = b"", /, **headers: str) -> int:
        """Ask for a stream and return its number; payload `behind` goes in one breath with it."""
        stream = self._next_stream
        self._next_stream += 2
        payload = data(stream, behind) if behind else b""
        self.link.sendall(self.blocks.syn_stream(stream, headers) + payload)
        return stream

    def send(self, stream: int, payload: bytes, *, fin: bool = False) -> None:
        """Send one DATA frame."""
        self.link.sendall(data(stream, payload, fin=fin))

    def finish(self, stream: int) -> None:
        """End our half of a stream."""
        self.send(stream, b"", fin=True)

    def reset(self, stream: int) -> None:
        """Give a stream up."""
        self.link.sendall(control(RST_STREAM, struct.pack(">LL", stream, 5)))

    def ping(self, number: int) -> None:
        """Send a ping."""
        self.link.sendall(control(PING, struct.pack(">L", number)))

    def read(self) -> Frame | None:
        """Return the next frame; None at the end of the connection."""
        start = self._intake.take(8)
        if start is None:
            return None
        first, second = struct.unpack(">LL", start)
        payload = self._intake.take(second & 0xFFFFFF)
        assert payload is not None
        if not first & 0x80000000:
            return Frame(0, first, bool(second >> 24 & 1), payload)
        kind, stream = first & 0xFFFF, struct.unpack_from(">L", payload)[0]
        if kind == SYN_REPLY:
            assert self._inflater.decompress(payload[4:]) == bytes(4), "no headers"
        return Frame(kind, stream, fin=False, payload=payload)

    def close(self) -> None:
        """Leave as client-go does: GOAWAY and gone."""
        try:
            self.link.sendall(control(GOAWAY, bytes(8)))
            self.link.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.link.close()
