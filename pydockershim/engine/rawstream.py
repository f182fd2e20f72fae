"""Docker's multiplexed stream: stdout and stderr of a process without a TTY on one connection.

Each frame is a header of 8 bytes (the stream's number, three zeros, the length as a 32-bit number,
big-endian) and its payload. No I/O; the bytes may be fed in any pieces. (Engine API, "Attach to a
container", stream format.)
"""

import struct
from enum import IntEnum

from pydockershim.errors import Unavailable

_HEADER = struct.Struct(">BxxxL")


class StreamName(IntEnum):
    """Which stream a piece belongs to."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    SYSTEM = 3  # an error of the engine, sent in the middle of a stream


class Demultiplexer:
    """The state of one stream between two pieces."""

    def __init__(self) -> None:
        self._header = b""
        self._stream = StreamName.STDOUT
        self._missing = 0

    @property
    def is_between_frames(self) -> bool:
        """Whether the stream may end here; elsewhere it would be truncated."""
        return not self._missing and not self._header

    def feed(self, data: bytes | bytearray | memoryview) -> list[tuple[StreamName, memoryview]]:
        """Return the payload in these bytes, in order; a frame may arrive in several pieces.

        They are views of `data`, not copies. Unavailable when the bytes are not such a stream.
        """
        pieces = []
        view = memoryview(data)
        while view:
            if self._missing:
                piece, view = view[: self._missing], view[self._missing :]
                self._missing -= len(piece)
                pieces.append((self._stream, piece))
            else:
                view = self._take_header(view)
        return pieces

    def _take_header(self, view: memoryview) -> memoryview:
        wanted = _HEADER.size - len(self._header)
        self._header += view[:wanted]
        if len(self._header) == _HEADER.size:
            number, self._missing = _HEADER.unpack(self._header)
            if number > StreamName.SYSTEM:
                raise Unavailable(f"the engine sent a frame of the unknown stream {number}")
            self._stream = StreamName(number)
            self._header = b""
        return view[wanted:]
