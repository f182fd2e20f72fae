"""Protobuf's wire format, the part that puts stored messages into a response.

A response that holds messages and nothing else is those messages, each behind its tag and length;
so a list of stored items is one join. Only length-delimited fields with numbers below 16.
"""

from collections.abc import Iterable, Iterator

# The approximate limit of each message of a streamed list.
_CHUNK_ITEMS = 100
_CHUNK_BYTES = 1 << 20

_LENGTH_DELIMITED = 2
_MORE = 0x80  # the base of a varint's digits, and the bit that says another one follows


def framed(number: int, message: bytes) -> bytes:
    """Return a serialised message as field `number` of another."""
    return bytes((number << 3 | _LENGTH_DELIMITED,)) + varint(len(message)) + message


def varint_field(number: int, value: int) -> bytes:
    """Return a non-negative integer as field `number`."""
    return bytes((number << 3,)) + varint(value)


def varint(value: int) -> bytes:
    """Return a non-negative integer in base 128, low digits first."""
    digits = bytearray()
    while value >= _MORE:
        digits.append(value % _MORE | _MORE)
        value //= _MORE
    digits.append(value)
    return bytes(digits)


def chunks(framed_items: Iterable[bytes]) -> Iterator[bytes]:
    """Join items into responses of at most 100 items or, one big item aside, 1 MiB each."""
    chunk: list[bytes] = []
    size = 0
    for item in framed_items:
        if chunk and (len(chunk) == _CHUNK_ITEMS or size + len(item) > _CHUNK_BYTES):
            yield b"".join(chunk)
            chunk, size = [], 0
        chunk.append(item)
        size += len(item)
    if chunk:
        yield b"".join(chunk)
