"""Converts the entries of Docker's `local` log driver to CRI log lines. No I/O.

- An entry is its length (32 bits, big-endian), a protobuf message (LogEntry) and the length again.
  Unchanged since Docker 18.09 (moby, `daemon/logger/local`); a test checks it on each engine.
- The message: source=1, time_nano=2, line=3, partial=4, partial_log_metadata=5 (last=1). Empty
  fields are left out; others (attrs=6) are ignored.
- The line is without its LF. One over 16 KiB is split into parts, all with the time of the first.
- A CRI line is `<RFC 3339 time> <stdout|stderr> <F|P> <bytes>`; P: the next part continues it.

Nearly all entries are whole lines from about the same time as the one before. A fast path handles
them without parsing the message field by field: a flood costs about a microsecond a line.
"""

import time
from array import array
from collections.abc import Iterator
from struct import Struct
from typing import Any

_LENGTH = Struct(">I")
_FRAME_BYTES = 2 * _LENGTH.size
_SMALLEST = 10  # a message with a source, a time and an empty line
LONGEST_ENTRY = 64 * 1024  # 16 KiB of line, and attributes that we never request
_LARGEST = LONGEST_ENTRY - _FRAME_BYTES

# Length; source and the tag of the time; the 9 bytes of the time; tag and length of the line.
_HEAD = Struct(">I9sHH5sBBB")
_SHORT_LINE, _LONG_LINE = 24, 25  # where a line begins, by the bytes that its length takes
_LINE_TAG = 0x1A
_SOURCES = (b"stdout", b"stderr")
_SOURCE_FIELDS = tuple(b"\n\x06%b" % source for source in _SOURCES)
_ANY_SOURCE = b"\n\x06std"
BEFORE_TIME = _LENGTH.size + len(_SOURCE_FIELDS[0])
_WHOLE = {b"\n\x06%b\x10" % source: b"Z %b F " % source for source in _SOURCES}

# Today's time is a varint of 9 bytes; its upper 5 bytes change 4 times a second.
_TOP_SHIFT, _MIDDLE_SHIFT = 28, 14
_NINE_BYTES_NS = 1 << 56
_MORE, _BOTH_MORE = 0x80, 0x8080  # set in each byte of a varint but the last
_BITS = array("H", ((two >> 8 & 0x7F) | (two & 0x7F) << 7 for two in range(0x10000)))
_NS = 1_000_000_000

# Protobuf wire types and field numbers.
_VARINT, _BYTES = 0, 2
_FIXED_SIZES = {1: 8, 5: 4}
_SOURCE, _TIME, _LINE, _PARTIAL, _METADATA = 1, 2, 3, 4, 5
_LAST = 1


def cri_lines(block: bytes) -> tuple[bytes, int]:
    """Return the CRI lines of the complete entries at the block's start, and their size in bytes.

    0 bytes: the first entry is incomplete or corrupt (`corrupt_bytes`).
    """
    lines: list[bytes] = []
    position, end = 0, len(block)
    second, known_top, base_ns = b"", b"", 0
    padded = block + bytes(_HEAD.size)
    while position + _SMALLEST + _FRAME_BYTES <= end:
        size, source, low, middle, top, tag, count, more = _HEAD.unpack_from(padded, position)
        following = position + _FRAME_BYTES + size
        if following > end:
            break
        if count < _MORE:
            start, length = position + _SHORT_LINE, count
        else:
            start, length = position + _LONG_LINE, count - _MORE | more << 7
        ns = base_ns + _BITS[low] + (_BITS[middle] << _MIDDLE_SHIFT)
        if (
            tag == _LINE_TAG
            and start + length + _LENGTH.size == following
            and top == known_top
            and 0 <= ns < _NS
            and source in _WHOLE
            and low & middle & _BOTH_MORE == _BOTH_MORE
            and block[start + length : following] == block[position : position + _LENGTH.size]
        ):
            line = block[start : start + length]
            lines.append(b"%b%09d%b%b\n" % (second, ns, _WHOLE[source], line))
        else:
            entry = _read(block, position)
            if entry is None:
                break
            time_ns, line = entry
            lines.append(line)
            second, ns = line[: len("2000-01-01T00:00:00.")], time_ns % _NS
            known_top = top if time_ns >= _NINE_BYTES_NS else b""
            base_ns = ns - (time_ns & (1 << _TOP_SHIFT) - 1)
        position = following
    return b"".join(lines), position


def corrupt_bytes(block: bytes, *, growing: bool) -> int:
    """Return how many bytes at the block's start are not part of an entry.

    `growing`: more bytes will follow, so the last entry may be incomplete. A full disk or a power
    failure leaves such bytes behind.
    """
    if not block or _may_be_entry(block, 0, growing=growing):
        return 0
    position = 0
    while (position := block.find(_ANY_SOURCE, position + 1)) >= 0:
        begin = position - _LENGTH.size
        if begin > 0 and _may_be_entry(block, begin, growing=growing):
            return begin
    return max(1, len(block) - BEFORE_TIME) if growing else len(block)


def time_field(time_ns: int) -> bytes:
    """Return a time as an entry encodes it, `BEFORE_TIME` bytes after its start."""
    encoded = bytearray((_TIME << 3 | _VARINT,))
    while time_ns >= _MORE:
        encoded.append(time_ns & _MORE - 1 | _MORE)
        time_ns >>= 7
    encoded.append(time_ns)
    return bytes(encoded)


def cri_time(time_ns: int) -> bytes:
    """Return a time in Docker's format: UTC, with 9 decimal places."""
    second, ns = divmod(time_ns, _NS)
    return b"%b.%09dZ" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode(), ns)


def _may_be_entry(block: bytes, start: int, *, growing: bool) -> bool:
    """Return whether a valid entry begins there, or one that may become valid when it grows."""
    if len(block) - start < _LENGTH.size:
        return growing
    (size,) = _LENGTH.unpack_from(block, start)
    if not _SMALLEST <= size <= _LARGEST:
        return False
    if start + _FRAME_BYTES + size <= len(block):
        return _read(block, start) is not None
    source = block[start + _LENGTH.size :][: len(_SOURCE_FIELDS[0])]
    return growing and any(field.startswith(source) for field in _SOURCE_FIELDS)


def _read(block: bytes, start: int) -> tuple[int, bytes] | None:
    """Return the time (ns) and the CRI line of the entry that begins there; None: invalid."""
    (size,) = _LENGTH.unpack_from(block, start)
    end = start + _LENGTH.size + size
    if block[end : end + _LENGTH.size] != block[start : start + _LENGTH.size]:
        return None
    try:
        fields = dict(_fields(block[start + _LENGTH.size : end]))
        metadata = dict(_fields(fields.get(_METADATA, b"")))
    except (LookupError, TypeError, ValueError):
        return None
    source, time_ns = fields.get(_SOURCE), fields.get(_TIME)
    if source not in _SOURCES or not isinstance(time_ns, int):
        return None
    tag = b"P" if fields.get(_PARTIAL) and not metadata.get(_LAST) else b"F"
    return time_ns, b"%b %b %b %b\n" % (cri_time(time_ns), source, tag, fields.get(_LINE, b""))


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the fields of a protobuf message; those of fixed size as raw bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, position = _varint(message, position)
        else:
            size = _FIXED_SIZES[kind]
        if position + size > len(message):
            raise ValueError
        yield key >> 3, message[position : position + size]
        position += size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while (byte := message[position]) & _MORE:
        value |= (byte & ~_MORE) << shift
        shift += 7
        position += 1
    return value | byte << shift, position + 1
