"""Converts Docker's log stream, with timestamps, to CRI log lines. No I/O.

- Without a TTY each message is a frame: stream number, three zeros, length (32 bits, big-endian),
  then timestamp (30 characters), a space and the bytes. With a TTY there is no frame header.
- The bytes end with LF when the message ends a line. A line over 16 KiB is split into messages of
  that size, all with the timestamp of the first.
- COMPAT(dockerd 20.10, `local`): the last message of a long line has lost its LF (`loses_lf`).
"""

import re
from collections.abc import Iterator
from struct import Struct

from pydockershim.errors import Unavailable

_HEAD = Struct(">BxxxL")
_STREAMS = {1: b"stdout", 2: b"stderr"}
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")
_STAMP_BYTES = len("2000-01-01T00:00:00.000000000Z ")
_PART_BYTES = 16 * 1024


class MessageReader:
    """Takes the stream in pieces of any size and returns CRI lines as they become complete."""

    def __init__(self, *, tty: bool, loses_lf: bool) -> None:
        self._split = self._split_raw if tty else self._split_frames
        self._loses_lf = loses_lf
        self._rest = b""

    def feed(self, block: bytes) -> list[bytes]:
        """Return the CRI lines that these bytes complete; Unavailable if they are not a log."""
        self._rest += block
        return [self._cri_line(stream, message) for stream, message in self._split()]

    def end(self) -> list[bytes]:
        """Return the CRI line of an unterminated last line, which only a TTY's stream can have."""
        rest, self._rest = self._rest, b""
        return [self._cri_line(b"stdout", rest)] if _STAMP.match(rest) else []

    def _split_frames(self) -> Iterator[tuple[bytes, bytes]]:
        block, position = self._rest, 0
        while position + _HEAD.size <= len(block):
            number, size = _HEAD.unpack_from(block, position)
            end = position + _HEAD.size + size
            if end > len(block):
                break
            message = block[position + _HEAD.size : end]
            if number not in _STREAMS or not _STAMP.match(message):
                raise Unavailable(f"unexpected message in Docker's log stream: {message[:200]!r}")
            yield _STREAMS[number], message
            position = end
        self._rest = block[position:]

    def _split_raw(self) -> Iterator[tuple[bytes, bytes]]:
        block, position = self._rest, 0
        shortest = _STAMP_BYTES + (0 if self._loses_lf else _PART_BYTES)
        while (end := block.find(b"\n", position) + 1) or len(block) > position + shortest:
            # A part has no LF: the next timestamp follows it directly.
            following = _STAMP.search(block, position + shortest, end or len(block))
            end = following.start() if following else end
            if not end:
                break
            yield b"stdout", block[position:end]
            position = end
        self._rest = block[position:]

    def _cri_line(self, stream: bytes, message: bytes) -> bytes:
        time, text = message[: _STAMP_BYTES - 1], message[_STAMP_BYTES:]
        is_whole = text.endswith(b"\n") or (self._loses_lf and len(text) < _PART_BYTES)
        tag = b"F" if is_whole else b"P"
        return b"%b %b %b %b\n" % (time, stream, tag, text.removesuffix(b"\n"))
